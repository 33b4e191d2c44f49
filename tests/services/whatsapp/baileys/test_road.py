"""The whole road on a running server: QR, scan, a customer's message, the answer, the ticks."""

import base64
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningPulso, eventually, running
from tests.services.whatsapp.world import Double


@pytest.fixture
def server(tmp_path: Path, double: Double) -> Iterator[RunningPulso]:
    settings = {"PULSO_WHATSAPP": "baileys", "PULSO_BAILEYS_URL": double.url}
    with running(tmp_path / "data", **settings) as started:
        yield started
        assert "Traceback" not in started.log, started.log


class Bot:
    """A bot of a server, linked to a number of the double."""

    def __init__(self, server: RunningPulso, double: Double) -> None:
        self._double = double
        self.server = server
        self.user, self.customer = double.number(), double.number()
        self.token = server.token("operator", admin=True)
        self.id = self.ask("POST", "/api/bots", {"name": "Tienda"})["id"]
        self.stream = server.stream(self.id)
        self.ask("POST", f"/api/bots/{self.id}/connect")
        code = self.stream.until("bot:qr")[-1].json["code"]
        self.act("scan", qr=code, user=self.user, name="Tienda")
        self.stream.until("bot:connected")

    def ask(self, method: str, path: str, body: object = None):
        answer = self.server.request(method, path, body, token=self.token)
        assert answer.status < 300, (answer.status, answer.body)
        return answer.json

    def act(self, action: str, /, **fields: object):
        return self._double.act_now(action, **fields)

    def write(self, text: str, message_id: str) -> None:
        """The customer writes."""
        sender = {"bot": self.user, "from": self.customer, "name": "Ana"}
        self.act("message", **sender, text=text, id=message_id)

    def received(self) -> list[str]:
        """What the customer's phone has, oldest first."""
        inbox = self.act("state")["inboxes"].get(self.customer, [])
        return [entry["message"]["extendedTextMessage"]["text"] for entry in inbox]

    def session(self):
        (session,) = self.ask("GET", f"/api/sessions?botId={self.id}")["sessions"]
        return session

    def stored(self):
        path = f"/api/sessions/{self.session()['id']}/messages?limit=200"
        return self.ask("GET", path)["messages"]


@pytest.fixture
def bot(server: RunningPulso, double: Double) -> Bot:
    return Bot(server, double)


def test_a_customer_is_answered_and_every_tick_is_told(bot: Bot):
    bot.write("hola", "3EB0HOLA")
    told = bot.stream.until("message:sent", timeout=20)
    assert [event.json["type"] for event in told if "message:r" in event.json["type"]] == [
        "message:received"
    ]
    answer = told[-1].json
    assert answer["origin"] == "bot"
    acks = []
    while not acks or acks[-1]["ack"] != "read":
        acks.append(bot.stream.until("message:ack")[-1].json)
    assert {ack["messageId"] for ack in acks} == {answer["messageId"]}
    assert bot.received() == [answer["content"]]
    stored = bot.stored()
    assert [message["fromMe"] for message in stored] == [False, True]
    assert stored[1]["ack"] == "read"


def test_an_operator_answers_and_the_customer_has_it_once(bot: Bot):
    bot.write("hola", "3EB0HOLA")
    session_id = bot.stream.until("message:received")[-1].json["sessionId"]
    bot.ask("PATCH", f"/api/sessions/{session_id}", {"mode": "human"})
    bot.ask("POST", f"/api/sessions/{session_id}/messages", {"content": "soy Eva"})
    while bot.stream.until("message:sent")[-1].json["origin"] != "operator":
        pass
    eventually(lambda: bot.received().count("soy Eva") == 1)


def test_a_killed_server_has_every_message_once_when_it_is_back(bot: Bot):
    bot.write("hola", "3EB0FIRST")
    bot.stream.until("message:received")
    ids = [f"3EB0{number:03}" for number in range(30)]
    for number, message_id in enumerate(ids):
        bot.write("sigo aquí", message_id)
        if number == 14:
            bot.server.kill()
    bot.server.start()
    eventually(lambda: bot.ask("GET", f"/api/bots/{bot.id}/status")["connected"], 20)
    wanted = ["3EB0FIRST", *ids]

    def arrived() -> list[str]:
        return [message["id"] for message in bot.stored() if not message["fromMe"]]

    eventually(lambda: len(arrived()) >= len(wanted), 20)
    assert sorted(arrived()) == sorted(wanted)


def test_a_killed_whatsapp_process_is_told_and_comes_back(bot: Bot):
    pid = bot.server.pid
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        pytest.skip("needs /proc with children")
    for child in children.read_text().split():
        os.kill(int(child), signal.SIGKILL)
    lost = bot.stream.until("bot:disconnected")[-1].json
    assert lost["willReconnect"]
    bot.stream.until("bot:connected", timeout=20)
    bot.write("hola", "3EB0AFTER")
    assert bot.stream.until("message:received")[-1].json["message"]["id"] == "3EB0AFTER"


def test_stopping_the_server_takes_the_whatsapp_process_along(bot: Bot):
    pid = bot.server.pid
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        pytest.skip("needs /proc with children")
    (child,) = children.read_text().split()
    bot.server.close_clients()
    assert bot.server.stop() == 0
    eventually(lambda: not Path(f"/proc/{child}").exists())


def picture(bot: Bot, content: bytes, **fields: object) -> None:
    """The customer sends a file; ``fields`` of its part of the message."""
    kind = str(fields.pop("kind", "image"))
    file = bot.act("upload", kind=kind, base64=base64.b64encode(content).decode())
    sender = {"bot": bot.user, "from": bot.customer, "name": "Ana"}
    bot.act("message", **sender, id="3EB0FILE", message={f"{kind}Message": {**file, **fields}})
    told = bot.stream.until("message:received")[-1].json["message"]
    assert told["type"] == kind
    assert told["media"]["file"]
    assert "download" not in told["media"]


def opened(bot: Bot, token: str | None = None, **headers: str):
    path = f"/api/sessions/{bot.session()['id']}/messages/3EB0FILE/media"
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return bot.server.request("GET", path, token=token or bot.token, headers=sent)


def kept(bot: Bot) -> list[Path]:
    return list((bot.server.data_dir / "media").glob("*/*"))


def test_a_picture_is_described_and_opens_in_the_page(bot: Bot):
    content = b"\xff\xd8\xff a picture"
    picture(bot, content, mimetype="image/jpeg", caption="mira", width=4, height=3)
    (message,) = [one for one in bot.stored() if one["id"] == "3EB0FILE"]
    assert (message["type"], message["content"]) == ("image", "mira")
    assert message["media"] == {
        "mimetype": "image/jpeg",
        "size": 13,
        "width": 4,
        "height": 3,
        "file": True,
    }
    answer = opened(bot)
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == "inline"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_voice_note_outlives_its_link_and_a_player_can_seek_in_it(bot: Bot):
    content = b"OggS\0\2" + os.urandom(300_000)
    picture(bot, content, kind="audio", mimetype="audio/ogg; codecs=opus", ptt=True)
    (file,) = eventually(lambda: kept(bot))
    assert file.stat().st_size == len(content)
    bot.act("forget")
    whole = opened(bot)
    assert (whole.status, whole.body) == (200, content)
    assert (whole.headers["Accept-Ranges"], whole.headers["Content-Type"]) == ("bytes", "audio/ogg")
    size, tag = len(content), whole.headers["ETag"]
    for asked, first, end in (
        ("bytes=0-", 0, size),
        ("bytes=1000-1999", 1000, 2000),
        (f"bytes={size - 5}-{size + 5}", size - 5, size),
        ("bytes=-7", size - 7, size),
    ):
        part = opened(bot, Range=asked, If_Range=tag)
        assert (part.status, part.body) == (206, content[first:end]), asked
        assert part.headers["Content-Range"] == f"bytes {first}-{end - 1}/{size}"
    for asked in (f"bytes={size}-", "bytes=-0"):
        beyond = opened(bot, Range=asked)
        assert (beyond.status, beyond.body) == (416, b"")
        assert beyond.headers["Content-Range"] == f"bytes */{size}"
    # What is no range that can be had, or of another file, is the whole of it.
    for asked in ("bytes=5-2", "bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=a-b"):
        assert opened(bot, Range=asked).status == 200, asked
    assert opened(bot, Range="bytes=0-1", If_Range='"another"').status == 200
    assert opened(bot, If_None_Match=tag).status == 304


def test_a_file_that_lies_about_its_type_is_only_saved(bot: Bot):
    picture(bot, b"<script>alert(1)</script>", mimetype="image/png", caption="mira")
    answer = opened(bot)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment"


def test_the_files_of_a_deleted_bot_go(bot: Bot):
    picture(bot, b"x", mimetype="image/png")
    eventually(lambda: kept(bot))
    path = f"/api/bots/{bot.id}"
    assert bot.server.request("DELETE", path, token=bot.token).status == 204
    bot.server.close_clients()
    assert bot.server.stop() == 0
    bot.server.start()  # whatever was in the way then, it is done at the latest after a start
    eventually(lambda: not kept(bot))


def test_a_document_is_saved_never_rendered(bot: Bot):
    page = b"<script>alert(1)</script>"
    name = 'a"b\r\nX: y/ñ.html'
    picture(bot, page, kind="document", mimetype="text/html", fileName=name)
    answer = opened(bot)
    assert answer.body == page
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename*=UTF-8''a%22b%0D%0AX%3A%20y%2F%C3%B1.html"
    )


def test_a_file_is_for_those_who_may_read_the_chat(bot: Bot):
    picture(bot, b"x", mimetype="image/png")
    stranger = bot.server.token("stranger", bots=["another"])
    assert opened(bot, stranger).status == 404
    path = f"/api/sessions/{bot.session()['id']}/messages/3EB0NONE/media"
    assert bot.server.request("GET", path, token=bot.token).status == 404
    assert bot.server.request("GET", path).status == 401
