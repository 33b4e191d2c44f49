"""A day of a shop with three bots, straight into the store: what the pictures of the pages show."""

import io
import secrets
import sqlite3
import struct
import time
import wave
import zlib
from pathlib import Path
from typing import Any

import httpx
import msgspec
from sqlalchemy import create_engine, insert, select, update

from services.store.schema import messages, operators, sessions
from services.store.search import fold
from tests.browser.server import Server
from tests.browser.test_media import chunk

MINUTE = 60.0
PEOPLE = {"laura": "laura.gomez", "andres": "andres.perez"}
A_PASSWORD = "correct horse battery staple"


class Chat(msgspec.Struct, frozen=True):
    """``lines`` are oldest first, the last of them ``ago`` minutes old, ``apart`` minutes apart.

    Each begins with who says it: ``c`` the customer, ``b`` the bot, ``p`` the bot's phone, or an
    operator. ``has`` is the operator who has it, ``waits`` the minutes it has waited for one.
    """

    bot: str
    name: str
    number: str
    ago: float
    lines: list[tuple[str, str]]
    has: str | None = None
    waits: float | None = None
    unread: int = 0
    labels: tuple[str, ...] = ()
    state: str = "open"
    apart: float = 2.0


_MORE = (
    *("Marta Vidal", "Hugo Serrano", "Inés Prieto", "Pablo Cano", "Elena Gil", "Rosa Marín"),
    *("Álvaro Ibáñez", "Chloe Bennett", "Noah Fletcher", "Irene Lozano", "Jorge Peña"),
    *("Paula Reyes", "Daniel Soto", "Alba Crespo"),
)
_ENDINGS = (
    *("Perfecto, muchas gracias", "¿Y hacéis envíos a Canarias?", "Ok, lo miro y te digo"),
    *("Thanks, bye!", "Vale, gracias por la información", "¿Se puede pagar a plazos?", "Genial"),
)


def _day() -> list[Chat]:
    return msgspec.json.decode(Path(__file__).with_name("day.json").read_bytes(), type=list[Chat])


def _more() -> list[Chat]:
    chats = []
    for at, name in enumerate(_MORE):
        said = [
            ("c", "Hola, buenas"),
            ("b", "Hola. ¿En qué te ayudo?"),
            ("c", _ENDINGS[at % len(_ENDINGS)]),
            ("b", "¡De nada! ¿Algo más?"),
        ]
        chats.append(Chat("Ventas", name, f"346200{at:05}", 340 + 95 * at, said))
    return chats


def prepare(server: Server) -> dict[str, str]:
    """Fill a server's store with the day, and start it again; each bot's id by its name."""
    server.start()
    bots = {name: server.linked_bot(name) for name in ("Ventas", "Soporte", "Reservas")}
    for username in PEOPLE.values():
        server.post("/api/operators", username=username, password=A_PASSWORD, bots="*", admin=False)
    chats = [*_day(), *_more()]
    for chat in chats:
        body = {"from": chat.number, "text": chat.lines[0][1]}
        if chat.name:
            body["name"] = chat.name
        server.post(f"/api/simulator/bots/{bots[chat.bot]}/message", **body)
    wanted = len(chats)
    server.until(lambda: _count(server, list(bots.values())) == wanted)
    server.stop()
    _rewrite(server.data_dir, bots, chats)
    server.start()
    for name in ("Ventas", "Soporte"):
        server.until(lambda name=name: server.status(bots[name]) == "connected")
    server.post(f"/api/bots/{bots['Reservas']}/disconnect")
    _go_on(server, bots["Ventas"])
    return bots


LUCIA = {"from": "34633445566", "name": "Lucía Fernández"}


def _go_on(server: Server, bot_id: str) -> None:
    """What is sent now: a photo, a voice note, and an answer that quotes."""
    path = f"/api/simulator/bots/{bot_id}/message"
    photo = ("foto.png", picture(320, 200), "image/png")
    data = {**LUCIA, "text": "La quiero de este color", "id": "PHOTO", "width": 320, "height": 200}
    server.api.post(path, data=data, files={"file": photo}).raise_for_status()
    voice = ("voz.wav", silence(7), "audio/wav")
    data = {**LUCIA, "voice": "true", "seconds": 7}
    server.api.post(path, data=data, files={"file": voice}).raise_for_status()
    found = server.get("/api/sessions", botId=bot_id, q="Lucía")["sessions"][0]["id"]
    with httpx.Client(base_url=server.url) as laura:
        login = {"username": PEOPLE["laura"], "password": A_PASSWORD}
        laura.post("/api/auth/login", json=login).raise_for_status()
        answer = {"content": "Ese crema es el de la *Aroma 3*, sí 👌", "quoted": "PHOTO"}
        laura.post(f"/api/sessions/{found}/messages", json=answer).raise_for_status()


def picture(width: int, height: int) -> bytes:
    """A PNG of a warm gradient."""
    rows = b"".join(
        b"\0" + bytes(v for x in range(width) for v in (235 - y // 4, 214 - y // 3, 180 - x // 8))
        for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, body)
        for kind, body in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def silence(seconds: int) -> bytes:
    """A WAV in which nothing is heard."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8_000)
        sound.writeframes(b"\x80" * 8_000 * seconds)
    return made.getvalue()


def _count(server: Server, bot_ids: list[str]) -> int:
    answer = server.api.get("/api/sessions", params={"botId": bot_ids, "limit": 200}).json()
    return len(answer["sessions"])


def _rewrite(data_dir: Path, bots: dict[str, str], chats: list[Chat]) -> None:
    file = next(
        path for path in data_dir.iterdir() if path.suffix in (".db", ".sqlite", ".sqlite3")
    )
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(file))
    now = time.time()
    with engine.begin() as connection:
        people = {row.username: row.id for row in connection.execute(select(operators))}
        connection.execute(messages.delete())
        # Oldest first: a message's place in the store is its place in the list.
        placed = sorted(chats, key=lambda one: -one.ago)
        for chat in placed:
            found = connection.execute(
                select(sessions.c.id).where(
                    sessions.c.bot_id == bots[chat.bot], sessions.c.contact.like(f"{chat.number}%")
                )
            ).scalar_one()
            seq = 0
            for at, (who, text) in enumerate(chat.lines):
                stamp = now - MINUTE * (chat.ago + chat.apart * (len(chat.lines) - 1 - at))
                row = _row(found, bots[chat.bot], who, text, stamp, people)
                seq = connection.execute(
                    insert(messages).returning(messages.c.seq), row
                ).scalar_one()
            values = _standing(chat, now, people) | {
                "last_seq": seq,
                "unread": chat.unread,
                "created_at": now - MINUTE * 600,
            }
            known = {name: value for name, value in values.items() if name in sessions.c}
            connection.execute(update(sessions).where(sessions.c.id == found).values(**known))
    engine.dispose()


def _row(
    session_id: str, bot_id: str, who: str, text: str, stamp: float, people: dict[str, str]
) -> dict[str, Any]:
    from_me = who != "c"
    operator = PEOPLE.get(who)
    origin = {"b": "bot", "p": "phone"}.get(who, "operator") if from_me else None
    return {
        "session_id": session_id,
        "id": secrets.token_hex(8).upper(),
        "bot_id": bot_id,
        "content": text,
        "folded": fold(text),
        "from_me": from_me,
        "timestamp": stamp,
        "type": "text",
        "ack": "read" if from_me else None,
        "origin": origin,
        "author_id": people[operator] if operator else None,
        "author_name": operator,
    }


def _standing(chat: Chat, now: float, people: dict[str, str]) -> dict[str, Any]:
    holder = PEOPLE[chat.has] if chat.has else None
    return {
        "mode": "human" if chat.has or chat.waits else "bot",
        "assignee_id": people[holder] if holder else None,
        "assignee_name": holder,
        "state": chat.state,
        "labels": list(chat.labels),
        "waiting_since": now - MINUTE * chat.waits if chat.waits else None,
        "person_at": now if chat.has else None,
    }
