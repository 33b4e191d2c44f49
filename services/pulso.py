"""The composition root: every part of the server is made here, opened and closed."""

import asyncio
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager

from tornado.httputil import HTTPServerConnectionDelegate

from services import choices
from services.access.operators import Operators
from services.access.tokens import Tokens
from services.bots.bots import Bots
from services.bots.connections import Connections
from services.bus import history_file
from services.bus.idempotency import IdempotencyKeys
from services.bus.publisher import LocalPublisher, Publisher
from services.chats.answering import Answering
from services.chats.attachments import Attachments
from services.chats.contacts import Contacts
from services.chats.conversations import Conversations
from services.chats.discarding import discard
from services.chats.due import Due
from services.chats.fetching import Fetching
from services.chats.figures import Figures
from services.chats.inbox import Inbox
from services.chats.media import Media
from services.chats.outbox import Outbox
from services.chats.replies import Replies
from services.chats.snapshots import Snapshots
from services.config import Settings
from services.errors import CannotStart
from services.server import data_dir
from services.server.in_flight import InFlight
from services.server.listening import Listener, Server
from services.server.metrics import Metrics
from services.server.readiness import Readiness
from services.store import mark
from services.store.starting import cannot_start
from services.streams.everywhere import Everywhere
from services.streams.registry import Streams
from services.tasks import Tasks
from services.whatsapp.intake import Intake

VERSION = "0.1.0"
# A request's headers may take so long, and what is between two requests.
IDLE_SECONDS = 75
BODY_SECONDS = 30
# How long an answer may wait for a client that takes nothing of it.
STALLED_ANSWER_SECONDS = 30

# How long a shutdown waits for answers that are under way.
ANSWER_SECONDS = 2.0
# What each step of it has in any case, however late it is.
LEAST_SECONDS = 0.2

log = logging.getLogger("pulso")

MakeApplication = Callable[["Pulso"], HTTPServerConnectionDelegate]


class Pulso:
    """The running server, for the length of an ``async with``. Made without a loop.

    ``make_application`` gives what answers requests, from the parts made here.
    """

    def __init__(self, settings: Settings, make_application: MakeApplication) -> None:
        self.settings = settings
        self.metrics = Metrics(VERSION)
        remote = self.remote = choices.make_remote(settings, self.metrics)
        self.bus = remote.bus if remote else choices.make_bus(settings, self.metrics)
        self.media_store = choices.make_media_store(settings)
        self.keys = IdempotencyKeys(settings.history_seconds)
        self.publisher: Publisher = (
            remote.publisher if remote else LocalPublisher(self.bus, self.keys)
        )
        self.streams = Streams(
            self.bus,
            heartbeat=settings.heartbeat_seconds,
            retry_ms=settings.retry_ms,
            write_timeout=settings.write_timeout_seconds,
            max_streams=settings.max_streams,
            max_per_user=settings.max_streams_per_user,
            max_age=settings.max_stream_age_seconds,
            join=remote.feed.join if remote else None,
            count_elsewhere=lambda sub: self.everywhere.count(sub),
            recount=lambda sub: self.everywhere.recount(sub),
            # There is another process to come back to at once.
            come_back_ms=(1000, 2000) if remote else (1000, 5000),
        )
        self.everywhere = Everywhere(self.streams)
        self.metrics.watch(self.bus, self.streams)
        with cannot_start():
            self.ledger = ledger = choices.make_ledger(settings, self.bus, remote)
        self.tokens = Tokens(settings.jwt_secret, require_exp=settings.jwt_require_exp)
        self.operators = Operators(
            ledger,
            self.tokens,
            session_seconds=settings.session_seconds,
            on_change=lambda: self.streams.recheck(self.operators.still),
            announce=self._announce_rights if settings.several_processes else None,
            failures=remote.failures if remote else None,
        )
        self.readiness = Readiness(self.bus, self.streams, ledger.answers)
        self.intake = Intake()
        self.gateway = choices.make_gateway(settings, ledger)
        self.phone = choices.make_phone(self.gateway)
        self.alone = Bots(ledger, self.gateway, self.intake.feed)
        self.several = several = choices.make_several(settings, ledger, self.gateway, self.intake)
        self.bots = several.bots if several else self.alone
        # Which bots run in this process: all of them, or those that it holds.
        here = several.holding if several else self.alone
        if several and self.phone:
            self.phone = several.reach
        self.attachments = Attachments(ledger, self.media_store)
        self.outbox = outbox = Outbox(
            ledger, self.gateway, here, self.attachments, several.reach if several else None
        )
        fetching = Fetching(ledger, self.gateway, self.media_store, here.is_connected)
        self.media = Media(ledger, self.media_store, fetching)
        self.answering = answering = Answering(
            ledger,
            self.gateway,
            outbox,
            here,
            choices.make_engine(settings),
            burst=settings.burst_seconds,
            speed=settings.simulator_speed,
        )
        self.inbox = Inbox(ledger, outbox, answering, self.attachments, self.operators.get)
        self.conversations = Conversations(
            ledger,
            outbox,
            answering,
            fetching,
            here.exists,
            catch_up=settings.catch_up_minutes * 60,
        )
        self.due = Due(ledger, settings.human_minutes * 60)
        self.connections = Connections(ledger, here.records, here.keep, self.conversations.resume)
        self.snapshots = Snapshots(ledger)
        self.contacts, self.replies = Contacts(ledger), Replies(ledger)
        self.figures = Figures(ledger)
        self.in_flight = InFlight()
        self.server = Server(
            make_application(self),
            xheaders=True,
            idle_connection_timeout=IDLE_SECONDS,
            body_timeout=BODY_SECONDS,
            max_header_size=65_536,
            max_body_size=1_048_576,
            trusted_downstream=list(settings.trusted_proxies),
        )
        self.server.trusted_proxies = frozenset(settings.trusted_proxies)
        self.listener: Listener | None = None
        # Of the first operator, where it was made just now by us.
        self.first_password: str | None = None
        self._opened = AsyncExitStack()
        self._limit: float | None = None

    async def __aenter__(self) -> "Pulso":
        """Take what serving needs, one after the other; the last step accepts connections.

        CannotStart where one can't be had; those before it are then let go again.
        """
        async with AsyncExitStack() as opened:
            await self._open(opened)
            self._opened = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let everything go, last taken first. Bounded by ``PULSO_DRAIN_SECONDS``."""
        await self._opened.aclose()

    @property
    def address(self) -> str:
        """Where it listens, once it does."""
        assert self.listener is not None
        host = self.settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.listener.port}"

    async def _open(self, opened: AsyncExitStack) -> None:
        settings = self.settings
        opened.enter_context(data_dir.locked(settings.data_dir))
        # Before anything is changed: a busy port must cost nothing.
        self.listener = listener = _bound(self.server, settings)
        opened.callback(listener.close)
        if settings.several_processes:
            # It stays the same over a restart, as a target of Prometheus does.
            self.metrics.process = f"{socket.gethostname()}:{listener.port}"
        await self.media_store.open()
        # Before the store, so that it is saved after it: its last changes are events too.
        restore = opened.enter_context(self._saved_history())
        if self.remote is not None:
            opened.push_async_callback(self.remote.close)
            await self.remote.open()
        opened.push_async_callback(self.ledger.close)
        with cannot_start():
            await self.ledger.open()
            restore(await self.ledger.read(mark.read))
        with cannot_start():
            await self._open_operators(opened)
        self.streams.start()
        opened.callback(self.streams.stop)
        self.intake.open({**self.connections.takers, **self.conversations.takers})
        several = self.several
        await self.gateway.open(several.holding.feed if several else self.intake.feed)
        opened.push_async_callback(self._close_intake)
        opened.push_async_callback(self._in_time, self.gateway.close)
        opened.push_async_callback(self._in_time, self.conversations.close)
        if several:
            opened.push_async_callback(several.close)
            await several.open(self.outbox, self.answering)
            opened.push_async_callback(self.everywhere.close)
            several.share(self.operators, self.everywhere)
        else:
            with cannot_start():
                await self.alone.open()
        self.due.start()
        opened.push_async_callback(self.due.close)
        removing = Tasks()
        removing.start(discard(self.ledger, self.media_store), "Removing files")
        opened.push_async_callback(removing.close)
        listener.start()
        opened.push_async_callback(self._let_clients_go)
        if several:
            # First of all: the others can have the bots while the clients still go.
            opened.push_async_callback(self._in_time, several.holding.hand_over)

    @contextmanager
    def _saved_history(self) -> Iterator[Callable[[str], None]]:
        """What restores the history; it is saved at the end where that was done."""
        path = self.settings.data_dir / history_file.NAME
        restored = False

        def restore(mark: str) -> None:
            nonlocal restored
            if self.remote is not None:
                return  # Redis keeps it
            restored = True
            history_file.restore(path, self.bus, self.keys, mark)

        try:
            yield restore
        finally:
            if restored:
                self.bus.close()
                history_file.save(path, self.bus, self.keys, self.ledger.mark)

    async def _open_operators(self, opened: AsyncExitStack) -> None:
        given = self.settings.admin_password
        password = given or secrets.token_urlsafe(12)
        opened.callback(self.operators.close)
        if await self.operators.open(password) and not given:
            self.first_password = password

    def _announce_rights(self) -> None:
        assert self.several is not None
        self.several.announce_rights()

    async def _let_clients_go(self) -> None:
        await self.streams.drain(self._left())
        assert self.listener is not None
        self.listener.close()
        await self.in_flight.settle(min(ANSWER_SECONDS, self._left() / 2))
        await self.server.close_all_connections()

    async def _close_intake(self) -> None:
        await self.intake.close(self._left())

    async def _in_time(self, close: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(self._left()):
                await close()
        except TimeoutError:
            log.warning("%s was not over in time", close.__qualname__)

    def _left(self) -> float:
        """Seconds that are left of ``PULSO_DRAIN_SECONDS``, counted from the first call on."""
        now = asyncio.get_running_loop().time()
        if self._limit is None:
            self._limit = now + self.settings.drain_seconds
        return max(LEAST_SECONDS, self._limit - now)


def _bound(server: Server, settings: Settings) -> Listener:
    host, port = settings.host, settings.port
    try:
        return Listener(server, host, port, dead_after=STALLED_ANSWER_SECONDS)
    except OSError as error:
        raise CannotStart(f"{host}:{port}: {error.strerror}") from None
