"""A store with a past: chats and messages put straight into the tables, as if years had gone by."""

import random
from pathlib import Path

from bench.floor import connect, insert_of, message_row

WORDS = (
    "hola pedido gracias envio horario precio tienda manana factura cambio talla color azul rojo"
    " entrega domicilio tarjeta efectivo promocion descuento urgente direccion telefono correo"
    " producto disponible garantia devolucion sucursal cliente"
)
BEGAN = 1_600_000_000.0


def contact(number: int) -> str:
    return f"52155{number:08}@s.whatsapp.net"


def fill(path: Path, bots: list[str], chats: int, messages: int) -> list[str]:
    """So many chats, spread over the bots, and messages, spread over the chats; the chats' ids.

    The names are ``cliente 17``; every text ends with a number of its own, ``folio 123456``.
    """
    chance, words = random.Random(7), WORDS.split()
    connection = connect(str(path))
    ids = [f"chat-{number}" for number in range(chats)]
    connection.execute("BEGIN IMMEDIATE")
    rows: list[dict[str, object]] = [
        {
            "id": ids[number],
            "bot_id": bots[number % len(bots)],
            "contact": contact(number),
            "alt_contact": None,
            "name": f"cliente {number}",
            "folded": f"cliente {number}\n52155{number:08}",
            "mode": "bot",
            "unread": 0,
            "created_at": BEGAN + number,
            "last_seq": 0,
        }
        for number in range(chats)
    ]
    connection.executemany(insert_of(connection, "sessions", rows[0]), rows)
    insert = insert_of(connection, "messages", message_row("", "", 0, ""))
    connection.executemany(
        insert,
        (
            message_row(
                bots[number % chats % len(bots)],
                ids[number % chats],
                number,
                f"{' '.join(chance.choices(words, k=12))} folio {number:06}",
            )
            for number in range(messages)
        ),
    )
    connection.execute(
        "UPDATE sessions SET last_seq ="
        " (SELECT coalesce(max(seq), 0) FROM messages WHERE session_id = sessions.id)"
    )
    connection.execute("COMMIT")
    connection.close()
    return ids
