"""The listener: what an accepted connection brings along."""

import asyncio
import socket
from typing import Any

import pytest
from tornado.iostream import IOStream

from services.listening import SEND_BUFFER_BYTES, Listener


class Taking:
    """A server that keeps what it is given."""

    def __init__(self) -> None:
        self.taken: asyncio.Future[IOStream] = asyncio.get_running_loop().create_future()

    def handle_stream(self, stream: IOStream, address: tuple[str, int]) -> None:
        self.taken.set_result(stream)


@pytest.mark.gen_test
async def test_a_connection_inherits_what_finds_a_dead_peer() -> None:
    server: Any = Taking()
    listener = Listener(server, "127.0.0.1", 0, dead_after=33)
    listener.start()
    _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    stream = await server.taken
    sock = stream.socket
    try:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 33_000
        # Linux doubles what is asked for, to account for its own book-keeping.
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * SEND_BUFFER_BYTES
    finally:
        writer.close()
        stream.close()
        listener.close()
