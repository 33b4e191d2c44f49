"""The short way to an idle stream's socket, on a real socket."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from tornado.iostream import IOStream

from services.bus.block import Block
from services.bus.history import Entry
from services.streams.outlet import Outlet

Pair = tuple[IOStream, socket.socket]


@pytest.fixture
def pair(io_loop: object) -> Iterator[Pair]:
    """A stream and the client at its other end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        connection, _ = server.accept()
    stream = IOStream(connection)
    client.settimeout(5)
    yield stream, client
    stream.close()
    client.close()


def block(size: int) -> Block:
    return Block([Entry(1, "b", b"x" * size, 0.0)])


@pytest.mark.gen_test
async def test_a_block_goes_out_at_once_framed_where_the_response_is_chunked(pair: Pair) -> None:
    stream, client = pair
    assert Outlet(stream, chunked=True)(block(10)) == b""
    assert client.recv(100) == b"a\r\nxxxxxxxxxx\r\n"
    assert Outlet(stream, chunked=False)(block(10)) == b""
    assert client.recv(100) == b"xxxxxxxxxx"


@pytest.mark.gen_test
async def test_what_the_socket_does_not_take_is_given_back_to_the_byte(pair: Pair) -> None:
    stream, client = pair
    outlet = Outlet(stream, chunked=False)
    sent, left = b"", b""
    # A full socket may have room for a little more a moment later: it is full that takes nothing.
    while True:
        piece = left or bytes([len(sent) % 251]) * 60_000
        left = outlet.send(piece)
        assert piece.endswith(left)
        if left == piece:
            break
        sent += piece[: len(piece) - len(left)]
        assert len(sent) < 50_000_000
    received = b""
    while len(received) < len(sent):
        received += client.recv(1_000_000)
    assert received == sent


@pytest.mark.gen_test
async def test_a_peer_that_is_gone_closes_the_stream_and_nothing_is_left(pair: Pair) -> None:
    stream, client = pair
    closed = asyncio.Event()
    stream.set_close_callback(closed.set)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    outlet = Outlet(stream, chunked=True)
    while not stream.closed():
        assert outlet(block(10)) == b""
        await asyncio.sleep(0)
    await closed.wait()
    assert outlet(block(10)) == b""
