"""Pulso's entry point and composition root: every part is made here, and only here."""

import argparse
import asyncio
import gc
import logging
import os
import secrets
import signal
import sys
import warnings
from pathlib import Path
from typing import Any, Literal

import jwt
import msgspec
from dotenv import dotenv_values
from tornado.web import Application

from handlers.auth import LoginHandler, LogoutHandler, MeHandler, RefreshHandler
from handlers.base import NotFoundHandler, short_log
from handlers.bots import BotCommandHandler, BotHandler, BotsHandler, BotStatusHandler
from handlers.events import EventsHandler, RenewHandler
from handlers.health import HealthHandler, MetricsHandler, ReadyHandler
from handlers.media import MediaHandler
from handlers.operators import OperatorHandler, OperatorsHandler
from handlers.pages import routes as page_routes
from handlers.sessions import MessagesHandler, ReadHandler, SessionHandler, SessionsHandler
from handlers.simulator import SimulatorHandler
from handlers.stream import StreamHandler
from handlers.streams import OneStreamHandler, StreamsHandler
from services.access.operators import Operators
from services.access.tokens import Tokens
from services.assistant.engine import AIEngine, ScriptedEngine, SilentEngine
from services.assistant.openai import OpenAIEngine
from services.bots.bots import Bots
from services.bus import history_file
from services.bus.event_bus import EventBus
from services.bus.idempotency import IdempotencyKeys
from services.chats.answering import Answering
from services.chats.conversations import Conversations
from services.chats.media import Media
from services.chats.outbox import Outbox
from services.config import (
    SHORT_SECRET_BYTES,
    SettingError,
    Settings,
    kept_secret,
    open_data_dir,
)
from services.server import logs
from services.server.in_flight import InFlight
from services.server.listening import Listener, Server, streams_that_fit
from services.server.metrics import Metrics
from services.server.readiness import Readiness
from services.store import Database, StoreUnusable
from services.store.ledger import Ledger
from services.streams.registry import Streams
from services.whatsapp.baileys.gateway import BaileysGateway
from services.whatsapp.gateway import Gateway
from services.whatsapp.intake import Intake
from services.whatsapp.simulated.gateway import SimulatedGateway

VERSION = "0.1.0"
LONGEST_TTL_SECONDS = 3_153_600_000.0  # a hundred years
HERE = Path(__file__).resolve().parent
# A request's headers may take so long, and what is between two requests.
IDLE_SECONDS = 75
BODY_SECONDS = 30
# How long an answer may wait for a client that takes nothing of it.
STALLED_ANSWER_SECONDS = 30

# How long a shutdown waits for answers that are under way.
ANSWER_SECONDS = 2.0
# A stream is some hundred objects that live for an hour and are freed by reference counts. At
# Python's 700 new objects a collection, a crowd of 5,000 that connects spends a quarter of its CPU
# on walking them again. The new are walked once, 50,000 at a time, which takes 5 ms; a walk of all
# holds up 10,000 streams for 0.4 s, so that is left for what tens of millions of objects leave.
GC_THRESHOLDS = (50_000, 1_000, 10)

log = logging.getLogger("pulso")


class Pulso:
    """The running server. Made without a loop; ``open``, ``listen``, ``close`` need one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.database_url)
        self.metrics = Metrics(VERSION)
        self.bus = EventBus(
            history_events=settings.history_events,
            history_seconds=settings.history_seconds,
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
            self.application(),
            xheaders=True,
            idle_connection_timeout=IDLE_SECONDS,
            body_timeout=BODY_SECONDS,
            max_header_size=65_536,
            max_body_size=1_048_576,
            trusted_downstream=list(settings.trusted_proxies),
        )
        self.server.trusted_proxies = frozenset(settings.trusted_proxies)
        self.listener: Listener | None = None

    def application(self) -> Application:
        access = {"access": self.operators}
        stream = {
            **access,
            "bus": self.bus,
            "streams": self.streams,
            "retry_ms": self.settings.retry_ms,
            "max_bots": self.settings.max_bots_per_stream,
        }
        events = {**access, "bus": self.bus, "streams": self.streams, "keys": self.keys}
        streams = {**access, "streams": self.streams}
        bots = {**access, "bots": self.bots}
        sessions = {**access, "conversations": self.conversations}
        routes: list[tuple[str, Any, dict[str, Any]]] = [
            (r"/events/stream", StreamHandler, stream),
            (r"/events", EventsHandler, events),
            (r"/events/renew", RenewHandler, streams),
            (r"/api/auth/login", LoginHandler, access),
            (r"/api/auth/refresh", RefreshHandler, access),
            (r"/api/auth/logout", LogoutHandler, access),
            (r"/api/auth/me", MeHandler, access),
            (r"/api/operators", OperatorsHandler, access),
            (r"/api/operators/([^/]+)", OperatorHandler, access),
            (r"/api/streams", StreamsHandler, streams),
            (r"/api/streams/([^/]+)", OneStreamHandler, streams),
            (r"/api/bots", BotsHandler, bots),
            (r"/api/bots/([^/]+)", BotHandler, bots),
            (r"/api/bots/([^/]+)/(?:status|qr)", BotStatusHandler, bots),
            (r"/api/bots/([^/]+)/(connect|disconnect|logout)", BotCommandHandler, bots),
            (r"/api/sessions", SessionsHandler, {**sessions, "bots": self.bots}),
            (r"/api/sessions/([^/]+)", SessionHandler, sessions),
            (r"/api/sessions/([^/]+)/messages", MessagesHandler, sessions),
            (r"/api/sessions/([^/]+)/read", ReadHandler, sessions),
            (r"/healthz", HealthHandler, access),
            (r"/readyz", ReadyHandler, {**access, "readiness": self.readiness}),
            (r"/metrics", MetricsHandler, {**access, "metrics": self.metrics}),
            *page_routes(**access),
        ]
        if isinstance(self.gateway, BaileysGateway):
            media = {**sessions, "media": Media(self.ledger, self.gateway)}
            routes.append((r"/api/sessions/([^/]+)/messages/([^/]+)/media", MediaHandler, media))
        if isinstance(self.gateway, SimulatedGateway):
            routes.append(
                (
                    r"/api/simulator/bots/([^/]+)/(scan|message|typing|unlink|drop)",
                    SimulatorHandler,
                    {**bots, "phone": self.gateway},
                )
            )
        return Application(
            routes,
            default_handler_class=NotFoundHandler,
            default_handler_args=access,
            log_function=short_log,
            cross_origin_protection=True,
            in_flight=self.in_flight,
            allowed_origins=frozenset(self.settings.allowed_origins),
        )

    async def open(self) -> str | None:
        """Get ready to serve. The first operator's password where it was made just now."""
        await self.database.open()
        history_file.take_up(self.history_path, self.bus, self.keys)
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


async def serve(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; a second one ends at once. The exit status."""
    pulso = Pulso(settings)
    try:
        first_password = await pulso.open()
        address = pulso.listen()
    except (StoreUnusable, OSError) as error:
        print(f"Pulso can't start: {error}", file=sys.stderr)
        return 1
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, stopping)
    print(f"Pulso is listening on {address}", flush=True)
    if first_password is not None:
        print(f"First login: admin / {first_password}", flush=True)
    # What lives as long as the process need not be walked by every collection.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    await stopping.wait()
    log.info("Shutting down")
    await pulso.close()
    return 0


def _stop(stopping: asyncio.Event) -> None:
    if stopping.is_set():
        os._exit(130)
    stopping.set()


def read_settings() -> Settings:
    """The environment over ``.env`` beside this file. SettingError where one is wrong."""
    kept = {name: value for name, value in dotenv_values(HERE / ".env").items() if value}
    return Settings.from_environ({**kept, **os.environ})


def with_secret(settings: Settings) -> Settings:
    """With the data dir made, and a key to sign with."""
    open_data_dir(settings.data_dir)
    secret = settings.jwt_secret or kept_secret(settings.data_dir / "jwt-secret")
    if len(secret.encode()) < SHORT_SECRET_BYTES:
        log.warning("JWT_SECRET is under %d bytes: it can be guessed", SHORT_SECRET_BYTES)
        warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)
    return msgspec.structs.replace(settings, jwt_secret=secret)


def signed_token(settings: Settings, options: argparse.Namespace) -> str:
    """One token, as ``python main.py token`` prints it."""
    bots: list[str] | Literal["*"] | None = None
    if options.bots == "*":
        bots = "*"
    elif options.bots is not None:
        bots = [bot for bot in options.bots.split(",") if bot]
    return Tokens(settings.jwt_secret).sign(
        options.sub,
        ttl=options.ttl,
        bots=bots,
        publish=options.publish,
        admin=options.admin,
    )


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="main.py", description="Live events of WhatsApp bots.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="run the server (the default)")
    commands.add_parser("check-config", help="print the settings, or what is wrong with them")
    token = commands.add_parser("token", help="print one signed token")
    token.add_argument("--sub", required=True, help="who it is for")
    token.add_argument("--bots", help="bot ids with commas between, or *; without: all bots")
    token.add_argument("--publish", action="store_true", help="may POST /events")
    token.add_argument("--admin", action="store_true", help="sees and ends everyone's streams")
    token.add_argument("--ttl", type=_lifetime, help="seconds it lives; without: for ever")
    return parser.parse_args(arguments)


def _lifetime(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= LONGEST_TTL_SECONDS:
        raise ValueError
    return seconds


def main(arguments: list[str] | None = None) -> int:
    options = parse(sys.argv[1:] if arguments is None else arguments)
    logs.set_up()
    try:
        settings = read_settings()
        if options.command == "check-config":
            print("\n".join(settings.shown()))
            return 0
        settings = with_secret(settings)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    if options.command == "token":
        if not options.sub:
            print("--sub may not be empty", file=sys.stderr)
            return 2
        print(signed_token(settings, options))
        return 0
    fitting = streams_that_fit(settings.max_streams)
    return asyncio.run(serve(msgspec.structs.replace(settings, max_streams=fitting)))


if __name__ == "__main__":
    sys.exit(main())
