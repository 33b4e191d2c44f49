"""The table of routes: which handler answers what, and with which services.

What stands here is in the OpenAPI document; a handler there without ``@call`` is an error.
"""

from tornado.web import Application

from handlers.auth import (
    LoginHandler,
    LogoutHandler,
    MeHandler,
    PasswordHandler,
    RefreshHandler,
)
from handlers.base import short_log
from handlers.bots import (
    BotHandler,
    BotsHandler,
    BotStatusHandler,
    ConnectHandler,
    DisconnectHandler,
    UnlinkHandler,
)
from handlers.contacts import ContactHandler, NoteHandler, NotesHandler
from handlers.events import EventsHandler, RenewHandler
from handlers.figures import FiguresHandler
from handlers.health import HealthHandler, MetricsHandler, ReadyHandler
from handlers.media import MediaHandler
from handlers.openapi import Document, OpenApiHandler, Route, pattern_of
from handlers.operators import ColleaguesHandler, OperatorHandler, OperatorsHandler
from handlers.pages import MissingPageHandler
from handlers.pages import routes as page_routes
from handlers.replies import RepliesHandler, ReplyHandler
from handlers.sessions import (
    LabelsHandler,
    MessagesHandler,
    ReadHandler,
    RetryHandler,
    SessionHandler,
    SessionsHandler,
    TypingHandler,
    UnreadHandler,
)
from handlers.simulator import (
    DropHandler,
    PhoneMessageHandler,
    PhoneTypingHandler,
    PhoneUnlinkHandler,
    ScanHandler,
)
from handlers.stream import StreamHandler
from handlers.streams import OneStreamHandler, StreamsHandler
from services.pulso import VERSION, Pulso


def make_application(pulso: Pulso) -> Application:
    """What answers Pulso's requests: the table of routes, each with the services it needs."""
    access = {"access": pulso.operators}
    stream = {
        **access,
        "streams": pulso.streams,
        "max_bots": pulso.settings.max_bots_per_stream,
    }
    events = {**access, "publisher": pulso.publisher, "streams": pulso.streams}
    streams = {**access, "streams": pulso.everywhere}
    bots = {**access, "bots": pulso.bots}
    sessions = {
        **access,
        "inbox": pulso.inbox,
        "snapshots": pulso.snapshots,
    }
    contacts = {**access, "contacts": pulso.contacts}
    replies = {**access, "replies": pulso.replies}
    calls: list[Route] = [
        ("/events/stream", StreamHandler, stream),
        ("/events", EventsHandler, events),
        ("/events/renew", RenewHandler, streams),
        ("/api/auth/login", LoginHandler, access),
        ("/api/auth/refresh", RefreshHandler, access),
        ("/api/auth/logout", LogoutHandler, access),
        ("/api/auth/password", PasswordHandler, access),
        (
            "/api/auth/me",
            MeHandler,
            {**access, "simulator": pulso.phone is not None},
        ),
        ("/api/operators", OperatorsHandler, access),
        ("/api/operators/{operatorId}", OperatorHandler, access),
        ("/api/streams", StreamsHandler, streams),
        ("/api/streams/{streamId}", OneStreamHandler, streams),
        ("/api/bots", BotsHandler, bots),
        ("/api/bots/{botId}", BotHandler, bots),
        ("/api/bots/{botId}/status", BotStatusHandler, bots),
        ("/api/bots/{botId}/qr", BotStatusHandler, bots),
        ("/api/bots/{botId}/figures", FiguresHandler, {**bots, "figures": pulso.figures}),
        ("/api/bots/{botId}/operators", ColleaguesHandler, bots),
        ("/api/bots/{botId}/connect", ConnectHandler, bots),
        ("/api/bots/{botId}/disconnect", DisconnectHandler, bots),
        ("/api/bots/{botId}/logout", UnlinkHandler, bots),
        ("/api/sessions", SessionsHandler, {**sessions, "bots": pulso.bots}),
        ("/api/labels", LabelsHandler, {**sessions, "bots": pulso.bots}),
        ("/api/sessions/{sessionId}", SessionHandler, sessions),
        (
            "/api/sessions/{sessionId}/messages",
            MessagesHandler,
            {**sessions, "files": pulso.media_store},
        ),
        ("/api/sessions/{sessionId}/messages/{messageId}/retry", RetryHandler, sessions),
        ("/api/sessions/{sessionId}/typing", TypingHandler, sessions),
        ("/api/sessions/{sessionId}/read", ReadHandler, sessions),
        ("/api/sessions/{sessionId}/unread", UnreadHandler, sessions),
        (
            "/api/sessions/{sessionId}/messages/{messageId}/media",
            MediaHandler,
            {**access, "media": pulso.media},
        ),
        ("/api/sessions/{sessionId}/contact", ContactHandler, contacts),
        ("/api/sessions/{sessionId}/notes", NotesHandler, contacts),
        ("/api/sessions/{sessionId}/notes/{noteId}", NoteHandler, contacts),
        ("/api/replies", RepliesHandler, replies),
        ("/api/replies/{replyId}", ReplyHandler, replies),
        ("/healthz", HealthHandler, access),
        ("/readyz", ReadyHandler, {**access, "readiness": pulso.readiness}),
        ("/metrics", MetricsHandler, {**access, "metrics": pulso.metrics}),
    ]
    if pulso.phone is not None:
        phone = {**bots, "phone": pulso.phone}
        message = {**phone, "files": pulso.media_store, "attachments": pulso.attachments}
        calls += [
            ("/api/simulator/bots/{botId}/scan", ScanHandler, phone),
            ("/api/simulator/bots/{botId}/message", PhoneMessageHandler, message),
            ("/api/simulator/bots/{botId}/typing", PhoneTypingHandler, phone),
            ("/api/simulator/bots/{botId}/unlink", PhoneUnlinkHandler, phone),
            ("/api/simulator/bots/{botId}/drop", DropHandler, phone),
        ]
    itself: Route = ("/api/openapi.json", OpenApiHandler, dict(access))
    calls.append(itself)
    itself[2]["document"] = Document(calls, VERSION)
    routes = [(pattern_of(path), handler, services) for path, handler, services in calls]
    routes += page_routes(**access)
    return Application(
        routes,
        default_handler_class=MissingPageHandler,
        default_handler_args=access,
        log_function=short_log,
        cross_origin_protection=True,
        in_flight=pulso.in_flight,
        trusted_origins=frozenset(pulso.settings.allowed_origins),
    )
