"""What becomes of a message after it came: who may change it, and what a change is worth."""

from pathlib import Path
from typing import Any

import pytest

from services.assistant.engine import SilentEngine
from services.whatsapp.gateway import MessageArrived, MessageChanged
from tests.domain import Domain

CHAT = "34600111222@s.whatsapp.net"


class Chat:
    """A chat of one bot, and what it shows."""

    def __init__(self, domain: Domain, bot: str) -> None:
        self.domain = domain
        self.bot = bot

    async def arrive(self, message_id: str, text: str = "hola", **fields: Any) -> None:
        self.domain.intake.feed(
            MessageArrived(
                bot_id=self.bot,
                chat_id=CHAT,
                message_id=message_id,
                text=text,
                timestamp=1.0,
                **fields,
            )
        )
        await self.domain.settled()

    async def change(self, change: Any, message_id: str, text: str = "", **fields: Any) -> None:
        told = {"from_me": False, "timestamp": 2.0, "change_id": f"{change} {text}", **fields}
        self.domain.intake.feed(
            MessageChanged(
                bot_id=self.bot,
                chat_id=CHAT,
                message_id=message_id,
                change=change,
                text=text,
                **told,
            )
        )
        await self.domain.settled()

    async def messages(self) -> list[Any]:
        page = await self.domain.snapshots.page([self.bot])
        if not page.sessions:
            return []
        return (await self.domain.snapshots.messages(page.sessions[0].id)).messages

    async def message(self) -> Any:
        (message,) = await self.messages()
        return message

    def updates(self) -> int:
        return len(self.domain.bus.published("message:updated"))


@pytest.fixture
def chat(io_loop: Any, tmp_path: Path) -> Any:
    domain = Domain(tmp_path, engine=SilentEngine())

    async def enter() -> Chat:
        await domain.__aenter__()
        return Chat(domain, await domain.linked_bot())

    yield io_loop.run_sync(enter)
    io_loop.run_sync(lambda: domain.__aexit__(None, None, None))


@pytest.mark.gen_test
async def test_an_edit_is_another_text_and_when_that_was(chat: Chat) -> None:
    await chat.arrive("m1")
    await chat.change("edited", "m1", "adiós")
    message = await chat.message()
    assert (message.content, message.edited) == ("adiós", "1970-01-01T00:00:02.000Z")
    (event,) = chat.domain.bus.published("message:updated")
    assert (event["sessionId"], event["message"]["content"]) == (message.session_id, "adiós")


@pytest.mark.gen_test
async def test_the_search_finds_what_it_says_now(chat: Chat) -> None:
    await chat.arrive("m1", "lavanda")
    await chat.change("edited", "m1", "romero")
    assert not (await chat.domain.snapshots.page([chat.bot], search="lavanda")).sessions
    assert (await chat.domain.snapshots.page([chat.bot], search="romero")).sessions
    await chat.change("deleted", "m1")
    assert not (await chat.domain.snapshots.page([chat.bot], search="romero")).sessions


@pytest.mark.gen_test
async def test_the_same_edit_again_and_an_older_one_change_nothing(chat: Chat) -> None:
    await chat.arrive("m1")
    await chat.change("edited", "m1", "tercera", timestamp=3.0)
    await chat.change("edited", "m1", "tercera", timestamp=3.0)
    await chat.change("edited", "m1", "segunda", timestamp=2.0)
    assert (await chat.message()).content == "tercera"
    assert chat.updates() == 1


@pytest.mark.gen_test
async def test_of_what_was_deleted_nothing_is_left_but_that_it_was(chat: Chat) -> None:
    await chat.arrive("m1", "mira", kind="image", media={"mimetype": "image/png"})
    await chat.change("reaction", "m1", "👍", from_me=True)
    await chat.change("deleted", "m1")
    await chat.change("deleted", "m1", timestamp=9.0)
    await chat.change("edited", "m1", "otra", timestamp=9.0)
    message = await chat.message()
    assert (message.content, message.media, message.type) == ("", None, "image")
    assert message.deleted == "1970-01-01T00:00:02.000Z"
    assert message.reactions is None
    assert chat.updates() == 2
    (session,) = (await chat.domain.snapshots.page([chat.bot])).sessions
    assert session.last_message.deleted == message.deleted


@pytest.mark.gen_test
async def test_nobody_edits_or_deletes_what_the_other_wrote(chat: Chat) -> None:
    await chat.arrive("m1")
    await chat.change("edited", "m1", "adiós", from_me=True)
    await chat.change("deleted", "m1", from_me=True)
    message = await chat.message()
    assert (message.content, message.edited, message.deleted) == ("hola", None, None)
    assert chat.updates() == 0


@pytest.mark.gen_test
async def test_each_side_has_one_reaction_and_takes_it_back(chat: Chat) -> None:
    async def shown() -> Any:
        reactions = (await chat.message()).reactions
        return reactions and [(one.text, one.from_me) for one in reactions]

    await chat.arrive("m1")
    assert await shown() is None
    await chat.change("reaction", "m1", "👍")
    await chat.change("reaction", "m1", "👍")
    assert await shown() == [("👍", False)]
    await chat.change("reaction", "m1", "🎉", from_me=True)
    await chat.change("reaction", "m1", "❤️")
    assert await shown() == [("❤️", False), ("🎉", True)]
    await chat.change("reaction", "m1", "")
    assert await shown() == [("🎉", True)]
    await chat.change("reaction", "m1", "", from_me=True)
    assert await shown() is None
    assert chat.updates() == 5


@pytest.mark.gen_test
async def test_what_is_said_of_a_message_from_before_our_time_is_shown_by_itself(
    chat: Chat,
) -> None:
    await chat.change("edited", "m0", "corregido")
    await chat.change("reaction", "m1", "👍")
    await chat.change("reaction", "m2", "")
    await chat.change("deleted", "m3")
    shown = [(one.id, one.type, one.content, one.media) for one in await chat.messages()]
    assert shown == [
        ("m0", "text", "corregido", None),
        ("reaction 👍", "reaction", "👍", {"messageId": "m1", "file": False}),
    ]
    assert chat.updates() == 0


@pytest.mark.gen_test
async def test_what_could_not_be_read_is_filled_in_once_it_can_be(chat: Chat) -> None:
    await chat.arrive("m1", "", kind="undecryptable")
    await chat.arrive("m1", "", kind="undecryptable")
    await chat.arrive("m1", "hola")
    await chat.arrive("m1", "otra")
    await chat.arrive("m1", "", kind="undecryptable")
    message = await chat.message()
    assert (message.type, message.content) == ("text", "hola")
    assert len(chat.domain.bus.published("message:received")) == 1
    assert chat.updates() == 1


@pytest.mark.gen_test
async def test_an_edit_fills_it_too_and_a_deletion_keeps_it_empty(chat: Chat) -> None:
    await chat.arrive("m1", "", kind="undecryptable")
    await chat.change("edited", "m1", "corregido")
    await chat.arrive("m1", "antes")
    message = await chat.message()
    assert (message.type, message.content) == ("text", "corregido")
    await chat.change("deleted", "m1", timestamp=3.0)
    await chat.arrive("m1", "antes")
    assert (await chat.message()).content == ""


@pytest.mark.gen_test
async def test_deleted_texts_are_not_in_what_an_assistant_reads(tmp_path: Path) -> None:
    read: list[list[str]] = []

    class Reading(SilentEngine):
        async def answer(self, history: Any) -> None:
            read.append([turn.text for turn in history])

    async with Domain(tmp_path, engine=Reading()) as domain:
        chat = Chat(domain, await domain.linked_bot())
        await chat.arrive("m1", "secreto")
        await chat.change("deleted", "m1")
        await chat.arrive("m2", "hola")
        await domain.answering.tasks.settled()
    assert read[-1] == ["hola"]
