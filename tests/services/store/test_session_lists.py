"""Which sessions a list shows, in which order, how many there are; the pages of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection

from services.bus.events import Author, Message
from services.store import Database, bots, chats, handling, labels, session_lists
from services.store.session_lists import Counts, Shown

ME, EVA = Author(id="me", name="Yo"), Author(id="eva", name="Eva")


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


class Chats:
    """One of each kind of chat for a bot, by name."""

    def __init__(self, connection: Connection, bot: str) -> None:
        self.connection = connection
        self.bot = bot
        self.ids: dict[str, str] = {}
        for number, name in enumerate(
            ("bots", "mine", "evas", "waits", "waits longer", "phones", "my resolved", "my snoozed")
        ):
            message = Message(id=name, content="hola")
            recorded = chats.record(
                connection, bot, message, 10.0 + number, contact=name, alt_contact=None
            )
            assert recorded is not None
            self.ids[name] = recorded.session_id
        for name in ("mine", "my resolved", "my snoozed"):
            self.put(name, handling.taken(ME, 30.0))
        self.put("evas", handling.taken(EVA, 30.0))
        self.put("waits", handling.hand_over(40.0))
        self.put("waits longer", handling.hand_over(30.0))
        self.put("phones", handling.person_wrote(None, 50.0))
        self.put("my resolved", handling.RESOLVED | {"labels": ["vip", "envíos"]})
        self.put("my snoozed", handling.snoozed(None) | {"unread": 0})
        self.put("bots", handling.SEEN | {"labels": ["vip"]})

    def put(self, name: str, columns: handling.Columns) -> None:
        row = chats.get(self.connection, self.ids[name])
        _, changed = chats.change(self.connection, row, columns)
        assert changed

    def named(self, rows: Any) -> list[str]:
        names = {session_id: name for name, session_id in self.ids.items()}
        return [names[row.id] for row in rows]

    def shown(self, **wanted: Any) -> list[str]:
        shown = Shown(me="me", **wanted)
        return self.named(session_lists.page(self.connection, [self.bot], shown, limit=50))


def test_a_view_shows_its_sessions_newest_first(connection: Connection) -> None:
    of, other = Chats(connection, "b1"), Chats(connection, "b2")
    everything = list(of.ids)[::-1]
    assert of.shown() == everything
    assert of.shown(view="mine") == ["mine"]
    assert of.shown(view="unassigned") == ["waits longer", "waits"]
    assert of.shown(view="bot") == ["bots"]
    assert of.shown(unread=True) == ["my resolved", "waits longer", "waits", "evas", "mine"]
    assert of.shown(state="resolved") == ["my resolved"]
    assert of.shown(view="mine", state="snoozed") == ["my snoozed"]
    assert of.shown(view="bot", state="resolved") == []
    assert of.shown(label="vip") == ["my resolved", "bots"]
    assert of.shown(label="vip", view="bot", state="open") == ["bots"]
    assert of.shown(label="nobody's") == []
    both = session_lists.page(connection, ["b1", "b2"], Shown(view="mine", me="me"), limit=9)
    assert [row.id for row in both] == [other.ids["mine"], of.ids["mine"]]
    counts = Counts(unread=5, unread_messages=5, mine=1, unassigned=2, bot=1, all=8)
    assert session_lists.counts(connection, ["b1"], "me") == counts
    assert session_lists.counts(connection, ["b1", "b2"], "eva").mine == 2
    assert session_lists.counts(connection, ["b1", "b2"], "me").unassigned == 4
    assert [(row.label, row.sessions) for row in labels.counted(connection, ["b1", "b2"])] == [
        ("vip", 4),
        ("envíos", 2),
    ]
    of.put("bots", {"labels": []})
    assert of.shown(label="vip") == ["my resolved"]


def test_who_waits_longest_comes_first_and_pages_go_on_where_they_ended(
    connection: Connection,
) -> None:
    of = Chats(connection, "b1")
    # Whom a person has waits too, from the message on that nobody answered.
    message = Message(id="M", content="¿y?")
    chats.record(connection, "b1", message, 30.0, contact="mine", alt_contact=None)
    waiting = session_lists.waiting(connection, ["b1"], Shown(), limit=9)
    assert of.named(waiting)[2:] == ["waits"]
    assert set(of.named(waiting)[:2]) == {"waits longer", "mine"}
    after = None
    for row in waiting:
        [next_row] = session_lists.waiting(connection, ["b1"], Shown(), after=after, limit=1)
        assert next_row.id == row.id
        after = (row.waiting_since, row.id)
    assert session_lists.waiting(connection, ["b1"], Shown(), after=after, limit=1) == []
    only = session_lists.waiting(connection, ["b1"], Shown(view="unassigned"), limit=9)
    assert of.named(only) == ["waits longer", "waits"]
