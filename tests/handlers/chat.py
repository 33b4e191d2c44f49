"""A chat to try the REST face with: a linked bot of its own, with one message of a customer."""

from typing import Any

from tests.running import RunningPulso
from tests.stream_client import StreamClient

CONTACT = "+54 9 11 5555-0000"


class Chat:
    """A linked bot of its own, with one message of a customer."""

    def __init__(self, pulso: RunningPulso) -> None:
        self.pulso = pulso
        self.token = pulso.token(admin=True)
        self.bot = self.call("POST", "/api/bots", {"name": "Tienda"})["id"]
        self.stream: StreamClient = pulso.stream(self.bot, token=self.token)
        self.call("POST", f"/api/bots/{self.bot}/connect")
        self.stream.until("bot:qr")
        self.phone("scan", name="Ana")
        self.stream.until("bot:connected")
        self.phone("message", **{"from": CONTACT, "name": "Luz", "text": "hola", "id": "M1"})
        self.session = self.stream.until("message:received")[-1].json["sessionId"]

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        answer = self.pulso.request(method, path, body, token=token or self.token)
        assert answer.status < 300, answer.body
        return answer.json

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str | None]:
        """The status of a call that is refused, and the field that is named."""
        answer = self.pulso.request(method, path, body, token=self.token)
        return answer.status, answer.json.get("field")

    def phone(self, command: str, **body: Any) -> Any:
        return self.call("POST", f"/api/simulator/bots/{self.bot}/{command}", body)

    def wrote(self, text: str) -> None:
        """The customer writes, and it is stored."""
        self.phone("message", **{"from": CONTACT, "name": "Luz", "text": text})

    def updated(self, **fields: bool) -> Any:
        """The session of the next event in which these fields are set, or are not."""
        while True:
            session = self.stream.until("session:updated")[-1].json["session"]
            if all((session[name] is not None) == is_set for name, is_set in fields.items()):
                return session

    @property
    def path(self) -> str:
        return f"/api/sessions/{self.session}"

    @property
    def now(self) -> Any:
        """The session as it is."""
        return self.call("GET", self.path)["session"]
