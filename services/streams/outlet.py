"""The short way to an idle stream's socket, past the handler's coroutine.

Waking a coroutine and flushing through it costs about three times the ``send`` itself, so a
block for a stream that waits on an empty queue goes straight out through
``IOStream.write_to_fd``. Only then: what the socket does not take goes back to the coroutine,
which is the one writer for as long as anything waits.
"""

import socket
import time

from tornado.iostream import IOStream

from services.bus.block import Block


class Outlet:
    """Writes to one connection. ``chunked``: the response uses chunked transfer coding."""

    __slots__ = ("_stream", "chunked", "last_write")

    def __init__(self, stream: IOStream, *, chunked: bool) -> None:
        self._stream = stream
        self.chunked = chunked
        # When this connection last took something, by whichever way; monotonic.
        self.last_write = time.monotonic()

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
        self.last_write = time.monotonic()
        return data[taken:] if taken < len(data) else b""


def prepare_socket(stream: IOStream, dead_after: float) -> None:
    """Small writes leave at once; sent bytes stay unacknowledged for ``dead_after`` s at most.

    What else a stream's socket needs it inherits from the listening one.
    """
    stream.set_nodelay(True)
    sock = stream.socket
    if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(dead_after * 1000))
