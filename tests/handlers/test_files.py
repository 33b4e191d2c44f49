"""Files of messages, sent by operators and by the simulated phone, as forms."""

import os
from collections.abc import Iterator

import pytest

from tests.forms import OGG, PNG, form, post_form
from tests.handlers.chat import CONTACT, Chat
from tests.running import RunningPulso, eventually, running

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def pulso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPulso]:
    """One server for this module, without a bot that answers."""
    with running(tmp_path_factory.mktemp("pulso") / "data", PULSO_AI="off") as server:
        yield server
        assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="module")
def chat(pulso: RunningPulso) -> Chat:
    return Chat(pulso)


def nothing_spooled(pulso: RunningPulso) -> None:
    """What was on its way is gone, at the latest right after the answer."""
    eventually(lambda: list((pulso.data_dir / "spool").iterdir()) == [])


@pytest.mark.parametrize(
    ("content", "name", "given", "kind", "mimetype", "served"),
    [
        (PNG, "C:\\fotos\\día 1.png", "image/png", "image", "image/png", "image/png"),
        (OGG, "voz.ogg", "audio/ogg; codecs=opus", "audio", "audio/ogg", "audio/ogg"),
        (b"%PDF-1.7", "a.pdf", "application/pdf", "document", "application/pdf", None),
        # What its bytes don't bear out is a document, and never shown.
        (b"<script>alert(1)</script>", "foto.png", "image/png", "document", None, None),
        (b"<svg onload=alert(1)>", "a.svg", "image/svg+xml", "document", "image/svg+xml", None),
        (PNG, "a.html", "text/html", "document", None, None),
    ],
)
def test_a_file_goes_out_as_what_it_is(
    pulso: RunningPulso,
    chat: Chat,
    content: bytes,
    name: str,
    given: str,
    kind: str,
    mimetype: str | None,
    served: str | None,
) -> None:
    fields = {"content": "mira", "quoted": "M1", "voice": "1", "width": "4", "height": "3"}
    answer = post_form(
        pulso, f"{chat.path}/messages", form(content, name, given, **fields), chat.token
    )
    assert answer.status == 202, answer.body
    sent = chat.stream.until("message:sent")[-1].json
    assert (sent["messageId"], sent["content"], sent["kind"]) == (answer.json["id"], "mira", kind)
    media = sent["media"]
    assert media["mimetype"] == (mimetype or "application/octet-stream")
    assert (media["size"], media["name"], media["file"]) == (
        len(content),
        name.rpartition("\\")[2],
        True,
    )
    assert sent["quoted"]["id"] == "M1" and sent["author"]["name"] == "tester"
    if kind == "image":
        assert (media["width"], media["height"]) == (4, 3)
    assert media.get("voice") == (True if kind == "audio" else None)
    while chat.stream.until("message:ack")[-1].json["ack"] != "server":
        pass
    stored = chat.call("GET", f"{chat.path}/messages")["messages"][-1]
    assert (stored["type"], stored["media"], stored["failed"]) == (kind, media, None)
    file = pulso.request("GET", f"{chat.path}/messages/{stored['id']}/media", token=chat.token)
    assert (file.status, file.body) == (200, content)
    assert file.headers["Content-Type"] == (served or "application/octet-stream")
    assert file.headers["Content-Disposition"].startswith("inline" if served else "attachment")
    nothing_spooled(pulso)


def test_24_mib_go_out_and_come_in_and_more_than_the_limit_does_not(
    pulso: RunningPulso, chat: Chat
) -> None:
    content = os.urandom(24 * MIB)
    path = f"{chat.path}/messages"
    body = form(content, "grande.bin", "application/octet-stream")
    message_id = post_form(pulso, path, body, chat.token).json["id"]
    file = pulso.request("GET", f"{path}/{message_id}/media", token=chat.token)
    assert file.body == content
    large = form(content + content[: 2 * MIB], "grande.bin", "application/octet-stream")
    for where in (path, f"/api/simulator/bots/{chat.bot}/message"):
        refused = post_form(pulso, where, large, chat.token)
        assert (refused.status, refused.json["error"]) == (413, "The file is over 25 MiB")
    nothing_spooled(pulso)


def test_the_phone_sends_files_too(pulso: RunningPulso) -> None:
    chat = Chat(pulso)
    path = f"/api/simulator/bots/{chat.bot}/message"
    fields = {"from": CONTACT, "name": "Luz", "text": "mi voz", "id": "V1", "voice": "true"}
    body = form(OGG, "voz.ogg", "audio/ogg", **fields, seconds="3")
    assert post_form(pulso, path, body, chat.token).status == 202
    message = chat.stream.until("message:received")[-1].json["message"]
    assert (message["id"], message["type"], message["content"]) == ("V1", "audio", "mi voz")
    assert (message["media"]["voice"], message["media"]["seconds"]) == (True, 3)
    file = pulso.request("GET", f"{chat.path}/messages/V1/media", token=chat.token)
    assert (file.body, file.headers["Content-Type"]) == (OGG, "audio/ogg")
    refused = post_form(pulso, path, form(OGG, "voz.ogg", "audio/ogg"), chat.token)
    assert (refused.status, refused.json["field"]) == (400, "from")


def test_what_is_wrong_with_a_form_is_reported(pulso: RunningPulso, chat: Chat) -> None:
    path = f"{chat.path}/messages"
    whole = form(PNG)
    for body, status, field in (
        (whole[:-20], 400, None),
        (b"", 400, None),
        (form(PNG, content="a\x00"), 400, "content"),
        (form(PNG, quoted="NOBODY"), 400, "quoted"),
        (form(PNG, width="0"), 400, "width"),
        (form(PNG, content="x" * 300_000), 413, None),
        (whole.replace(b'; filename="foto.png"', b""), 400, "file"),
        (whole[: -len(b"------a-form-of-the-tests--\r\n")] + whole, 400, "file"),
    ):
        refused = post_form(pulso, path, body, chat.token)
        assert (refused.status, refused.json.get("field")) == (status, field), body[:200]
    stranger = pulso.token(bots=["another"])
    assert post_form(pulso, path, whole, stranger).status == 404
    assert post_form(pulso, path, whole, None).status == 401
    nothing_spooled(pulso)
