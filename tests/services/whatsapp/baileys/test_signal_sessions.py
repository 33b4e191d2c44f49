"""Both phones can read what the other wrote, whatever became of the process between."""

import asyncio
import os
import signal

import pytest

from services.whatsapp.gateway import Acked, Connected, Disconnected, MessageArrived

CUSTOMER = "{}@s.whatsapp.net"


def slow(test):
    return pytest.mark.gen_test(timeout=60)(test)


@slow
async def test_a_killed_process_loses_no_message_and_no_answer(baileys, linked):
    await linked(baileys)
    chat = CUSTOMER.format(baileys.customer)
    incoming = [f"3EB0IN{number:03}" for number in range(40)]
    answers = [f"3EB0OUT{number:03}" for number in range(20)]

    async def write():
        for message_id in incoming:
            await baileys.message(message_id, message_id=message_id)

    async def answer():
        for message_id in answers:
            await baileys.gateway.send("b1", chat, message_id, message_id)

    async def kill():
        for count in (8, 24):
            while len(baileys.heard.of(MessageArrived)) < count:
                await baileys.heard.until(MessageArrived)
            os.kill(baileys.gateway.child_pid, signal.SIGKILL)
            await baileys.heard.until(Connected)

    await asyncio.gather(write(), answer(), kill())
    while {event.message_id for event in baileys.heard.of(MessageArrived)} < set(incoming):
        await baileys.heard.until(MessageArrived)
    died = baileys.heard.of(Disconnected)
    assert all(event.will_reconnect and event.retry_in_ms for event in died)

    async def inbox():
        inboxes = (await baileys.double.act("state"))["inboxes"]
        return sorted(message["id"] for message in inboxes[baileys.customer])

    assert await inbox() == answers
    assert (await baileys.double.device(baileys.user))["askedAgain"] == []


@slow
async def test_a_text_is_there_for_a_phone_that_asks_again_after_a_restart(baileys, linked):
    await linked(baileys)
    chat = CUSTOMER.format(baileys.customer)
    await baileys.gateway.send("b1", chat, "3EB0ASKED", "hola")
    await baileys.restart()
    await baileys.gateway.start("b1")
    await baileys.heard.until(Connected)
    ask = {"bot": baileys.user, "from": baileys.customer, "id": "3EB0ASKED"}
    await baileys.double.act("again", **ask)
    await sent_times(baileys, "3EB0ASKED", 2)


@slow
async def test_a_message_on_an_older_session_spoils_no_newer_one(baileys, linked):
    await linked(baileys)
    chat = CUSTOMER.format(baileys.customer)
    await baileys.message("uno", message_id="3EB0IN1")
    await baileys.heard.until(MessageArrived)
    await baileys.gateway.send("b1", chat, "3EB0OUT1", "dos")
    await baileys.message("tres", message_id="3EB0IN2", slow=True)
    # Asked again, Baileys begins a new session, and reads with that one first.
    ask = {"bot": baileys.user, "from": baileys.customer, "id": "3EB0OUT1"}
    await baileys.double.act("again", **ask)
    await sent_times(baileys, "3EB0OUT1", 2)
    await baileys.double.act("arrive", bot=baileys.user)
    await baileys.heard.until(MessageArrived, message_id="3EB0IN2")
    await baileys.gateway.send("b1", chat, "3EB0OUT2", "cuatro")
    await baileys.heard.until(Acked, message_id="3EB0OUT2", ack="delivered")
    assert (await baileys.double.device(baileys.user))["askedAgain"] == ["3EB0OUT1"]


async def sent_times(baileys, message_id, times):
    """Wait until the bot has sent a message so often; each time is acknowledged."""
    while (await baileys.double.device(baileys.user))["sent"].count(message_id) < times:
        await baileys.heard.until(Acked, message_id=message_id, ack="server")
