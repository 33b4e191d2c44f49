"""Changes of one bot on their way, where several processes share the store.

The bot's lock is held from before the first statement until the events are published: changes of
one bot, and their events, are in one order over all processes. The events are committed with the
changes, as rows of ``unpublished``. Everything here runs on a writer's thread.
"""

import time
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from services.errors import Unavailable
from services.store import bot_locks, unpublished
from services.store.database import Database, passing_trouble
from services.store.group_commit import Attempt, fail, run
from services.store.schema import sessions
from services.store.unpublished import Rows

# What belongs to no bot: operators, canned replies. No bot's changes wait for it.
NO_BOT = ""

_BOT_OF = select(sessions.c.bot_id).where(sessions.c.id == bindparam("session_id"))


class Holding:
    """A connection that holds locks of bots. Never two calls at once; ``release`` is the last."""

    def __init__(self, database: Database, store: str) -> None:
        self._database = database
        self._store = store
        self._connection: Connection | None = None
        self._bots: set[str] = set()
        # When the locks were surely held, of ``time.monotonic``.
        self.held_at = 0.0

    def try_lock(self, bot_id: str) -> bool:
        """Whether the bot's lock is held now. Unavailable."""
        with passing_trouble():
            connection = self._connection = self._database.connect()
            self.held_at = time.monotonic()
            self._bots.add(bot_id)
            with connection.begin():
                return bot_locks.try_lock(connection, bot_id)

    def oldest(self, published: int) -> Rows:
        """The next rows of these bots, once those up to ``published`` are removed. Unavailable."""
        assert self._connection is not None
        self.held_at = time.monotonic()
        with passing_trouble(), self._connection.begin():
            if published:
                unpublished.remove(self._connection, self._bots, published)
            return unpublished.oldest(self._connection, self._store, self._bots)

    def release(self, published: int) -> None:
        """Let the locks go; the rows up to ``published`` are done with."""
        if self._connection is None:
            return
        try:
            bot_locks.unlock(self._connection, self._bots, published)
        except SQLAlchemyError:
            # Its end lets them go as well; what is not removed is published once more, as before.
            self._connection.invalidate()
        self._connection.close()


class Batch(Holding):
    """Changes that are committed together: of one bot, of one session, or of no bot's."""

    def __init__(
        self,
        database: Database,
        store: str,
        process: str,
        group: Sequence[Attempt],
        *,
        bot: str | None,
        session: str | None,
    ) -> None:
        super().__init__(database, store)
        self._process = process
        self._group = group
        # Known from the commit on where it is a session's; None: of no bot.
        self.bot = bot
        self._session = session
        # The events of these changes; None: there are none.
        self.added: Rows | None = None

    def commit(self) -> bool:
        """Run and commit; each then has its result or its error. False: out of reach."""
        try:
            with passing_trouble():
                self._commit()
        except Unavailable as trouble:
            self.added = None
            fail(self._group, trouble)
            return False
        except Exception as error:
            self.added = None
            for attempt in self._group:
                attempt.error = error
        return True

    def _commit(self) -> None:
        connection = self._connection = self._database.connect()
        connection.begin()
        if self.bot is None and self._session is not None:
            self.bot = connection.execute(
                _BOT_OF, {"session_id": self._session}
            ).scalar_one_or_none()
        bot = NO_BOT if self.bot is None else self.bot
        bot_locks.lock(connection, bot)
        if not run(connection, self._group):
            return
        done = [one.change for one in self._group if one.error is None and one.change is not None]
        if events := [event for change in done for event in change.events]:
            self._bots = {event.bot_id for event in events}
            # Of a change that did not say whose it is. Only such a one waits while it holds a
            # lock, so that no two wait for each other but over their rows.
            for other in sorted(self._bots - {bot}):
                bot_locks.lock(connection, other)
            self.added = unpublished.add(connection, self._store, self._process, events)
        self.held_at = time.monotonic()
        connection.commit()
