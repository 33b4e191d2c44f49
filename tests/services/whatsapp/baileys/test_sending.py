"""What becomes of a text on its way, whatever breaks meanwhile."""

import asyncio
import os
import signal

import pytest

from services.whatsapp.gateway import (
    Acked,
    SendFailed,
)
from tests.services.whatsapp.baileys.test_gateway import CUSTOMER, slow


@slow
async def test_a_text_in_the_air_when_the_connection_breaks_is_sent_again(baileys, online):
    await online(baileys)
    await baileys.double.act("deaf", on=True)
    sending = asyncio.ensure_future(
        baileys.gateway.send("b1", CUSTOMER.format(baileys.customer), "3EB0AIR", "hola")
    )
    await asyncio.sleep(0.5)
    assert not sending.done()
    await baileys.double.act("deaf", on=False)
    await baileys.drop()
    await sending
    await baileys.heard.until(Acked, message_id="3EB0AIR", ack="read")
    inbox = (await baileys.double.act("state"))["inboxes"][baileys.customer]
    assert [message["id"] for message in inbox] == ["3EB0AIR"]


@slow
async def test_a_text_that_is_given_up_on_its_way_never_goes_out(baileys, online, monkeypatch):
    monkeypatch.setattr("services.whatsapp.baileys.sending.SEND_PATIENCE", 2.0)
    await online(baileys)
    await baileys.double.act("mute", xmlns="usync")
    with pytest.raises(SendFailed, match=r"^WhatsApp did not take the message within 2 s$"):
        await baileys.gateway.send("b1", CUSTOMER.format(baileys.customer), "3EB0GIVENUP", "hola")
    await baileys.double.act("mute", xmlns=None)
    await baileys.gateway.send("b1", CUSTOMER.format(baileys.customer), "3EB0AGAIN", "hola")
    await baileys.heard.until(Acked, message_id="3EB0AGAIN", ack="read")
    assert (await baileys.double.device(baileys.user))["sent"].count("3EB0GIVENUP") == 0


@slow
async def test_of_a_text_that_was_out_when_it_was_given_up_it_is_not_known(
    baileys, online, monkeypatch
):
    monkeypatch.setattr("services.whatsapp.baileys.sending.SEND_PATIENCE", 2.0)
    await online(baileys)
    await baileys.double.act("deaf", on=True)
    try:
        with pytest.raises(SendFailed, match="It is not known whether WhatsApp took the message"):
            await baileys.gateway.send("b1", CUSTOMER.format(baileys.customer), "3EB0X", "hola")
    finally:
        await baileys.double.act("deaf", on=False)


@slow
async def test_texts_behind_one_that_does_not_get_out_are_tried(baileys, online):
    await online(baileys)
    known, stranger = (baileys.double.number() for _ in range(2))
    await baileys.gateway.send("b1", CUSTOMER.format(known), "3EB0KNOWN", "hola")
    await baileys.double.act("mute", xmlns="usync")
    stuck = asyncio.ensure_future(
        baileys.gateway.send("b1", CUSTOMER.format(stranger), "3EB0STUCK", "hola")
    )
    await asyncio.sleep(0)
    try:
        await baileys.gateway.send("b1", CUSTOMER.format(known), "3EB0BEHIND", "hola")
        assert not stuck.done()
    finally:
        await baileys.double.act("mute", xmlns=None)
    await stuck


@slow
async def test_a_send_outlives_its_process_but_not_its_patience(baileys, online, monkeypatch):
    monkeypatch.setattr("services.whatsapp.baileys.sending.SEND_PATIENCE", 1.5)
    await online(baileys)
    await baileys.double.act("deaf", on=True)
    sending = asyncio.ensure_future(
        baileys.gateway.send("b1", CUSTOMER.format(baileys.customer), "3EB0Y", "hola")
    )
    await asyncio.sleep(0.5)
    os.kill(baileys.gateway.child_pid, signal.SIGKILL)
    try:
        with pytest.raises(SendFailed, match="It is not known whether WhatsApp took"):
            await sending
    finally:
        await baileys.double.act("deaf", on=False)


@slow
async def test_stopping_a_bot_fails_the_send_that_waits_on_it(baileys, online):
    await online(baileys)
    await baileys.double.act("deaf", on=True)
    sending = asyncio.ensure_future(
        baileys.gateway.send("b1", CUSTOMER.format(baileys.customer), "3EB0STOP", "hola")
    )
    await asyncio.sleep(0.2)
    await baileys.gateway.stop("b1")
    await baileys.double.act("deaf", on=False)
    with pytest.raises(SendFailed):
        await sending
