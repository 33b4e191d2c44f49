"""Changes that wait are committed together: one transaction, one fsync.

A change is a plain function, run to its end; it may be run twice, and then leaves no trace of the
first time. One that fails undoes only itself. Passing trouble
of the store undoes the whole group, so that whoever tries again does so in the same order.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from services.bus.events import Event
from services.errors import Unavailable
from services.store import mark
from services.store.database import UNAVAILABLE, Database, is_passing

log = logging.getLogger(__name__)

# Enough that fsync is a small part; few enough that a reader's wait stays some 30 ms.
GROUP = 64


class Change:
    """A transaction under way, with what follows from it once it is committed."""

    __slots__ = ("callbacks", "connection", "events")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events: list[Event] = []
        self.callbacks: list[Callable[[], None]] = []

    def publish(self, *events: Event) -> None:
        """Publish these once the change is committed, in the order of the calls."""
        self.events.extend(events)

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call this on the loop between the commit and the events: what is kept in memory."""
        self.callbacks.append(callback)

    def committed(self) -> None:
        """On the loop, after the commit: make the calls that were asked for."""
        for callback in self.callbacks:
            try:
                callback()
            except Exception:
                log.exception("A callback of a committed change failed")


class Attempt:
    """One change that somebody waits for: its function, then its result or its error."""

    __slots__ = ("change", "error", "function", "result")

    def __init__(self, function: Callable[[Change], Any]) -> None:
        self.function = function
        self.change: Change | None = None
        self.result: Any = None
        self.error: Exception | None = None


class Waiting(Attempt):
    """An attempt whose caller waits on the loop, ``since`` a time of the loop's."""

    __slots__ = ("future", "since")

    def __init__(
        self, function: Callable[[Change], Any], future: asyncio.Future[Any], since: float
    ) -> None:
        super().__init__(function)
        self.future = future
        self.since = since


def resolve(waiting: Waiting) -> None:
    """Give the caller its result or its error."""
    if waiting.future.done():  # its caller was cancelled
        return
    if waiting.error is None:
        waiting.future.set_result(waiting.result)
    else:
        waiting.future.set_exception(waiting.error)


def commit(database: Database, group: Sequence[Attempt], gate: Callable[[], None]) -> bool:
    """Run and commit these; each then has its result or its error. False: out of reach.

    ``gate`` is called right before the commit, where there is something to commit.
    """
    try:
        with database.writing() as connection:
            if run(connection, group):
                mark.advance(connection)
                gate()
                connection.commit()
    except Unavailable as trouble:
        fail(group, trouble)
        return False
    except Exception as error:
        for attempt in group:
            attempt.error = error
    return True


def run(connection: Connection, group: Sequence[Attempt]) -> bool:
    """Run these one after the other. False where every one has failed.

    All of them at first, as if none failed: savepoints are a third of what a message costs on
    PostgreSQL. Where one does fail, once more, each in a savepoint.
    """
    if len(group) > 1:
        _execute(connection, "SAVEPOINT everything")
    for attempt in group:
        _run(attempt, connection)
        if attempt.error is not None and len(group) > 1:
            _execute(connection, "ROLLBACK TO SAVEPOINT everything")
            _run_apart(connection, group)
            break
    return any(attempt.error is None for attempt in group)


def _run_apart(connection: Connection, group: Sequence[Attempt]) -> None:
    for attempt in group:
        _execute(connection, "SAVEPOINT change")
        _run(attempt, connection)
        if attempt.error is not None:
            _execute(connection, "ROLLBACK TO SAVEPOINT change")
        _execute(connection, "RELEASE SAVEPOINT change")


def fail(group: Sequence[Attempt], trouble: Unavailable) -> None:
    """The store is out of reach for all of these."""
    for attempt in group:
        attempt.error = Unavailable(UNAVAILABLE)
        attempt.error.__cause__ = trouble.__cause__


def _run(attempt: Attempt, connection: Connection) -> None:
    attempt.change = change = Change(connection)
    attempt.error = None
    try:
        attempt.result = attempt.function(change)
    except Exception as error:
        if isinstance(error, DBAPIError) and is_passing(error):
            raise
        attempt.error = error


def _execute(connection: Connection, statement: str) -> None:
    # Past SQLAlchemy: it would make these two cost as much as a statement that does work.
    driver: Any = connection.connection.driver_connection
    driver.execute(statement)
