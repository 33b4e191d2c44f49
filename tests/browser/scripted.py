"""A server that says what the test wants, to see what BotEventSource makes of it."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.browser.server import ROOT

TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
END = ""


def event(data: dict[str, Any], event_id: str | None = None, *, name: str | None = None) -> str:
    """One event as bytes on the wire, in text."""
    lines = [f"id: {event_id}"] if event_id else []
    if name:
        lines.append(f"event: {name}")
    return "\n".join([*lines, f"data: {json.dumps(data)}", "", ""])


def connected(event_id: str = "e-0", bot_id: str = "b1") -> str:
    return event(
        {"type": "connected", "botId": bot_id, "streamId": "s1", "resumed": False}, event_id
    )


class ScriptedServer:
    """``answers`` are used up in order: a status to refuse with, or the blocks of a stream.

    A stream stays open until ``say(END)``; a request beyond the script gets ``connected`` only.
    """

    def __init__(self) -> None:
        self.answers: list[int | list[str]] = []
        self.asked: list[dict[str, list[str]]] = []
        self.posted: list[tuple[str, Any]] = []
        self.signed_in = True
        self.url = ""
        self._open: list[queue.Queue[str]] = []

    def say(self, *blocks: str) -> None:
        """On the newest stream."""
        for block in blocks:
            self._open[-1].put(block)

    def stream(self, handler: BaseHTTPRequestHandler, query: dict[str, list[str]]) -> None:
        answer = self.answers.pop(0) if self.answers else [connected()]
        if isinstance(answer, int):
            self.asked.append(query)
            handler.send_error(answer)
            return
        waiting: queue.Queue[str] = queue.Queue()
        for block in answer:
            waiting.put(block)
        self._open.append(waiting)
        # Last: who sees that it asked may say something.
        self.asked.append(query)
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        while (block := waiting.get()) != END:
            try:
                handler.wfile.write(block.encode())
                handler.wfile.flush()
            except OSError:
                return

    def close(self) -> None:
        for waiting in self._open:
            waiting.put(END)


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/events/stream":
                scripted.stream(self, parse_qs(url.query))
            elif url.path == "/api/auth/me":
                self.answer(200 if scripted.signed_in else 401, "application/json", b"{}")
            elif url.path.startswith("/static/"):
                file = ROOT / url.path[1:]
                self.answer(200, TYPES[file.suffix], file.read_bytes())
            else:
                self.answer(200, "text/html", b"<!doctype html><title>blank</title>")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            scripted.posted.append((self.path, json.loads(body)))
            self.answer(200 if scripted.signed_in else 401, "application/json", b"{}")

        def answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Not in a test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield scripted
    finally:
        scripted.close()
        server.shutdown()
        thread.join()
        server.server_close()
