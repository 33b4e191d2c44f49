"""The table of routes: which handler answers what, and with which services."""

from typing import Any

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
from services.chats.media import Media
from services.pulso import Pulso
from services.whatsapp.baileys.gateway import BaileysGateway
from services.whatsapp.simulated.gateway import SimulatedGateway


def make_application(pulso: Pulso) -> Application:
    """What answers Pulso's requests: the table of routes, each with the services it needs."""
    access = {"access": pulso.operators}
    stream = {
        **access,
        "streams": pulso.streams,
        "max_bots": pulso.settings.max_bots_per_stream,
    }
    events = {**access, "bus": pulso.bus, "streams": pulso.streams, "keys": pulso.keys}
    streams = {**access, "streams": pulso.streams}
    bots = {**access, "bots": pulso.bots}
    sessions = {
        **access,
        "conversations": pulso.conversations,
        "snapshots": pulso.snapshots,
    }
    routes: list[tuple[str, Any, dict[str, Any]]] = [
        (r"/events/stream", StreamHandler, stream),
        (r"/events", EventsHandler, events),
        (r"/events/renew", RenewHandler, streams),
        (r"/api/auth/login", LoginHandler, access),
        (r"/api/auth/refresh", RefreshHandler, access),
        (r"/api/auth/logout", LogoutHandler, access),
        (
            r"/api/auth/me",
            MeHandler,
            {**access, "simulator": isinstance(pulso.gateway, SimulatedGateway)},
        ),
        (r"/api/operators", OperatorsHandler, access),
        (r"/api/operators/([^/]+)", OperatorHandler, access),
        (r"/api/streams", StreamsHandler, streams),
        (r"/api/streams/([^/]+)", OneStreamHandler, streams),
        (r"/api/bots", BotsHandler, bots),
        (r"/api/bots/([^/]+)", BotHandler, bots),
        (r"/api/bots/([^/]+)/(?:status|qr)", BotStatusHandler, bots),
        (r"/api/bots/([^/]+)/(connect|disconnect|logout)", BotCommandHandler, bots),
        (r"/api/sessions", SessionsHandler, {**sessions, "bots": pulso.bots}),
        (r"/api/sessions/([^/]+)", SessionHandler, sessions),
        (r"/api/sessions/([^/]+)/messages", MessagesHandler, sessions),
        (r"/api/sessions/([^/]+)/read", ReadHandler, sessions),
        (r"/healthz", HealthHandler, access),
        (r"/readyz", ReadyHandler, {**access, "readiness": pulso.readiness}),
        (r"/metrics", MetricsHandler, {**access, "metrics": pulso.metrics}),
        *page_routes(**access),
    ]
    if isinstance(pulso.gateway, BaileysGateway):
        media = {**access, "media": Media(pulso.ledger, pulso.gateway)}
        routes.append((r"/api/sessions/([^/]+)/messages/([^/]+)/media", MediaHandler, media))
    if isinstance(pulso.gateway, SimulatedGateway):
        routes.append(
            (
                r"/api/simulator/bots/([^/]+)/(scan|message|typing|unlink|drop)",
                SimulatorHandler,
                {**bots, "phone": pulso.gateway},
            )
        )
    return Application(
        routes,
        default_handler_class=NotFoundHandler,
        default_handler_args=access,
        log_function=short_log,
        cross_origin_protection=True,
        in_flight=pulso.in_flight,
        trusted_origins=frozenset(pulso.settings.allowed_origins),
    )
