"""Edits, deletions, reactions, and what could not be decrypted, as a real Baileys hears of them."""

import pytest

from services.whatsapp.gateway import Connected, MessageArrived, MessageChanged

KEY = {"id": "3EB0ONE"}


def slow(test):
    return pytest.mark.gen_test(timeout=60)(test)


@slow
@pytest.mark.parametrize("from_me", [False, True])
async def test_an_edit_a_deletion_and_a_reaction_are_what_they_are(baileys, linked, from_me):
    await linked(baileys)
    await baileys.message("hola", message_id="3EB0ONE", from_me=from_me)
    edit = {"type": "MESSAGE_EDIT", "key": KEY, "editedMessage": {"conversation": "adiós"}}
    told = {
        "3EB0EDIT": {"protocolMessage": edit},
        "3EB0WRAPPED": {"editedMessage": {"message": {"protocolMessage": edit}}},
        "3EB0LIKE": {"reactionMessage": {"key": KEY, "text": "👍"}},
        "3EB0UNLIKE": {"reactionMessage": {"key": KEY, "text": ""}},
        "3EB0GONE": {"protocolMessage": {"type": "REVOKE", "key": KEY}},
    }
    for message_id, message in told.items():
        await baileys.message("", message_id=message_id, message=message, from_me=from_me)
    await baileys.heard.until(MessageChanged, change_id="3EB0GONE")
    heard = baileys.heard.of(MessageChanged)
    assert [(event.change_id, event.change, event.text) for event in heard] == [
        ("3EB0EDIT", "edited", "adiós"),
        ("3EB0WRAPPED", "edited", "adiós"),
        ("3EB0LIKE", "reaction", "👍"),
        ("3EB0UNLIKE", "reaction", ""),
        ("3EB0GONE", "deleted", ""),
    ]
    (arrived,) = baileys.heard.of(MessageArrived)
    assert {event.message_id for event in heard} == {arrived.message_id}
    assert {event.chat_id for event in heard} == {arrived.chat_id}
    assert {event.from_me for event in heard} == {from_me}


@slow
async def test_what_can_not_be_decrypted_is_shown_and_filled_in_once_it_is_sent_again(
    baileys, linked
):
    await linked(baileys)
    await baileys.message("hola", message_id="3EB0BAD", damaged=True)
    unread = await baileys.heard.until(MessageArrived, message_id="3EB0BAD")
    assert (unread.kind, unread.text, unread.push_name) == ("undecryptable", "", "Ana")
    read = await baileys.heard.until(MessageArrived, message_id="3EB0BAD")
    assert (read.kind, read.text) == ("text", "hola")


@slow
async def test_what_never_comes_again_stays_to_be_seen(baileys, linked):
    await linked(baileys)
    await baileys.message("hola", message_id="3EB0LOST", lost=True)
    await baileys.message("¿sí?", message_id="3EB0NEXT")
    await baileys.heard.until(MessageArrived, message_id="3EB0NEXT")
    heard = [(event.message_id, event.kind) for event in baileys.heard.of(MessageArrived)]
    assert heard == [("3EB0LOST", "undecryptable"), ("3EB0NEXT", "text")]


@slow
@pytest.mark.parametrize("reason", ["view_once", "view_once_unavailable_fanout"])
async def test_what_opens_on_the_phone_only_is_said_to(baileys, linked, reason):
    await linked(baileys)
    await baileys.message("", message_id="3EB0ONCE", unavailable=reason)
    once = await baileys.heard.until(MessageArrived)
    assert (once.kind, once.media) == ("unsupported", {"name": "view-once message"})
    assert once.text == "View-once message: it opens on the phone only"


@slow
async def test_a_message_that_was_read_is_no_message_of_a_later_life(baileys, linked):
    """Killed before WhatsApp had the receipt, the process gets it again, its key used up."""
    await linked(baileys)
    await baileys.message("hola", message_id="3EB0KEPT")
    await baileys.heard.until(MessageArrived)
    await baileys.restart()
    await baileys.gateway.start("b1")
    await baileys.heard.until(Connected)
    await baileys.message("otra", message_id="3EB0NEXT")
    await baileys.heard.until(MessageArrived, message_id="3EB0NEXT")
    assert {event.kind for event in baileys.heard.of(MessageArrived)} == {"text"}
