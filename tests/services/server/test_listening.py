"""Accepting connections: their options, and whose word on addresses is believed."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.iostream import IOStream
from tornado.tcpclient import TCPClient
from tornado.web import Application, RequestHandler

from services.server.listening import Listener, Server


class Echo(RequestHandler):
    accepted: list[socket.socket]

    def get(self) -> None:
        connection: Any = self.request.connection
        self.accepted.append(connection.stream.socket)
        self.finish(f"{self.request.remote_ip} {self.request.protocol}")


@pytest.fixture
def listener(io_loop: object) -> Iterator[Listener]:
    Echo.accepted = []
    server = Server(Application([("/", Echo)]), xheaders=True)
    server.trusted_proxies = frozenset({"127.0.0.1"})
    listener = Listener(server, "127.0.0.1", 0, dead_after=7.5)
    yield listener
    # A fixture ends outside the loop: only the sockets are left to close.
    for sock in listener._sockets:
        sock.close()


async def ask(listener: Listener, source: str, headers: str = "") -> str:
    client: IOStream = await TCPClient().connect("127.0.0.1", listener.port, source_ip=source)
    await client.write(f"GET / HTTP/1.0\r\n{headers}\r\n".encode())
    answer = await client.read_until_close()
    return str(answer.rpartition(b"\r\n\r\n")[2].decode())


FORWARDED = "X-Real-Ip: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"


@pytest.mark.gen_test
async def test_only_a_trusted_proxy_is_believed(listener: Listener) -> None:
    listener.start()
    assert await ask(listener, "127.0.0.1", FORWARDED) == "203.0.113.7 https"
    assert await ask(listener, "127.0.0.2", FORWARDED) == "127.0.0.2 http"
    assert await ask(listener, "127.0.0.1") == "127.0.0.1 http"
    listener.close()


@pytest.mark.gen_test
async def test_connections_notice_a_dead_peer(listener: Listener) -> None:
    listener.start()
    client: IOStream = await TCPClient().connect("127.0.0.1", listener.port)
    await client.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await client.read_until(b"\r\n\r\n")
    [sock] = Echo.accepted
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 7500
    # Linux doubles what it is asked for; its default grows to megabytes.
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 262_144
    client.close()
    listener.close()


@pytest.mark.gen_test
async def test_once_closed_it_takes_nobody(listener: Listener) -> None:
    port = listener.port
    listener.start()
    listener.close()
    with pytest.raises(OSError):
        await TCPClient().connect("127.0.0.1", port)
