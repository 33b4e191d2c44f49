"""What only the real thing can show: codes, kills, addresses, keys on disk."""

import asyncio
import contextlib
import logging
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from services.whatsapp.baileys.gateway import BaileysGateway
from services.whatsapp.gateway import (
    Connected,
    Connecting,
    Disconnected,
    MessageArrived,
    Presence,
    QrShown,
)
from tests.running import eventually

CUSTOMER = "{}@s.whatsapp.net"


def slow(test):
    return pytest.mark.gen_test(timeout=60)(test)


@slow
@pytest.mark.parametrize("code", [428, 503, 500])
async def test_passing_trouble_is_retried(baileys, online, code):
    await online(baileys)
    await baileys.double.act("end", bot=baileys.user, code=code)
    lost = await baileys.heard.until(Disconnected, status_code=code)
    assert lost.will_reconnect
    assert 500 < lost.retry_in_ms < 1500
    await baileys.heard.until(Connected)


@slow
async def test_each_loss_in_a_row_waits_longer(baileys, online):
    await online(baileys)
    await baileys.double.act("refuse", bot=baileys.user, code=503)
    await baileys.drop()
    first, second, third = [await baileys.heard.until(Disconnected) for _ in range(3)]
    assert first.retry_in_ms < second.retry_in_ms < third.retry_in_ms
    assert [event.attempt for event in baileys.heard.of(Connecting)][-2:] == [2, 3]
    await baileys.double.act("refuse", bot=baileys.user, code=0)
    await baileys.heard.until(Connected)


@slow
@pytest.mark.parametrize("code", [402, 403, 405, 406, 409, 411])
async def test_a_refusal_by_whatsapp_is_final_until_somebody_connects(baileys, online, code):
    await online(baileys)
    await baileys.double.act("refuse", bot=baileys.user, code=code)
    await baileys.drop()
    await baileys.heard.until(Disconnected, will_reconnect=True)
    ended = await baileys.heard.until(Disconnected, status_code=code)
    assert not ended.will_reconnect
    assert ended.reason
    await baileys.double.act("refuse", bot=baileys.user, code=0)
    await baileys.gateway.start("b1")
    await baileys.heard.until(Connected)  # the credentials are still there


@slow
async def test_a_bot_that_was_replaced_does_not_fight_for_its_place(baileys, online):
    await online(baileys)
    await baileys.double.act("end", bot=baileys.user, code=440)
    lost = await baileys.heard.until(Disconnected, status_code=440)
    assert not lost.will_reconnect
    told = len(baileys.heard.events)
    await asyncio.sleep(1.5)  # a first retry would come after 1.2 s at most
    assert len(baileys.heard.events) == told


@slow
async def test_credentials_that_can_not_be_written_take_no_bot_down(baileys, linked, caplog):
    await linked(baileys)
    process = baileys.gateway.child_pid
    creds = baileys.folder / "creds.json"
    was = creds.read_bytes()
    while not creds.is_dir():
        creds.unlink()
        with contextlib.suppress(FileExistsError):  # it was saved meanwhile
            creds.mkdir()
    await baileys.drop()
    await baileys.heard.until(Connected)
    await asyncio.to_thread(eventually, lambda: "can't be written" in caplog.text)
    creds.rmdir()
    await asyncio.to_thread(eventually, creds.is_file)
    assert baileys.gateway.child_pid == process
    assert len(creds.read_bytes()) > len(was) // 2


@slow
async def test_a_chat_is_known_by_its_phone_number_whichever_address_is_used(baileys, online):
    await online(baileys)
    await baileys.message("por número", message_id="3EB0PN")
    by_number = await baileys.heard.until(MessageArrived, message_id="3EB0PN")
    await baileys.message("por lid", message_id="3EB0LID", lid=True)
    by_lid = await baileys.heard.until(MessageArrived, message_id="3EB0LID")
    assert by_number.chat_id == by_lid.chat_id == CUSTOMER.format(baileys.customer)
    assert by_number.alt_chat_id == by_lid.alt_chat_id
    assert by_lid.alt_chat_id.endswith("@lid")


@slow
async def test_a_message_delivered_twice_arrives_once(baileys, online):
    await online(baileys)
    await baileys.message("hola", message_id="3EB0TWICE")
    await baileys.message("hola", message_id="3EB0TWICE")
    await baileys.message("fin", message_id="3EB0LAST")
    await baileys.heard.until(MessageArrived, message_id="3EB0LAST")
    assert len(baileys.heard.of(MessageArrived, message_id="3EB0TWICE")) == 1


@slow
async def test_a_customer_is_seen_typing(baileys, online):
    await online(baileys)
    act, customer = baileys.double.act, {"bot": baileys.user, "from": baileys.customer}
    await act("typing", **customer, state="composing")
    await baileys.heard.until(Presence, state="composing")
    await act("typing", **customer, state="paused")
    await baileys.heard.until(Presence, state="paused")


@slow
async def test_one_process_holds_many_bots(baileys):
    users = {f"b{number}": baileys.double.number() for number in range(4)}
    for bot_id in users:
        await baileys.gateway.start(bot_id)
    for bot_id, user in users.items():
        shown = baileys.heard.of(QrShown, bot_id=bot_id)
        qr = shown[0] if shown else await baileys.heard.until(QrShown, bot_id=bot_id)
        await baileys.double.act("scan", qr=qr.code, user=user, name=bot_id)
    for bot_id, user in users.items():
        while not baileys.heard.of(Connected, bot_id=bot_id):
            await baileys.heard.until(Connected)
        (connected,) = baileys.heard.of(Connected, bot_id=bot_id)
        assert connected.user_id == CUSTOMER.format(user)


@slow
async def test_credentials_are_for_the_owner_only_and_nothing_is_left_half_written(
    baileys, linked, tmp_path
):
    await linked(baileys)
    await baileys.gateway.stop("b1")
    folder = tmp_path / "whatsapp" / "b1"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def whole_and_private():
        files = list(folder.iterdir())
        try:
            modes = {stat.S_IMODE(file.stat().st_mode) for file in files}
        except FileNotFoundError:  # renamed just now
            return False
        return modes == {0o600} and not [file for file in files if file.suffix == ".tmp"]

    # What was being written when the bot stopped is written to its end.
    eventually(whole_and_private)


@slow
async def test_an_unlinked_bot_leaves_no_credentials_behind(baileys, linked, tmp_path):
    await linked(baileys)
    await baileys.unlink()
    await baileys.heard.until(Disconnected, status_code=401)
    await baileys.gateway.start("b1")  # in turn, after the deletion
    await baileys.heard.until(QrShown)
    assert list((tmp_path / "whatsapp" / "b1").glob("*session*")) == []


@slow
async def test_logging_out_unlinks_the_bot_at_whatsapp_and_deletes_its_folder(
    baileys, linked, tmp_path
):
    await linked(baileys)
    await baileys.gateway.log_out("b1")
    assert not (tmp_path / "whatsapp" / "b1").exists()
    state = await baileys.double.act("state")
    assert baileys.user not in {device["user"] for device in state["devices"]}


@slow
async def test_no_key_reaches_the_log(baileys, online, caplog):
    with caplog.at_level(logging.DEBUG):
        await online(baileys)
        for number in range(3):  # new sessions are what libsignal prints most about
            await baileys.message("hola", message_id=f"3EB0K{number}")
        await baileys.heard.until(MessageArrived, message_id="3EB0K2")
        await baileys.gateway.stop("b1")
    said = [record.getMessage() for record in caplog.records if "child" in record.name]
    assert said  # the child does log
    assert not any("privKey" in line or "Buffer" in line or "keyPair" in line for line in said)
    assert max(map(len, said)) < 400


@slow
async def test_without_node_a_bot_fails_with_what_to_do(tmp_path, io_loop):
    gateway, told = BaileysGateway(tmp_path, environ={"PATH": str(tmp_path)}), []
    await gateway.open(told.append)
    await gateway.start("b1")
    assert "install Node 20" in told[0].reason
    await gateway.log_out("b1")
    await gateway.close()


def environment_of(pid):
    lines = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(line.split("=", 1) for line in lines if line)


@slow
async def test_the_process_is_given_what_it_needs_and_no_secret(tmp_path, io_loop):
    secrets = {
        "JWT_SECRET": "s3cret",
        "PULSO_ADMIN_PASSWORD": "s3cret",
        "PULSO_AI_API_KEY": "s3cret",
        "PULSO_DATABASE_URL": "postgresql://ana:s3cret@db/pulso",
        "NODE_AUTH_TOKEN": "s3cret",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
    }
    needed = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "NODE_OPTIONS": "--max-old-space-size=512",
        "https_proxy": "http://127.0.0.1:1",
        "NO_PROXY": "localhost",
    }
    gateway = BaileysGateway(tmp_path, "ws://127.0.0.1:9/", environ={**needed, **secrets})
    await gateway.open(lambda event: None)
    await gateway.start("b1")
    pid = await asyncio.to_thread(eventually, lambda: gateway.child_pid)
    assert environment_of(pid) == {**needed, "PULSO_BAILEYS_URL": "ws://127.0.0.1:9/"}
    await gateway.close()


@slow
async def test_an_id_that_can_not_name_a_folder_is_refused(baileys):
    await baileys.gateway.start("../b1")
    assert "can't name a folder" in baileys.heard.events[0].reason


@slow
async def test_a_server_elsewhere_is_refused(tmp_path, double):
    gateway, told = BaileysGateway(tmp_path, "wss://example.com/ws/chat"), asyncio.Queue()
    await gateway.open(told.put_nowait)
    await gateway.start("b1")
    assert isinstance(await told.get(), Connecting)
    assert "loopback" in (await told.get()).reason
    await gateway.close()


@slow
async def test_closing_waits_for_nobody(baileys, online):
    await online(baileys)
    os.kill(baileys.gateway.child_pid, signal.SIGSTOP)
    began = time.monotonic()
    await baileys.gateway.close()
    assert time.monotonic() - began < 6
