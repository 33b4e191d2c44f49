"""The short way to an idle stream's socket, past the handler's coroutine.

Waking a coroutine and flushing through it costs about three times the ``send`` itself, so a
block for a stream that waits on an empty queue goes straight out through
``IOStream.write_to_fd``. Only then: what the socket does not take goes back to the coroutine,
which is the one writer for as long as anything waits.
"""

import socket

from tornado.iostream import IOStream

from services.block import Block

# Enough for a busy bot's tick; the default grows to megabytes that a stalled client pins.
SEND_BUFFER_BYTES = 131_072
_KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES),
)


class Outlet:
    """Writes to one connection. ``chunked``: the response uses chunked transfer coding."""

    __slots__ = ("_stream", "chunked")

    def __init__(self, stream: IOStream, *, chunked: bool) -> None:
        self._stream = stream
        self.chunked = chunked

    def __call__(self, block: Block) -> bytes:
        """Write a block now; what the socket did not take of it."""
        return self.send(block.chunk if self.chunked else block.data)

    def send(self, data: bytes) -> bytes:
        """Write framed bytes now; what the socket did not take of them.

        Nothing is left over on a closed stream, nor where the peer turns out to be gone: the
        stream is closed then, and its close callback runs.
        """
        if self._stream.closed():  # its socket is None
            return b""
        try:
            taken = self._stream.write_to_fd(memoryview(data))
        except BlockingIOError:
            return data
        except OSError as error:
            self._stream.close(exc_info=error)
            return b""
        return data[taken:] if taken < len(data) else b""


def prepare_socket(stream: IOStream, dead_after: float) -> None:
    """Set a stream's socket up: small writes leave at once, a dead peer is noticed.

    Keepalive finds a dead peer while nothing is under way; ``dead_after`` (seconds) bounds how
    long sent bytes may stay unacknowledged, which keepalive does not.
    """
    sock = stream.socket
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    for level, option, value in _KEEPALIVE:
        sock.setsockopt(level, option, value)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(dead_after * 1000))
