"""What a search finds, in which order, and on which page."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from services.bus.events import Message
from services.store import Database, bots, chats, search, session_lists
from services.store.search import Hit, fold, fold_contact
from services.store.session_lists import Shown


@pytest.fixture
def connection(store_url: str) -> Iterator[Connection]:
    """A store with two bots, in a transaction of the test's own."""
    database = Database(store_url)
    database.open()
    with database.writing() as connection:
        for bot in ("b1", "b2"):
            bots.add(connection, bot, bot, 1.0)
        yield connection
    database.close()


def write(
    connection: Connection, contact: str, text: str, *, name: str | None = None, bot: str = "b1"
) -> str:
    """A message of this contact; its session."""
    message = Message(id=f"{time.monotonic_ns()}", content=text, push_name=name)
    recorded = chats.record(
        connection, bot, message, time.time(), contact=f"{contact}@s.whatsapp.net", alt_contact=None
    )
    assert recorded is not None
    return recorded.session_id


def found(
    connection: Connection, query: str, *, limit: int = 50, bots: tuple[str, ...] = ("b1", "b2")
) -> list[str]:
    """The sessions of every page, in order."""
    ids: list[str] = []
    before = None
    while True:
        hits, before = search.search(connection, bots, query, before=before, limit=limit)
        assert len(hits) <= limit
        ids += [hit.session_id for hit in hits]
        if before is None:
            return ids


@pytest.mark.parametrize(
    ("stored", "query"),
    [
        ("ÁNGEL", "angel"),
        ("ángel", "ANGEL"),
        ("SEÑOR Muñoz", "senor mun"),
        ("José", "José"),  # composed, and with a combining accent
        ("Straße", "strasse"),
        ("100% seguro", "100% s"),
        ("a_b", "a_b"),
        ('dijo "sí"', '"si"'),
        ("back\\slash", "k\\s"),
        ("dos\n  líneas", "dos lineas"),
        ("mi número es +34 600-111-222", "600 111"),
        ("mi número es +34 600-111-222", "+34600"),
        ("(011) 4555.0000", "01145550000"),
        ("¿Cuánto?", "¿cuanto?"),
        ("sí", "sí"),
        ("😀 hola", "😀 h"),
    ],
)
def test_case_accents_and_the_ways_to_write_a_number_do_not_matter(
    connection: Connection, stored: str, query: str
) -> None:
    by_text = write(connection, "1", stored)
    by_name = write(connection, "2", "x", name=stored)
    write(connection, "3", "nothing of it", name="Nobody")
    assert set(found(connection, query)) == {by_text, by_name}


@pytest.mark.parametrize("query", ["_", "%", "a_c", "1%0", "\\", "zzz", "xyz OR hola", "hol*"])
def test_what_means_something_in_a_pattern_is_plain_text(
    connection: Connection, query: str
) -> None:
    write(connection, "1", "abc 100 hola", name="Ana")
    assert found(connection, query) == []


@pytest.mark.parametrize("query", ["34600111222", "+34 600 111 222", "600-111", "111222"])
def test_a_number_is_found_however_it_is_written(connection: Connection, query: str) -> None:
    session = write(connection, "34600111222", "hola")
    assert found(connection, query) == [session]


def test_the_address_behind_the_number_is_not_searched() -> None:
    assert fold_contact("Ana", "34600@s.whatsapp.net", "77@lid") == "ana\n34600\n77"
    assert fold(None, "") == ""


def test_a_hit_names_the_newest_message_it_is_in(connection: Connection) -> None:
    session = write(connection, "1", "pedido uno")
    write(connection, "1", "pedido dos")
    write(connection, "1", "otra cosa")
    [hit], more = search.search(connection, ["b1"], "pedido", before=None, limit=5)
    assert (hit, more) == (Hit(session, 2, 2), None)


def test_a_name_has_no_message(connection: Connection) -> None:
    session = write(connection, "1", "hola", name="Luz")
    [hit], _ = search.search(connection, ["b1"], "luz", before=None, limit=5)
    assert hit == Hit(session, 1, None)


def test_a_new_name_is_found_and_the_old_one_is_not(connection: Connection) -> None:
    session = write(connection, "1", "hola", name="Luz")
    write(connection, "1", "hola", name="Estrella")
    assert found(connection, "luz") == []
    assert found(connection, "estrella") == [session]


def test_only_the_bots_that_were_asked_for_are_searched(connection: Connection) -> None:
    session = write(connection, "1", "pedido", bot="b1")
    write(connection, "1", "pedido", bot="b2", name="pedido")
    assert found(connection, "pedido", bots=("b1",)) == [session]


def test_what_a_removed_bot_held_is_found_no_more(connection: Connection) -> None:
    write(connection, "1", "pedido", bot="b2")
    bots.remove(connection, "b2")
    assert found(connection, "pedido") == []
    # The index has forgotten it too: its number may be given to another message.
    session = write(connection, "9", "otra cosa")
    assert found(connection, "pedido") == []
    assert found(connection, "otra cosa") == [session]


@pytest.mark.parametrize("query", ["pedido", "pe"])
@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_pages_hold_every_hit_once_newest_hit_first(
    connection: Connection, query: str, limit: int
) -> None:
    ranks: dict[str, int] = {}
    for n in range(30):
        contact = f"{n % 9}"
        name = "Pedidos SA" if n % 9 in (2, 5) else f"N{n % 9}"
        text = "mi pedido" if n % 3 else "hola"
        session = write(connection, contact, text, name=name)
        if "pedido" in text or name == "Pedidos SA":
            ranks[session] = n
    assert found(connection, query, limit=limit) == sorted(ranks, key=lambda s: -ranks[s])


def test_a_word_that_is_everywhere_costs_a_bounded_look(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {name: statement.limit(10) for name, statement in search._TEXTS.items()}
    monkeypatch.setattr(search, "_TEXTS", texts)
    monkeypatch.setattr(search, "MOST_HITS", 10)
    old = write(connection, "1", "pedido")
    named = write(connection, "8", "hola", name="Pedido")
    for _ in range(25):
        busy = write(connection, "2", "otro pedido")
    first, more = search.search(connection, ["b1", "b2"], "pedido", before=None, limit=5)
    assert [hit.session_id for hit in first] == [busy]
    assert more is not None
    assert found(connection, "pedido", limit=5) == [busy, named, old]


def test_what_is_too_short_for_the_index_is_looked_for_stretch_by_stretch(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "STRETCH", 10)
    old = write(connection, "1", "sí")
    for _ in range(25):
        write(connection, "2", "no")
    new = write(connection, "3", "sí")
    first, more = search.search(connection, ["b1"], "sí", before=None, limit=5)
    assert [hit.session_id for hit in first] == [new]
    assert more is not None
    assert found(connection, "sí") == [new, old]


def test_sessions_come_in_the_order_of_their_hits(connection: Connection) -> None:
    one, two = write(connection, "1", "pedido"), write(connection, "2", "pedido")
    hits, _ = search.search(connection, ["b1"], "pedido", before=None, limit=5)
    assert [row.id for row in session_lists.found(connection, ["b1"], Shown(), hits)] == [two, one]
