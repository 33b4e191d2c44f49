"""The process by itself: what it does with what it can't use, and when it ends."""

import asyncio
import os
import shutil
import signal

import pytest

from services.whatsapp.baileys import wire
from services.whatsapp.baileys.child import SCRIPT, Child, ChildGone

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="needs Node 20 or newer"),
    pytest.mark.skipif(
        not (SCRIPT.parent / "node_modules").is_dir(),
        reason="needs npm ci --prefix services/whatsapp/baileys/node",
    ),
]


@pytest.fixture
def fallen():
    """What ``down`` was called with."""
    return asyncio.Queue()


@pytest.fixture
def child(io_loop, tmp_path, fallen):
    one = Child(tmp_path, dict(os.environ), lambda said: None, fallen.put_nowait)
    yield one
    io_loop.run_sync(one.close)


@pytest.mark.gen_test
async def test_nothing_can_be_asked_before_it_is_started(tmp_path):
    with pytest.raises(ChildGone):
        await Child(tmp_path, {}, print, print).ask("open", botId="b1")


@pytest.mark.gen_test(timeout=30)
async def test_a_command_it_does_not_know_is_answered_with_a_reason(child):
    assert child.start() is None
    await child.up()
    with pytest.raises(RuntimeError, match="no such command"):
        await child.ask("dance", botId="b1")
    with pytest.raises(RuntimeError, match="not a usable bot id"):
        await child.ask("open", botId="../b1")


@pytest.mark.gen_test(timeout=30)
async def test_a_killed_process_is_followed_by_another(child, fallen):
    child.start()
    await child.up()
    first = child.pid
    os.kill(first, signal.SIGKILL)
    assert 0.7 < await fallen.get() < 1.3
    await child.up()
    assert child.pid != first


@pytest.mark.gen_test(timeout=30)
async def test_a_request_under_way_ends_with_the_process(child, fallen):
    child.start()
    await child.up()
    os.kill(child.pid, signal.SIGSTOP)
    asked = child.ask("typing", botId="b1", chatId="x", state="paused")
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(ChildGone):
        await asked
    await fallen.get()


@pytest.mark.gen_test(timeout=30)
async def test_an_event_that_can_not_be_dealt_with_ends_nothing(io_loop, tmp_path, fallen, caplog):
    heard = []

    def hear(line):
        heard.append(line)
        raise RuntimeError("a bug of ours")

    child = Child(tmp_path, dict(os.environ), hear, fallen.put_nowait)
    child.start()
    await child.up()
    with pytest.raises(RuntimeError, match="no such command"):
        await child.ask("dance", botId="b1")
    assert [type(line) for line in heard] == [wire.Ready]
    assert "could not be dealt with" in caplog.text
    await child.close()


@pytest.mark.gen_test(timeout=30)
async def test_a_process_that_is_not_listened_to_is_ended_and_followed(
    child, fallen, monkeypatch, caplog
):
    child.start()
    await child.up()
    first = child.pid

    def read(line):
        monkeypatch.undo()
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(wire, "read", read)
    asked = child.ask("dance", botId="b1")
    with pytest.raises(ChildGone):
        await asked
    await fallen.get()
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    await child.up()
    assert child.pid != first
    assert "could not be listened to" in caplog.text


@pytest.mark.gen_test(timeout=30)
async def test_packages_of_another_version_are_refused_with_what_to_do(
    io_loop, tmp_path, fallen, monkeypatch
):
    node = tmp_path / "node"
    shutil.copytree(SCRIPT.parent, node, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copytree(SCRIPT.parent / "node_modules" / "baileys", node / "node_modules" / "baileys")
    for package in (SCRIPT.parent / "node_modules").iterdir():
        if package.name != "baileys":
            (node / "node_modules" / package.name).symlink_to(package)
    manifest = node / "node_modules" / "baileys" / "package.json"
    manifest.write_text(manifest.read_text().replace('"7.0.0-rc14"', '"7.0.0-rc15"', 1))
    monkeypatch.setattr("services.whatsapp.baileys.child.SCRIPT", node / "main.js")
    child = Child(tmp_path, dict(os.environ), lambda line: None, fallen.put_nowait)
    child.start()
    reason = await fallen.get()
    assert reason == (
        "Baileys is 7.0.0-rc15, and must be 7.0.0-rc14: "
        "run npm ci --prefix services/whatsapp/baileys/node, then connect again"
    )
    await child.close()


@pytest.mark.gen_test(timeout=30)
async def test_closing_while_the_next_one_is_awaited_starts_none(child, fallen):
    child.start()
    await child.up()
    os.kill(child.pid, signal.SIGKILL)
    await fallen.get()
    await child.close()
    assert child.pid is None


def test_every_line_of_the_protocol_is_typed():
    line = b'{"event":"qr","botId":"b1","qr":"2@x","seq":2,"livesMs":20000,"more":1}'
    assert wire.read(line) == wire.Qr(bot_id="b1", qr="2@x", seq=2, lives_ms=20000)


@pytest.mark.parametrize(
    "line", [b"", b"Closing session:", b'{"event":"dance"}', b'{"event":"qr"}']
)
def test_a_line_that_is_none_of_them_is_an_error_of_decoding(line):
    with pytest.raises(wire.Unreadable):
        wire.read(line)
