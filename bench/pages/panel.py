"""A Pulso with an afternoon's chats, of this checkout or of another."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.messages import Post, encode
from bench.pages.events import Happenings
from bench.peers.pulso import Pulso
from bench.phone import Phone, admin_token, call, linked_bots
from bench.publisher import Publisher
from bench.server import Server, running

PAGE = 200


class Panel(Phone):
    """A Pulso of that folder; its customers write by hand, so that the bot never answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def command(self, port: int, folder: Path) -> list[str]:
        # Another checkout needs other packages, where it has them.
        own = self.folder / ".venv" / "bin" / "python"
        return [str(own), "main.py"] if own.exists() else super().command(port, folder)


class Afternoon:
    """A server, its bot, and the chats that the page is about."""

    def __init__(self, server: Server, bot: str) -> None:
        self.server = server
        self.bot = bot
        self.url = f"http://127.0.0.1:{server.port}"
        self.token = admin_token()
        self._phone = Publisher(server)
        self._events = Publisher(Server(Pulso(), server.port, server.pid))

    def write(self, chat: int, text: str) -> None:
        body = {"from": f"521555{chat:07}", "name": f"Cliente {chat:04}", "text": text}
        self._phone.post(self.bot, encode(body))

    def chats(self) -> list[str]:
        """The ids of all chats, the newest first."""
        found: list[str] = []
        before = ""
        while True:
            page = call(self.server, "GET", f"/api/sessions?botId={self.bot}&limit={PAGE}{before}")
            found += [session["id"] for session in page["sessions"]]
            if not page["before"]:
                return found
            before = f"&before={page['before']}"

    def happen(self, posts: Iterable[Post], rate: float) -> None:
        """Publish at this rate, events a second; what is late is made up for."""
        began = time.monotonic()
        for number, post in enumerate(posts):
            wait = began + number / rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            self._events.post(post.bot, post.body)

    def close(self) -> None:
        self._phone.close()
        self._events.close()


@contextmanager
def afternoon(
    folder: Path, chats: int, messages: int = 1
) -> Iterator[tuple[Afternoon, Happenings]]:
    """So many chats of one message each; the newest has so many ``messages``."""
    with running(Panel(folder)) as server:
        (bot,) = linked_bots(server, 1)
        day = Afternoon(server, bot)
        try:
            for chat in range(chats):
                day.write(chat, f"hola, soy {chat}")
            for number in range(messages - 1):
                day.write(chats - 1, f"mensaje {number} de una larga conversación")
            yield day, Happenings(bot, day.chats())
        finally:
            day.close()
