"""What every handler shares: who is asking, the body, the answer, the refusal.

Bodies are read as they come and kept up to 1 MiB; what is larger is read to its end and thrown
away, so that a client gets its 413 instead of a reset. No answer and no log line has a token.
"""

import logging
import random
from collections.abc import Awaitable
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from tornado.web import HTTPError, RequestHandler, stream_request_body

from handlers.requests.json_body import decode
from handlers.requests.query import decode_query
from services.access.operators import Operators
from services.access.tokens import Claims
from services.errors import Forbidden, Invalid, Refusal, TooLarge, Unauthorized, UnsupportedType
from services.server import logs
from services.server.in_flight import InFlight

COOKIE = "pulso_session"
MAX_BODY_BYTES = 1_048_576
# Read and thrown away at most, before the connection is cut.
MAX_DISCARDED_BYTES = 134_217_728

log = logging.getLogger("pulso.http")


class Refused(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was not carried out; ``field`` (a dotted path) and ``index`` are at fault."""

    error: str
    index: int | None = None
    field: str | None = None


_encode = msgspec.json.Encoder().encode
T = TypeVar("T")


class PulsoHandler(RequestHandler):
    """Identity, answers and refusals; for requests without a body."""

    access: Operators
    reads_body = False

    def initialize(self, *_: Any, **services: Any) -> None:
        """The services a handler declares in its class body, from its URLSpec."""
        for name, service in services.items():
            setattr(self, name, service)
        # No secret: the kernel's entropy would cost 1.5 % of opening a stream.
        logs.request_id.set(f"{random.getrandbits(64):016x}")
        logs.stream_id.set(None)
        if not self.reads_body:
            # Tornado parses a form before the method runs, and refuses a broken one with 400.
            self.request.headers.pop("Content-Type", None)
        try:
            urlsplit(self.request.headers.get("Origin", ""))
        except ValueError:
            # Tornado's check would stumble over it. RFC 6454 §7.3: from nowhere.
            self.request.headers["Origin"] = "null"

    def prepare(self) -> Awaitable[None] | None:
        """Another process may have signed in whoever asks: that is found out first."""
        try:
            token = self._token()
        except Unauthorized:
            return None  # ``claims`` says so
        return None if token is None else self.access.missing(token)

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self._allow_origin()

    def options(self, *args: str) -> None:
        methods = ", ".join(self._methods())
        self.set_header("Allow", methods)
        if self.request.headers.get("Origin") in self._origins():
            self.set_header("Access-Control-Allow-Methods", methods)
            self.set_header(
                "Access-Control-Allow-Headers",
                "Authorization, Content-Type, Idempotency-Key, Last-Event-ID",
            )
            self.set_header("Access-Control-Max-Age", "600")
        self.set_status(204)

    def compute_etag(self) -> str | None:
        return None

    def claims(self) -> Claims:
        """Who is asking. Unauthorized where there is no token, or one that does not count."""
        token = self._token()
        if token is None:
            raise Unauthorized("Missing token")
        return self.access.authorize(token)

    def current_claims(self) -> Claims | None:
        """Who is asking, or None."""
        try:
            return self.claims()
        except Unauthorized:
            return None

    def admin(self) -> Claims:
        """Who is asking, an admin. Forbidden for everyone else."""
        claims = self.claims()
        claims.require_admin()
        return claims

    def parameters(self, kind: type[T]) -> T:
        """The query as ``kind``, a struct. Invalid names the parameter that is wrong."""
        return decode_query(self.query_list, kind)

    def query_list(self, name: str) -> list[str]:
        """Every value of a query parameter, as sent."""
        try:
            return [value.decode() for value in self.request.query_arguments.get(name, ())]
        except UnicodeDecodeError:
            raise Invalid(f"{name} is not UTF-8", field=name) from None

    def reply(self, value: Any) -> None:
        """Answer with JSON."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(_encode(value))

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        super().send_error(error.status if isinstance(error, Refusal) else status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        body = Refused(self._reason if status_code < 500 else "Internal error")
        if isinstance(error, Refusal):
            body = Refused(error.message, error.index, error.field)
            for name, value in error.headers.items():
                self.set_header(name, value)
        if status_code == 405:
            self.set_header("Allow", ", ".join(self._methods()))
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.write(_encode(body))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if isinstance(value, Refusal | HTTPError):
            return  # the access log has its status
        log.error(
            "Uncaught exception in %s %s",
            self.request.method,
            self.request.path,
            exc_info=(typ, value, tb) if typ and value else None,
        )

    def refuse_other_sites(self) -> None:
        """Forbidden where a page of another site asks with its visitor's cookie.

        Tornado looks only at methods that change something, and has no public way to its check
        for a GET that takes up a place: the same private method serves its WebSockets.
        """
        if self._given_token() is None and self._check_cross_origin(self.check_trusted_origin):
            raise Forbidden("Another site may not open this stream")

    def _token(self) -> str | None:
        return self._given_token() or self.get_cookie(COOKIE) or None

    def _given_token(self) -> str | None:
        scheme, _, credentials = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and credentials.strip():
            return credentials.strip()
        given = self.request.query_arguments.get("token", [])
        if len(given) > 1:
            raise Unauthorized("Invalid token")
        return given[0].decode("ascii", "replace") or None if given else None

    def _origins(self) -> frozenset[str]:
        # set_default_headers runs before initialize.
        origins: frozenset[str] = self.application.settings["trusted_origins"]
        return origins

    def _allow_origin(self) -> None:
        origins = self._origins()
        if not origins:
            return
        self.set_header("Vary", "Origin")
        origin = self.request.headers.get("Origin")
        if origin in origins:
            self.set_header("Access-Control-Allow-Origin", origin)
            self.set_header("Access-Control-Allow-Credentials", "true")

    def _methods(self) -> list[str]:
        defined = [
            name
            for name in ("GET", "HEAD", "POST", "PATCH", "DELETE")
            if getattr(type(self), name.lower()) is not getattr(RequestHandler, name.lower())
        ]
        return [*defined, "OPTIONS"]


@stream_request_body
class BaseHandler(PulsoHandler):
    """A handler of the JSON API."""

    reads_body = True
    _received: bytearray
    _too_large = False
    _counted = False

    def prepare(self) -> Awaitable[None] | None:
        self._counted = True
        self._in_flight.begin()
        self._received = bytearray()
        connection: Any = self.request.connection
        connection.set_max_body_size(MAX_DISCARDED_BYTES)
        return super().prepare()

    def on_finish(self) -> None:
        self._settled()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._settled()

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        if self._too_large or len(self._received) + len(chunk) > MAX_BODY_BYTES:
            self._too_large = True
            self._received.clear()
        else:
            self._received += chunk
        return None

    def raw_body(self) -> bytes:
        """The body. UnsupportedType where it is not JSON, TooLarge beyond 1 MiB."""
        kind, *parameters = self.request.headers.get("Content-Type", "").lower().split(";")
        charsets = [p.strip() for p in parameters if p.strip().startswith("charset")]
        if kind.strip() != "application/json" or any(
            charset.replace('"', "") not in ("charset=utf-8", "charset=utf8")
            for charset in charsets
        ):
            raise UnsupportedType("The body must be application/json in UTF-8")
        if self._too_large:
            raise TooLarge("The body is over 1 MiB")
        return bytes(self._received)

    @property
    def has_body(self) -> bool:
        return bool(self._received) or self._too_large

    def body(self, kind: type[T]) -> T:
        """The JSON body as ``kind``. Invalid names the field that is wrong."""
        return decode(self.raw_body(), kind)

    @property
    def _in_flight(self) -> InFlight:
        in_flight: InFlight = self.application.settings["in_flight"]
        return in_flight

    def _settled(self) -> None:
        if self._counted:
            self._counted = False
            self._in_flight.end()


class NotFoundHandler(PulsoHandler):
    """What isn't there."""

    def prepare(self) -> Awaitable[None] | None:
        raise HTTPError(404)


def short_log(handler: RequestHandler) -> None:
    """Tornado's access log without the query string, which may hold a token."""
    status = handler.get_status()
    # Only a 500 is a bug of ours; a 503 is an answer we give on purpose, while draining say.
    level = logging.INFO if status < 400 else logging.ERROR if status == 500 else logging.WARNING
    log.log(
        level,
        "%d %s %s (%s) %.2fms",
        status,
        handler.request.method,
        handler.request.path,
        handler.request.remote_ip,
        1000.0 * handler.request.request_time(),
    )
