"""Who holds which bot, on PostgreSQL: taken, renewed, run out, given back, shared out."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from services.store import bot_states, bots, leases
from services.store.database import Database
from services.store.leases import Leases, share
from tests.postgresql import PostgreSQL

T = TypeVar("T")
SECONDS = 30.0


class Processes:
    """Several processes on one store with ``bots`` bots: what one of them does with its leases."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = Database(url)
        self.database.open()
        self._all: dict[str, Leases] = {}

    def add_bots(self, count: int) -> None:
        with self.database.writing() as connection:
            for n in range(count):
                bots.add(connection, f"b{n}", "Tienda", float(n))
            connection.commit()

    def do(self, me: str, function: Callable[[Connection], T]) -> T:
        if me not in self._all:
            self._all[me] = Leases(self.url, me)
        return asyncio.run(self._all[me].do(function))

    def renew(self, me: str, *mine: str, seconds: float = SECONDS) -> set[str]:
        return self.do(me, lambda connection: leases.renew(connection, me, mine, seconds))

    def room(self, me: str) -> int:
        return self.do(me, lambda connection: leases.room(connection, me))

    def take(self, me: str, *mine: str, count: int = 9, seconds: float = SECONDS) -> dict[str, int]:
        self.room(me)  # makes the rows of new bots
        return self.do(me, lambda connection: leases.take(connection, me, mine, count, seconds))

    def close(self) -> None:
        for one in self._all.values():
            asyncio.run(one.close())
        self.database.close()


@pytest.fixture
def processes(shared_postgresql: PostgreSQL) -> Iterator[Processes]:
    made = Processes(shared_postgresql.empty())
    yield made
    made.close()


@pytest.mark.parametrize(
    ("held", "total", "shares"),
    [
        ({"a": 0}, 3, [3]),
        ({"a": 3, "b": 0}, 3, [2, 1]),
        ({"a": 0, "b": 3}, 3, [1, 2]),
        ({"a": 2, "b": 2, "c": 0}, 4, [2, 1, 1]),
        ({"a": 0, "b": 0, "c": 0}, 2, [1, 1, 0]),
        ({}, 2, []),
    ],
)
def test_bots_are_shared_evenly_and_what_is_over_stays_where_it_is(
    held: dict[str, int], total: int, shares: list[int]
) -> None:
    assert [share(held, name, total) for name in held] == shares
    assert share(held, "somebody who is not there", total) == 0


def test_a_bot_has_one_holder_and_each_new_one_has_a_higher_fence(processes: Processes) -> None:
    processes.add_bots(3)
    processes.renew("a")
    assert processes.room("a") == 3
    assert processes.take("a", count=2) == {"b0": 1, "b1": 1}
    processes.renew("b")
    assert (processes.room("a"), processes.room("b")) == (0, 1)
    assert processes.take("b") == {"b2": 1}, "only what nobody holds"
    assert processes.renew("a", "b0", "b1", "b2") == {"b0", "b1"}
    processes.do("a", lambda connection: leases.give_back(connection, "a", ["b0", "b2"]))
    assert processes.take("b", "b2") == {"b0": 2}
    # Of what it has and does not know of, a process makes sure before it begins.
    assert processes.take("a") == {"b1": 2}
    processes.do("b", lambda connection: leases.leave(connection, "b"))
    assert processes.room("a") == 2
    assert processes.take("a", "b1") == {"b0": 3, "b2": 2}


def test_a_lease_that_ran_out_is_not_renewed_but_taken(processes: Processes) -> None:
    processes.add_bots(1)
    processes.renew("a", seconds=-1)
    processes.take("a", seconds=-1)
    processes.renew("b")
    assert processes.room("b") == 1, "who ran out is no longer counted"
    assert processes.renew("a", "b0") == set()
    assert processes.do("b", lambda connection: leases.next_end(connection, "b")) is None
    assert processes.take("b") == {"b0": 2}
    ends_in = processes.do("a", lambda connection: leases.next_end(connection, "a"))
    assert ends_in is not None and SECONDS - 5 < ends_in <= SECONDS


def test_a_lock_of_somebody_else_s_transaction_makes_nobody_wait(processes: Processes) -> None:
    processes.add_bots(2)
    processes.renew("a")
    with processes.database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO leases VALUES ('b0', NULL, 5, 0), ('b1', NULL, 5, 0)"
        )
        connection.commit()
        connection.begin()
        connection.exec_driver_sql("SELECT 1 FROM leases WHERE bot_id = 'b0' FOR UPDATE").close()
        assert processes.take("a") == {"b1": 6}
    assert processes.take("a", "b1") == {"b0": 6}


def test_a_holder_of_yesterday_writes_nothing(processes: Processes) -> None:
    processes.add_bots(1)
    processes.renew("a")
    processes.take("a")

    def shown(connection: Connection) -> Any:
        row = bot_states.one(connection, "b0")
        return row.state, row.answered, row.is_held, row.is_current

    def claim(connection: Connection) -> None:
        bot_states.claim(connection, "b0", 1, {"status": "connecting"})

    assert processes.do("a", shown) == (None, 0, True, None)
    processes.do("a", claim)
    assert processes.do("a", lambda c: bot_states.save(c, "b0", 1, {"status": "connected"}))
    assert processes.do("a", lambda c: bot_states.answer(c, "b0", 1, 4))
    assert processes.do("a", shown) == ({"status": "connected"}, 4, True, True)
    processes.do("a", lambda connection: leases.leave(connection, "a"))
    processes.renew("b")
    processes.take("b")
    assert processes.do("b", shown)[2:] == (True, False), "what is shown is of the one before"
    processes.do("b", lambda c: bot_states.claim(c, "b0", 2, {"status": "qr"}))
    processes.do("a", claim)
    assert not processes.do("a", lambda c: bot_states.save(c, "b0", 1, {"status": "failed"}))
    assert not processes.do("a", lambda c: bot_states.answer(c, "b0", 1, 9))
    assert not processes.do("a", lambda c: bot_states.lock(c, "b0", 1))
    assert processes.do("b", lambda c: bot_states.lock(c, "b0", 2))
    assert processes.do("b", shown) == ({"status": "qr"}, 4, True, True)
