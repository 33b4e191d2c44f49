"""The composition root: every part of the server is made here, opened and closed."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

from tornado.httputil import HTTPServerConnectionDelegate

from services.access.operators import Operators
from services.access.tokens import Tokens
from services.assistant.engine import AIEngine, SilentEngine
from services.assistant.openai import OpenAIEngine
from services.assistant.scripted import ScriptedEngine
from services.bots.bots import Bots
from services.bus import history_file
from services.bus.event_bus import EventBus
from services.bus.idempotency import IdempotencyKeys
from services.chats.answering import Answering
from services.chats.conversations import Conversations
from services.chats.outbox import Outbox
from services.config import Settings
from services.server.in_flight import InFlight
from services.server.listening import Listener, Server
from services.server.metrics import Metrics
from services.server.readiness import Readiness
from services.store import Database
from services.store.ledger import Ledger
from services.streams.registry import Streams
from services.whatsapp.baileys.gateway import BaileysGateway
from services.whatsapp.gateway import Gateway
from services.whatsapp.intake import Intake
from services.whatsapp.simulated.gateway import SimulatedGateway

VERSION = "0.1.0"
# A request's headers may take so long, and what is between two requests.
IDLE_SECONDS = 75
BODY_SECONDS = 30
# How long an answer may wait for a client that takes nothing of it.
STALLED_ANSWER_SECONDS = 30

# How long a shutdown waits for answers that are under way.
ANSWER_SECONDS = 2.0

MakeApplication = Callable[["Pulso"], HTTPServerConnectionDelegate]


class Pulso:
    """The running server. Made without a loop; ``open``, ``listen``, ``close`` need one.

    ``make_application`` gives what answers requests, from the parts made here.
    """

    def __init__(self, settings: Settings, make_application: MakeApplication) -> None:
        self.settings = settings
        self.database = Database(settings.database_url)
        self.metrics = Metrics(VERSION)
        self.bus = EventBus(
            history_events=settings.history_events,
            history_seconds=settings.history_seconds,
            history_bytes=settings.history_bytes,
            coalesce_ms=settings.coalesce_ms,
            backlog=(settings.backlog_events, settings.backlog_bytes),
            observe=self.metrics.observe,
        )
        self.keys = IdempotencyKeys(settings.history_seconds)
        self.streams = Streams(
            self.bus,
            heartbeat=settings.heartbeat_seconds,
            write_timeout=settings.write_timeout_seconds,
            max_streams=settings.max_streams,
            max_per_user=settings.max_streams_per_user,
            max_age=settings.max_stream_age_seconds,
        )
        self.metrics.watch(self.bus, self.streams)
        self.tokens = Tokens(settings.jwt_secret, require_exp=settings.jwt_require_exp)
        self.operators = Operators(
            self.database,
            self.tokens,
            session_seconds=settings.session_seconds,
            on_change=lambda: self.streams.recheck(self.operators.still),
        )
        self.readiness = Readiness(self.bus, self.database, self.streams)
        self.ledger = ledger = Ledger(self.database, self.bus)
        self.intake = Intake()
        self.gateway = make_gateway(settings)
        self.bots = Bots(ledger, self.gateway, self.intake.feed)
        outbox = Outbox(ledger, self.gateway, self.bots.is_connected)
        answering = Answering(
            ledger, self.gateway, outbox, make_engine(settings), settings.simulator_speed
        )
        self.conversations = Conversations(
            ledger, self.gateway, outbox, answering, self.bots.exists
        )
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

    async def open(self) -> str | None:
        """Get ready to serve. The first operator's password where it was made just now."""
        await self.database.open()
        history_file.restore(self.history_path, self.bus, self.keys)
        password = self.settings.admin_password or secrets.token_urlsafe(12)
        made = await self.operators.open(password)
        self.streams.start()
        self.intake.open(self.bots.take, self.conversations.take)
        await self.gateway.open(self.intake.feed)
        await self.bots.open()
        return password if made else None

    def listen(self) -> str:
        """Begin to accept; the address."""
        host = self.settings.host
        self.listener = Listener(
            self.server, host, self.settings.port, dead_after=STALLED_ANSWER_SECONDS
        )
        self.listener.start()
        return f"http://{f'[{host}]' if ':' in host else host}:{self.listener.port}"

    async def close(self) -> None:
        """Let every stream go, then everything else. Bounded by ``PULSO_DRAIN_SECONDS``."""
        loop = asyncio.get_running_loop()
        limit = loop.time() + self.settings.drain_seconds
        await self.streams.drain(self.settings.drain_seconds)
        if self.listener is not None:
            self.listener.close()
        await self.in_flight.settle(min(ANSWER_SECONDS, (limit - loop.time()) / 2))
        await self.server.close_all_connections()
        await self.conversations.close()
        await self.gateway.close()
        await self.intake.close()
        self.streams.stop()
        self.bus.close()
        history_file.save(self.history_path, self.bus, self.keys)
        await self.database.close()

    @property
    def history_path(self) -> Path:
        return self.settings.data_dir / history_file.NAME


def make_gateway(settings: Settings) -> Gateway:
    """The way to WhatsApp that ``PULSO_WHATSAPP`` names."""
    folder = settings.data_dir / "whatsapp"
    if settings.whatsapp == "baileys":
        return BaileysGateway(settings.data_dir, settings.baileys_url or None)
    return SimulatedGateway(folder, settings.simulator_speed)


def make_engine(settings: Settings) -> AIEngine:
    """What answers customers, as ``PULSO_AI`` says."""
    if settings.ai == "openai":
        return OpenAIEngine(settings.ai_base_url, settings.ai_model, settings.ai_api_key)
    return SilentEngine() if settings.ai == "off" else ScriptedEngine()
