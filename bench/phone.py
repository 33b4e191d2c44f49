"""What a scenario does as a user before it begins: bots added, linked, written to."""

import http.client
import json
import time
from functools import cache
from typing import Any

import jwt

from bench.messages import Post, encode
from bench.peers.peer import SECRET
from bench.peers.pulso import Pulso
from bench.server import Server

LINK_SECONDS = 30
# Customers of each bot; their chats are there before anything is counted.
CONTACTS = 25


@cache
def admin_token() -> str:
    return jwt.encode({"sub": "admin", "admin": True}, SECRET, algorithm="HS256")


class Phone(Pulso):
    """Pulso without an assistant; what is published is what customers write to its bots."""

    def environment(self, port: int, folder: Any) -> dict[str, str]:
        return {
            **super().environment(port, folder),
            "PULSO_AI": "off",
            "PULSO_SIMULATOR_SPEED": "50",
        }

    def publish_request(self, bot: str) -> tuple[str, str]:
        target = f"/api/simulator/bots/{bot}/message"
        return target, f"Authorization: Bearer {admin_token()}\r\n"


def call(server: Server, method: str, path: str, body: object = None) -> Any:
    """The decoded answer. ConnectionError where it is a refusal."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        headers = {"Authorization": f"Bearer {admin_token()}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        payload = None if body is None else encode(body)
        connection.request(method, path, payload, headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise ConnectionError(f"{method} {path} got {answer.status}: {content[:200]!r}")
    return json.loads(content) if content else None


def linked_bots(server: Server, number: int) -> list[str]:
    """So many bots, each connected; their ids."""
    ids = [call(server, "POST", "/api/bots", {"name": f"Bot {n}"})["id"] for n in range(number)]
    for bot in ids:
        call(server, "POST", f"/api/bots/{bot}/connect")
    for bot in ids:
        _until(server, bot, "qr")
        call(server, "POST", f"/api/simulator/bots/{bot}/scan", {"name": "Bench"})
    for bot in ids:
        _until(server, bot, "connected")
    return ids


def written(bot: str, number: int, mark: str = "~") -> Post:
    """The ``number``-th message to a bot, of 200 bytes, from one of its ``CONTACTS``."""
    contact = number % CONTACTS
    text = f"{mark}{number} ".ljust(200, "x")
    body = {"from": f"521555{contact:07}", "name": f"Customer {contact}", "text": text}
    return Post(bot, encode(body), 1)


def _until(server: Server, bot: str, status: str) -> None:
    deadline = time.monotonic() + LINK_SECONDS
    while call(server, "GET", f"/api/bots/{bot}/status")["status"] != status:
        if time.monotonic() > deadline:
            raise ConnectionError(f"{bot} is not {status} after {LINK_SECONDS} s")
        time.sleep(0.05)
