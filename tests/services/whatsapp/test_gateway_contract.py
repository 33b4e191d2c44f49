"""What either gateway promises: the same tests on the simulated one and on a real Baileys."""

import time

import pytest

from services.whatsapp.gateway import (
    Acked,
    Connected,
    Connecting,
    Disconnected,
    MessageArrived,
    PairingCodeShown,
    QrShown,
    SendFailed,
)

SECONDS = 60  # the limit of a test; hung is what it means


def contract(test):
    return pytest.mark.gen_test(timeout=SECONDS)(test)


@contract
async def test_a_scan_takes_a_bot_from_qr_to_connected_with_no_error_shown(phone):
    await phone.gateway.start("b1")
    await phone.heard.until(Connecting, attempt=1)
    qr = await phone.heard.until(QrShown)
    assert qr.seq == 1
    assert qr.code.startswith("https://wa.me/settings/linked_devices#2@")
    assert qr.expires_at > time.time()
    await phone.scan(qr)
    connected = await phone.heard.until(Connected)
    assert connected.user_id.endswith("@s.whatsapp.net")
    assert phone.heard.of(Disconnected) == []


@contract
async def test_messages_of_a_customer_arrive_in_order(phone, linked):
    await linked(phone)
    sent = [f"3EB0{number:04}" for number in range(10)]
    for message_id in sent:
        await phone.message(f"hola {message_id}", message_id=message_id)
    await phone.heard.until(MessageArrived, message_id=sent[-1])
    arrived = phone.heard.of(MessageArrived)
    assert [message.message_id for message in arrived] == sent
    first = arrived[0]
    assert (first.text, first.kind, first.push_name) == ("hola 3EB00000", "text", "Ana")
    assert first.live
    assert not first.from_me
    assert abs(first.timestamp - time.time()) < 60


@contract
async def test_what_the_phone_itself_sends_arrives_as_from_me(phone, linked):
    await linked(phone)
    await phone.message("hola", message_id="3EB0THEIRS")
    theirs = await phone.heard.until(MessageArrived, message_id="3EB0THEIRS")
    await phone.message("ya voy", message_id="3EB0OURS", from_me=True)
    ours = await phone.heard.until(MessageArrived, message_id="3EB0OURS")
    assert ours.from_me
    assert ours.chat_id == theirs.chat_id
    assert ours.push_name is None


@contract
async def test_a_sent_text_is_acknowledged_by_server_phone_and_reader(phone, linked):
    await linked(phone)
    await phone.message("hola", message_id="3EB0FIRST")
    chat = (await phone.heard.until(MessageArrived)).chat_id
    await phone.gateway.send("b1", chat, "3EB0ANSWER", "buenas")
    await phone.heard.until(Acked, message_id="3EB0ANSWER", ack="read")
    acks = [event.ack for event in phone.heard.of(Acked, message_id="3EB0ANSWER")]
    assert acks == ["server", "delivered", "read"]


@contract
async def test_an_own_send_comes_back_once_at_most_and_never_live(phone, linked):
    await linked(phone)
    await phone.message("hola", message_id="3EB0FIRST")
    chat = (await phone.heard.until(MessageArrived)).chat_id
    await phone.gateway.send("b1", chat, "3EB0ANSWER", "buenas")
    await phone.heard.until(Acked, message_id="3EB0ANSWER", ack="read")
    echoes = phone.heard.of(MessageArrived, message_id="3EB0ANSWER")
    assert len(echoes) <= 1
    assert all(echo.from_me and not echo.live for echo in echoes)


@contract
async def test_a_bot_that_is_not_connected_refuses_to_send(phone):
    with pytest.raises(SendFailed):
        await phone.gateway.send("b1", "5215551234567@s.whatsapp.net", "3EB0X", "hola")


@contract
async def test_a_dropped_connection_comes_back_by_itself_without_a_qr(phone, linked):
    await linked(phone)
    await phone.drop()
    lost = await phone.heard.until(Disconnected)
    assert lost.status_code in (428, 408)
    assert lost.will_reconnect
    assert lost.retry_in_ms > 0
    await phone.heard.until(Connecting)
    await phone.heard.until(Connected)
    assert len(phone.heard.of(QrShown)) == 1


@contract
async def test_what_was_sent_while_the_bot_was_away_is_not_live(phone, linked):
    await linked(phone)
    await phone.gateway.stop("b1")
    await phone.message("hay alguien?", message_id="3EB0AWAY")
    await phone.gateway.start("b1")
    message = await phone.heard.until(MessageArrived, message_id="3EB0AWAY")
    assert not message.live


@contract
async def test_an_unlinked_bot_says_401_and_shows_a_new_qr_on_request(phone, linked):
    await linked(phone)
    await phone.unlink()
    lost = await phone.heard.until(Disconnected)
    assert lost.status_code == 401
    assert not lost.will_reconnect
    await phone.gateway.start("b1")
    await phone.scan(await phone.heard.until(QrShown, seq=1))
    await phone.heard.until(Connected)


@contract
async def test_a_number_gets_a_code_in_place_of_the_qr_and_may_go_back_to_one(phone):
    await phone.gateway.start("b1")
    await phone.heard.until(QrShown)
    await phone.gateway.start("b1", "34600111222")
    shown = await phone.heard.until(PairingCodeShown)
    assert len(shown.code) == 8
    assert shown.expires_at > time.time()
    await phone.gateway.stop("b1")
    await phone.gateway.start("b1")
    # Not logged in as a number that nobody proved to have.
    await phone.scan(await phone.heard.until(QrShown, seq=1))
    await phone.heard.until(Connected)
    assert phone.heard.of(Disconnected) == []


@contract
async def test_a_second_start_changes_nothing(phone, linked):
    await phone.gateway.start("b1")
    await phone.gateway.start("b1")
    qr = await phone.heard.until(QrShown)
    await phone.gateway.start("b1")
    await phone.scan(qr)
    await phone.heard.until(Connected)
    await phone.gateway.start("b1")
    await phone.message("hola", message_id="3EB0AFTER")
    await phone.heard.until(MessageArrived)
    assert len(phone.heard.of(QrShown)) == 1
    assert len(phone.heard.of(Connected)) == 1


@contract
async def test_a_stop_while_a_qr_shows_takes_less_than_a_second(phone):
    await phone.gateway.start("b1")
    await phone.heard.until(QrShown)
    began = time.monotonic()
    await phone.gateway.stop("b1")
    assert time.monotonic() - began < 1
    await phone.gateway.start("b1")
    await phone.heard.until(QrShown, seq=1)


@contract
async def test_a_stopped_bot_connects_again_without_a_qr(phone, linked):
    await linked(phone)
    await phone.gateway.stop("b1")
    await phone.gateway.start("b1")
    await phone.heard.until(Connected)
    assert len(phone.heard.of(QrShown)) == 1
    assert phone.heard.of(Disconnected) == []


@contract
async def test_a_link_outlives_the_gateway(phone, linked):
    await linked(phone)
    await phone.restart()
    await phone.gateway.start("b1")
    await phone.heard.until(Connected)
    assert len(phone.heard.of(QrShown)) == 1


@contract
async def test_a_logged_out_bot_needs_a_new_qr(phone, linked):
    await linked(phone)
    await phone.gateway.log_out("b1")
    await phone.gateway.start("b1")
    await phone.heard.until(QrShown, seq=1)


@contract
async def test_closing_is_bounded(phone, linked):
    await linked(phone)
    await phone.gateway.start("b2")
    await phone.heard.until(QrShown, bot_id="b2")
    began = time.monotonic()
    await phone.gateway.close()
    assert time.monotonic() - began < 6
