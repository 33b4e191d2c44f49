"""What happens in a company's chats: customers write, the bot answers, somebody types."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from bench.messages import Post, encode

# Of a hundred events; the rest are answers' acks.
RECEIVED, SENT, TYPING = 55, 20, 5
# So much of everything concerns the chat that is open.
OPEN_SHARE = 0.1
WORDS = ("hola", "pedido", "gracias", "envío", "horario", "precio", "tienda", "mañana", "talla")


class Happenings:
    """Events of these chats, the first of which is open. The same seed gives the same afternoon."""

    def __init__(self, bot: str, chats: list[str]) -> None:
        self._bot = bot
        self._chats = chats
        self._chance = random.Random(11)
        self._numbers = count()
        self._answers: list[tuple[str, str]] = []

    @property
    def open_chat(self) -> str:
        return self._chats[0]

    def posts(self, number: int) -> Iterator[Post]:
        """So many events, each a POST of its own."""
        for _ in range(number):
            yield self.post()

    def post(self, text: str | None = None) -> Post:
        """The next event; with ``text`` a customer's message in the chat that is open."""
        event = self._event() if text is None else self._received(self._chats[0], text)
        return Post(self._bot, encode({"botId": self._bot, **event}), 1)

    def _event(self) -> dict[str, object]:
        is_open = self._chance.random() < OPEN_SHARE
        chat = self._chats[0] if is_open else self._chance.choice(self._chats)
        kind = self._chance.randrange(100)
        if kind < RECEIVED:
            return self._received(chat, self._text())
        if kind < RECEIVED + SENT or not self._answers:
            return self._sent(chat)
        if kind < RECEIVED + SENT + TYPING:
            typing = {"who": "customer", "state": "composing"}
            return {"type": "chat:typing", "sessionId": chat, **typing}
        chat, message = self._answers.pop()
        return {"type": "message:ack", "sessionId": chat, "messageId": message, "ack": "read"}

    def _received(self, chat: str, text: str) -> dict[str, object]:
        message = {
            "id": self._id(),
            "sessionId": chat,
            "content": text,
            "fromMe": False,
            "timestamp": _now(),
            "type": "text",
            "pushName": None,
        }
        return {"type": "message:received", "sessionId": chat, "message": message}

    def _sent(self, chat: str) -> dict[str, object]:
        message = self._id()
        self._answers.append((chat, message))
        return {
            "type": "message:sent",
            "sessionId": chat,
            "content": self._text(),
            "messageId": message,
            "origin": "bot",
            "timestamp": _now(),
        }

    def _id(self) -> str:
        return f"3EB1{next(self._numbers):016X}"

    def _text(self) -> str:
        return " ".join(self._chance.choices(WORDS, k=self._chance.randrange(3, 25)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
