"""The HTTP server: Tornado's, with two things it has no setting for.

Forwarded addresses and schemes are believed from trusted proxies only; Tornado's ``xheaders``
believes any peer's X-Real-IP. And at the file-descriptor limit accepting pauses: the listening
socket stays readable, so a plain accept loop spins (82 % of a core and 40,000 log records a
second were seen).
"""

import asyncio
import errno
import logging
import resource
import socket
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPMessageDelegate
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets

log = logging.getLogger("pulso.listening")

# Enough for a whole crowd to reconnect at once; the default of 128 costs them SYN retries.
BACKLOG = 4096
# Enough for a busy bot's tick; the default grows to megabytes that a stalled client pins.
SEND_BUFFER_BYTES = 131_072
# Set once on the listening socket: Linux gives them to every connection it accepts. Keepalive
# finds a dead peer while nothing is under way; while something is, only the user timeout does.
_INHERITED = (
    (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)
# Files of our own beside the streams: the store, the log, the child, API requests.
SPARE_DESCRIPTORS = 200
# Ten tries a second cost nothing, and whoever queued up and left is soon through.
ACCEPT_PAUSE_SECONDS = 0.1
COMPLAINT_SECONDS = 60.0
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_GONE = (errno.ECONNABORTED, errno.EAGAIN, errno.EPERM)
# Accepted in one go, before anybody else on the loop has a turn.
_ACCEPT_BATCH = 128


class Server(HTTPServer):
    """Set ``trusted_proxies`` (addresses) before it listens."""

    trusted_proxies: frozenset[str] = frozenset()

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        address = request_conn.context.address
        peer = address[0] if isinstance(address, tuple) else ""
        if peer.removeprefix("::ffff:") in self.trusted_proxies:
            return super().start_request(server_conn, request_conn)
        callback: Any = self.request_callback
        delegate: HTTPMessageDelegate = callback.start_request(server_conn, request_conn)
        return delegate


class Connection(IOStream):
    """A connection that is freed as soon as nobody needs it, without the garbage collector.

    What a reset raised holds the frames it came through, and with them this stream.
    """

    def close(self, exc_info: Any = False) -> None:
        super().close(exc_info)
        if self.error is not None:
            self.error = self.error.with_traceback(None)


class Listener:
    """Accepts connections for a server until it is closed.

    ``dead_after``: seconds that sent bytes may stay untaken by a peer, dead or only not reading.
    Tornado has no limit for that: an answer nobody reads would stay in memory for good.
    """

    def __init__(self, server: Server, host: str, port: int, *, dead_after: float) -> None:
        self._server = server
        self._sockets = bind_sockets(port, host, backlog=BACKLOG)
        user_timeout = (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(dead_after * 1000))
        for sock in self._sockets:
            for level, option, value in (*_INHERITED, user_timeout):
                sock.setsockopt(level, option, value)
        self._paused: asyncio.TimerHandle | None = None
        self._complained_at = float("-inf")

    @property
    def port(self) -> int:
        """Where it listens, also where port 0 was asked for."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            loop.add_reader(sock, self._accept, sock)

    def close(self) -> None:
        loop = asyncio.get_running_loop()
        if self._paused is not None:
            self._paused.cancel()
            self._paused = None
        for sock in self._sockets:
            loop.remove_reader(sock)
            sock.close()
        self._sockets.clear()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPT_BATCH):
            try:
                connection, address = listening.accept()
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._pause(error)
                elif error.errno not in _GONE:
                    raise
                return
            self._server.handle_stream(Connection(connection), address)

    def _pause(self, error: OSError) -> None:
        if self._paused is not None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() - self._complained_at > COMPLAINT_SECONDS:
            self._complained_at = loop.time()
            log.error("No new connections for now, those open go on: %s", error.strerror)
        for sock in self._sockets:
            loop.remove_reader(sock)
        self._paused = loop.call_later(ACCEPT_PAUSE_SECONDS, self._resume)

    def _resume(self) -> None:
        self._paused = None
        self.start()


def streams_that_fit(wanted: int) -> int:
    """``wanted`` streams, or as many as the file-descriptor limit holds (it is raised first)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = wanted + SPARE_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < need:
        soft = need if hard == resource.RLIM_INFINITY else min(need, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= need:
        return wanted
    fit = max(1, soft - SPARE_DESCRIPTORS)
    log.warning(
        "PULSO_MAX_STREAMS is lowered from %d to %d: the file-descriptor limit is %d",
        wanted,
        fit,
        soft,
    )
    return fit
