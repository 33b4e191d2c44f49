"""The whole server in this process: what a failed start and a stop give back, in which order."""

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from handlers.application import make_application
from services.bus import history_file
from services.bus.events import ChatTyping
from services.config import Settings
from services.errors import CannotStart
from services.pulso import Pulso
from services.server.data_dir import locked
from services.store.group_commit import Change
from tests.running import PASSWORD, SECRET

TYPING = ChatTyping(bot_id="b1", session_id="s1", who="bot", state="composing")


def made(folder: Path, **settings: str) -> Pulso:
    environ = {
        "PULSO_DATA_DIR": str(folder),
        "PULSO_PORT": "0",
        "PULSO_ADMIN_PASSWORD": PASSWORD,
        "JWT_SECRET": SECRET,
        **settings,
    }
    return Pulso(Settings.from_environ(environ), make_application)


def is_free(pulso: Pulso, port: int) -> bool:
    """Whether the port and the data dir are nobody's."""
    with locked(pulso.settings.data_dir), socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
    return True


@pytest.mark.parametrize("part", ["ledger", "operators", "gateway", "bots"])
def test_a_start_that_fails_gives_back_what_it_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    async def run() -> None:
        async with made(tmp_path) as first:
            seen = first.bus.publish(TYPING)
        pulso = made(tmp_path)

        async def fail(*_: Any) -> None:
            raise CannotStart("for a test")

        monkeypatch.setattr(getattr(pulso, part), "open", fail)
        with pytest.raises(CannotStart, match="for a test"):
            async with pulso:
                raise AssertionError("it started")
        assert pulso.listener is not None
        assert len(asyncio.all_tasks()) == 1
        async with made(tmp_path) as third:
            assert is_free_of_gaps(third, seen)

    asyncio.run(run())


def is_free_of_gaps(pulso: Pulso, last_event_id: str) -> bool:
    with pulso.bus.subscribe(["b1"], last_event_id) as reader:
        return reader.starts[0].gap is None


def test_a_stop_gives_back_the_port_and_the_data_dir(tmp_path: Path) -> None:
    async def run() -> None:
        async with made(tmp_path) as pulso:
            port = int(pulso.address.rpartition(":")[2])
            with pytest.raises(CannotStart, match="in use by process"), locked(tmp_path):
                pass
        assert is_free(pulso, port)

    asyncio.run(run())


def test_a_change_that_is_committed_last_is_in_the_saved_history(tmp_path: Path) -> None:
    def change(change: Change) -> None:
        time.sleep(0.3)
        change.publish(TYPING)

    async def run() -> None:
        async with made(tmp_path) as pulso:
            before = pulso.bus.publish(TYPING)
            late = asyncio.ensure_future(pulso.ledger.change(change))
            await asyncio.sleep(0.05)
        await late
        async with made(tmp_path) as resumed:
            with resumed.bus.subscribe(["b1"], before) as reader:
                assert reader.starts[0].resumed
                assert len(reader.replay) == 1

    asyncio.run(run())


def test_a_part_that_does_not_close_holds_up_no_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    async def run() -> None:
        pulso = made(tmp_path, PULSO_DRAIN_SECONDS="0.5")
        monkeypatch.setattr(pulso.gateway, "close", never)
        monkeypatch.setattr(pulso.conversations, "close", never)
        async with pulso:
            pulso.bus.publish(TYPING)
        assert (tmp_path / history_file.NAME).exists()

    asyncio.run(asyncio.wait_for(run(), 10))
    assert caplog.text.count("was not over in time") == 2
