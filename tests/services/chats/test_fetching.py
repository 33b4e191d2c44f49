"""Files are fetched when they come and kept; what fails is tried again, or said to be gone."""

import asyncio
import itertools
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from services.chats import fetching
from services.chats.discarding import discard_once
from services.errors import NotFound
from services.media import store as media_store
from services.media.store import Part
from services.store import discards, message_files
from services.whatsapp.gateway import (
    MediaGone,
    MediaUnavailable,
    MessageArrived,
    MessageChanged,
)
from services.whatsapp.simulated.gateway import SimulatedGateway
from tests.domain import SPEED, Domain

OGG = b"OggS\0\2 a voice"
CHAT = "5491155550000@s.whatsapp.net"
soon = pytest.mark.gen_test(timeout=30)
numbers = itertools.count()


class Shelf(SimulatedGateway):
    """A phone whose messages have files: ``shelf`` has them, or what happens instead."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SPEED)
        self.shelf: dict[str, bytes | Exception] = {}
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def download(
        self, bot_id: str, media: Mapping[str, object], path: Path, limit: int
    ) -> None:
        name = str(media["download"])
        self.asked.append(name)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.01)
        await self.hold.wait()
        self.at_once -= 1
        found = self.shelf[name]
        if isinstance(found, Exception):
            raise found
        await asyncio.to_thread(path.write_bytes, found)


@pytest.fixture
def world(tmp_path: Path):
    def make(**how) -> Domain:
        return Domain(tmp_path, gateway=Shelf(tmp_path / "phone"), **how)

    return make


def arrive(domain: Domain, bot: str, name: str, **media) -> asyncio.Future:
    return domain.intake.feed(
        MessageArrived(
            bot_id=bot,
            chat_id=CHAT,
            message_id=name,
            text="",
            kind="audio",
            timestamp=1_800_000_000.0 + next(numbers),
            live=False,
            media={"mimetype": "audio/ogg; codecs=opus", "download": name, **media},
        )
    )


async def session(domain: Domain) -> str:
    return (await domain.bus.until("session:created"))["session"]["id"]


async def until(condition) -> None:
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that in 10 s")


async def content(domain: Domain, name: str, part: Part | None = None) -> bytes:
    file = await domain.media.file(await session(domain), name, part=part)
    return b"".join([chunk async for chunk in file.opened.chunks])


@soon
async def test_a_file_is_kept_when_it_comes_and_outlives_its_link(world):
    async with world() as domain:
        bot = await domain.linked_bot()
        domain.phone.shelf["M1"] = OGG
        await arrive(domain, bot, "M1")
        await domain.fetching.tasks.settled()
        domain.phone.shelf.clear()
        assert await content(domain, "M1") == OGG
        assert await content(domain, "M1", Part(2, 4)) == OGG[2:4]
        file = await domain.media.file(await session(domain), "M1")
        assert (file.mimetype, file.shown) == ("audio/ogg", True)
        [received] = domain.bus.published("message:received")
        assert received["message"]["media"] == {
            "mimetype": "audio/ogg; codecs=opus",
            "file": True,
        }
    async with world() as domain:  # and a restart
        page = await domain.snapshots.page([bot])
        file = await domain.media.file(page.sessions[0].id, "M1")
        assert file.opened.size == len(OGG) and domain.phone.asked == []


@soon
async def test_many_files_are_fetched_a_few_at_a_time_and_each_once(world):
    async with world() as domain:
        bot = await domain.linked_bot()
        names = [f"M{number}" for number in range(70)]
        domain.phone.shelf = dict.fromkeys(names, OGG)
        await asyncio.gather(*(arrive(domain, bot, name) for name in names))
        on_demand = [content(domain, names[0]) for _ in range(5)]
        assert await asyncio.gather(*on_demand) == [OGG] * 5
        await domain.fetching.tasks.settled()
        assert sorted(domain.phone.asked) == sorted(names)
        assert domain.phone.most_at_once <= fetching.AT_ONCE + 1


@soon
async def test_a_file_that_came_since_its_row_was_read_is_not_fetched_again(world):
    async with world() as domain:
        bot = await domain.linked_bot()
        domain.phone.shelf["M1"] = OGG
        domain.phone.hold.clear()
        await arrive(domain, bot, "M1")
        page = partial(message_files.to_fetch, bot_id=bot, limit=1)
        [row] = await domain.ledger.read(page)
        domain.phone.hold.set()
        await domain.fetching.tasks.settled()
        key = await domain.fetching.fetch(row)
        assert domain.phone.asked == ["M1"]
        assert await content(domain, "M1") == OGG
        assert await domain.fetching.fetch(row, lost=key) == key
        assert domain.phone.asked == ["M1", "M1"]


@soon
async def test_passing_trouble_is_tried_again_and_holds_nothing_up(world, monkeypatch):
    monkeypatch.setattr(fetching, "PATIENCE", (0.3,))
    async with world() as domain:
        bot = await domain.linked_bot()
        domain.phone.shelf["M1"] = MediaUnavailable("WhatsApp answers 503 for the file")
        await arrive(domain, bot, "M1")
        await until(lambda: domain.phone.asked == ["M1"])
        domain.phone.shelf["M2"] = OGG
        await arrive(domain, bot, "M2")
        await until(lambda: "M2" in domain.phone.asked)
        with pytest.raises(NotFound, match="503"):
            await content(domain, "M1")
        domain.phone.shelf["M1"] = OGG
        await domain.fetching.tasks.settled()
        assert domain.bus.published("message:updated") == []
        domain.phone.shelf.clear()
        assert await content(domain, "M1") == await content(domain, "M2") == OGG


@soon
async def test_what_a_stop_left_is_fetched_at_the_next_connection(world):
    async with world() as domain:
        bot = await domain.linked_bot()
        domain.phone.shelf["M1"] = MediaUnavailable("not now")
        await arrive(domain, bot, "M1")
        await until(lambda: domain.phone.asked)
    async with world() as domain:  # the bot is linked, and connects by itself
        domain.phone.shelf["M1"] = OGG
        await until(lambda: domain.phone.asked)
        await domain.fetching.tasks.settled()
        domain.phone.shelf.clear()
        page = await domain.snapshots.page([bot])
        assert (await domain.media.file(page.sessions[0].id, "M1")).opened.size == len(OGG)


@soon
async def test_a_file_that_can_not_be_had_is_said_to_be_missing(world):
    async with world() as domain:
        bot = await domain.linked_bot()
        domain.phone.shelf["gone"] = MediaGone("gone")
        domain.phone.shelf["heavy"] = bytes(domain.store.limit + 1)
        await asyncio.gather(
            arrive(domain, bot, "gone"),
            arrive(domain, bot, "heavy"),
            arrive(domain, bot, "declared", size=domain.store.limit + 1),
        )
        await domain.fetching.tasks.settled()
        expected = {"gone": "gone", "heavy": "too-large", "declared": "too-large"}
        updated = domain.bus.published("message:updated")
        assert {one["message"]["id"] for one in updated} == {"gone", "heavy"}
        assert len({one["sessionVersion"] for one in updated}) == 2
        page = await domain.snapshots.messages(await session(domain))
        found = {one.id: one.media for one in page.messages}
        assert {name: media["missing"] for name, media in found.items()} == expected
        assert not any(media["file"] for media in found.values())
        for name, missing in expected.items():
            with pytest.raises(NotFound, match="large" if missing == "too-large" else "no longer"):
                await content(domain, name)
        assert sorted(domain.phone.asked) == ["gone", "heavy"]


@soon
async def test_a_place_that_was_emptied_is_filled_from_whatsapp_again(world):
    async with world() as domain:
        bot = await domain.linked_bot()
        domain.phone.shelf["M1"] = OGG
        await arrive(domain, bot, "M1")
        await domain.fetching.tasks.settled()
        await domain.store.remove(f"{bot}/")
        assert await content(domain, "M1") == OGG
        assert domain.phone.asked == ["M1", "M1"]


@soon
async def test_files_go_with_the_last_message_that_has_them_and_with_their_bot(
    world, monkeypatch, tmp_path
):
    monkeypatch.setattr(media_store, "FRESH_SECONDS", 0.0)
    async with world() as domain:
        bot = await domain.linked_bot()
        domain.phone.shelf = {"M1": OGG, "M2": OGG, "M3": OGG + b"another"}
        for name in domain.phone.shelf:
            await arrive(domain, bot, name)
        await domain.fetching.tasks.settled()

        async def delete(name: str) -> None:
            change = MessageChanged(
                bot_id=bot,
                chat_id=CHAT,
                message_id=name,
                change_id=f"{name}-deleted",
                from_me=False,
                change="deleted",
                text="",
                timestamp=1_900_000_000.0,
            )
            await domain.intake.feed(change)
            await discard_once(domain.ledger, domain.store)

        await delete("M1")
        assert await content(domain, "M2") == OGG
        await delete("M2")
        kept = [path.name for path in (tmp_path / "media").rglob("*.*")]
        assert len(kept) == 1
        await domain.bots.remove(bot)
        await discard_once(domain.ledger, domain.store)
        assert list((tmp_path / "media").iterdir()) == []
        left = await domain.ledger.read(lambda connection: discards.oldest(connection, 10))
        assert left == []


@soon
async def test_a_file_that_was_just_kept_is_not_removed_yet(world):
    async with world() as domain:
        kept = await domain.store.keep("bot-1", OGG)
        assert not await domain.store.remove(kept.key)
        assert (await domain.store.file(kept.key)).size == len(OGG)
