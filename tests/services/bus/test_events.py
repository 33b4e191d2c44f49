"""The typed union: what each event is on the wire, and which replace each other."""

import msgspec
import pytest

from services.bus.events import (
    TYPES,
    BotConnecting,
    BotEvent,
    BotQr,
    ChatTyping,
    Message,
    MessageReceived,
    conflation_key,
    is_bot_id,
)

THE_ORIGINALS = {
    "bot:qr",
    "bot:connected",
    "bot:disconnected",
    "message:received",
    "message:sent",
    "session:created",
}
OURS = {
    "bot:connecting",
    "bot:qr-expired",
    "bot:pairing-code",
    "message:ack",
    "message:failed",
    "message:updated",
    "session:updated",
    "chat:typing",
}


def test_the_union_is_the_originals_and_ours() -> None:
    assert TYPES == THE_ORIGINALS | OURS


@pytest.mark.parametrize(
    "wire",
    [
        {"type": "bot:qr", "botId": "b", "qr": "data:image/png,"},
        {"type": "bot:connected", "botId": "b", "user": {"id": "1", "name": "Ana"}},
        {"type": "bot:disconnected", "botId": "b", "statusCode": None},
        {
            "type": "message:received",
            "botId": "b",
            "sessionId": "s",
            "message": {"id": "m", "content": "x"},
        },
        {"type": "message:sent", "botId": "b", "sessionId": "s", "content": "x"},
        {"type": "session:created", "botId": "b", "session": {"id": "s"}},
    ],
    ids=lambda wire: str(wire["type"]),
)
def test_what_the_original_published_still_fits(wire: dict[str, object]) -> None:
    event = msgspec.convert(wire, BotEvent)
    assert event.__struct_config__.tag == wire["type"]
    encoded = msgspec.json.decode(msgspec.json.encode(event))
    assert all(encoded[name] is not None or value is None for name, value in wire.items())


def test_a_received_message_is_never_from_me() -> None:
    event = MessageReceived(bot_id="b", session_id="s", message=Message(id="m", content="x"))
    assert msgspec.to_builtins(event)["message"]["fromMe"] is False


def test_events_are_facts() -> None:
    event = BotQr(bot_id="b", qr="x")
    with pytest.raises(AttributeError):
        event.qr = "y"  # type: ignore[misc]


def test_times_take_one_form_when_they_are_made() -> None:
    event = BotQr(bot_id="b", qr="x", expires_at="2026-11-24T07:00:00.5+02:00")
    assert event.expires_at == "2026-11-24T05:00:00.500Z"


def test_only_events_of_a_latest_value_replace_each_other() -> None:
    qr, again = BotQr(bot_id="b", qr="1"), BotQr(bot_id="b", qr="2")
    assert conflation_key(qr) == conflation_key(again)
    assert conflation_key(qr) != conflation_key(BotQr(bot_id="c", qr="1"))
    assert conflation_key(qr) != conflation_key(BotConnecting(bot_id="b"))
    keys = {
        conflation_key(ChatTyping(bot_id=bot, session_id=session, who=who, state="composing"))
        for bot in "ab"
        for session in "ab"
        for who in "ab"
    }
    assert len(keys) == 8
    received = MessageReceived(bot_id="b", session_id="s", message=Message(id="m", content="x"))
    assert conflation_key(received) is None


@pytest.mark.parametrize("text", ["b", "x" * 128, "é", "a b", "😀"])
def test_what_can_be_a_bots_id(text: str) -> None:
    assert is_bot_id(text)


@pytest.mark.parametrize("text", ["", "x" * 129, "a\n", "\0", "\x7f", "\x9f", "\u2028", "\u2029"])
def test_what_cannot(text: str) -> None:
    assert not is_bot_id(text)
