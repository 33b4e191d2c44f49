"""The bots: from the first QR to the day they are removed."""

import asyncio
import os
from pathlib import Path

import pytest

from services.assistant.engine import SilentEngine
from services.errors import Conflict, NotFound
from services.whatsapp.gateway import Connecting, Disconnected, Failed
from services.whatsapp.simulated.gateway import SimulatedGateway
from tests.domain import Domain

soon = pytest.mark.gen_test(timeout=20)


@soon
async def test_links_a_bot_from_its_qr_to_its_user(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot("Tienda")
        assert domain.bus.types() == [
            "bot:connecting",
            "bot:qr",
            "bot:connecting",
            "bot:connected",
        ]
        qr = domain.bus.published("bot:qr")[0]
        assert qr["code"].startswith("https://wa.me/settings/linked_devices#")
        assert 280 <= len(qr["code"]) <= 300
        assert qr["qr"].startswith("data:image/svg+xml")
        seen = await domain.bots.get(bot)
        assert (seen.status, seen.connected) == ("connected", True)
        assert seen.user is not None and seen.user.name == "Ana"


@soon
async def test_a_late_page_sees_the_qr_that_was_announced(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.bots.add("Tienda")
        await domain.bots.connect(bot.id)
        told = await domain.bus.until("bot:qr")
        status = await domain.bots.status(bot.id)
        assert status.status == "qr"
        assert (status.qr, status.qr_seq, status.qr_expires_at) == (
            told["qr"],
            told["seq"],
            told["expiresAt"],
        )
        assert status.cursor == domain.bus.cursor()


@soon
async def test_a_pairing_code_nobody_enters_expires_and_a_qr_can_be_had(tmp_path: Path) -> None:
    async with Domain(tmp_path, speed=2000) as domain:
        bot = await domain.bots.add("Tienda")
        await domain.bots.connect(bot.id, "34600111222")
        await domain.bus.until("bot:qr-expired")
        assert len(domain.bus.published("bot:pairing-code")) == 1
        status = await domain.bots.status(bot.id)
        assert (status.status, status.pairing_code) == ("disconnected", None)
        assert status.reason == "Nobody entered the pairing code"
        await domain.bots.connect(bot.id)
        await domain.bus.until("bot:qr")


@soon
async def test_a_qr_nobody_scans_expires_and_a_new_one_is_there_for_the_asking(
    tmp_path: Path,
) -> None:
    async with Domain(tmp_path, speed=2000) as domain:
        bot = await domain.bots.add("Tienda")
        await domain.bots.connect(bot.id)
        await domain.bus.until("bot:qr-expired")
        assert [event["seq"] for event in domain.bus.published("bot:qr")] == [1, 2, 3, 4, 5, 6]
        assert len({event["code"] for event in domain.bus.published("bot:qr")}) == 6
        status = await domain.bots.status(bot.id)
        assert (status.status, status.qr) == ("disconnected", None)
        after = domain.bus.cursor()
        await domain.bots.connect(bot.id)
        assert (await domain.bus.until("bot:qr", after))["seq"] == 1


@soon
async def test_comes_back_by_itself_after_a_restart(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        wanted, stopped, never = (
            await domain.linked_bot(),
            await domain.linked_bot(),
            (await domain.bots.add("nunca")).id,
        )
        user = (await domain.bots.get(wanted)).user
        await domain.bots.disconnect(stopped)
        await domain.bus.until("bot:disconnected", botId=stopped)
        await domain.settled()
    async with Domain(tmp_path) as domain:
        told = await domain.bus.until("bot:connected")
        assert (told["botId"], told["user"]["id"]) == (wanted, user and user.id)
        assert domain.bus.published("bot:qr") == []
        assert (await domain.bots.get(stopped)).status == "disconnected"
        assert (await domain.bots.get(never)).status == "disconnected"
        after = domain.bus.cursor()
        await domain.bots.connect(stopped)
        await domain.bus.until("bot:connected", after, botId=stopped)


@soon
async def test_a_broken_connection_says_when_it_is_tried_again(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot()
        after = domain.bus.cursor()
        domain.phone.drop(bot)
        lost = await domain.bus.until("bot:disconnected", after)
        assert (lost["statusCode"], lost["willReconnect"]) == (428, True)
        retry_in_ms = (await domain.bots.status(bot)).retry_in_ms
        assert retry_in_ms is not None and retry_in_ms <= lost["retryInMs"]
        await domain.bus.until("bot:connected", after)
        assert (await domain.bots.status(bot)).retry_in_ms is None


@soon
async def test_an_unlinked_bot_needs_a_qr_again_also_after_a_restart(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot()
        domain.phone.unlink(bot)
        lost = await domain.bus.until("bot:disconnected")
        assert (lost["statusCode"], lost["willReconnect"]) == (401, False)
        assert (await domain.bots.get(bot)).user is None
    async with Domain(tmp_path) as domain:
        assert (await domain.bots.get(bot)).user is None
        await domain.bots.connect(bot)
        await domain.bus.until("bot:qr")


@soon
async def test_disconnecting_is_told_once_and_keeps_the_link(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot()
        for _ in range(2):
            await domain.bots.disconnect(bot)
        # A gateway may report a stop that was asked for, too.
        domain.intake.feed(
            Disconnected(bot_id=bot, status_code=428, reason="closed", will_reconnect=False)
        )
        await domain.settled()
        [told] = domain.bus.published("bot:disconnected")
        assert (told["statusCode"], told["willReconnect"]) == (None, False)
        assert (await domain.bots.get(bot)).user is not None


@soon
async def test_logging_out_ends_the_link(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot()
        await domain.bots.log_out(bot)
        assert (await domain.bus.until("bot:disconnected"))["statusCode"] == 401
        assert (await domain.bots.get(bot)).user is None
        assert os.listdir(tmp_path / "phone") == []
        after = domain.bus.cursor()
        await domain.bots.connect(bot)
        await domain.bus.until("bot:qr", after)


@soon
async def test_a_bot_that_cannot_run_says_why(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.bots.add("Tienda")
        domain.intake.feed(Connecting(bot_id=bot.id, attempt=1))
        domain.intake.feed(Failed(bot_id=bot.id, reason="Install Node 20"))
        await domain.settled()
        status = await domain.bots.status(bot.id)
        assert (status.status, status.reason) == ("failed", "Install Node 20")
        assert domain.bus.published("bot:disconnected")[0]["reason"] == "Install Node 20"


@soon
async def test_a_removed_bot_leaves_nothing_and_hears_nothing(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        domain.phone.message(bot, "5491155550000", "Luz", "hola")
        session = (await domain.bus.until("session:created"))["session"]["id"]
        await domain.bots.remove(bot)
        after = domain.bus.cursor()
        domain.intake.feed(Connecting(bot_id=bot, attempt=1))
        await domain.settled()
        assert domain.bus.types(after) == []
        with pytest.raises(NotFound):
            await domain.bots.get(bot)
        with pytest.raises(NotFound):
            await domain.snapshots.get(session)
    async with Domain(tmp_path) as domain:
        assert await domain.bots.visible(lambda bot_id: True) == []


@soon
async def test_a_new_name_stays(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.bots.add("Tienda")
        assert (await domain.bots.rename(bot.id, "Taller")).name == "Taller"
    async with Domain(tmp_path) as domain:
        assert [seen.name for seen in await domain.bots.visible(bot.id.__eq__)] == ["Taller"]
        assert await domain.bots.visible(lambda bot_id: False) == []


@soon
async def test_an_unknown_bot_is_not_found(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        for ask in (domain.bots.get, domain.bots.status):
            with pytest.raises(NotFound):
                await ask("bot-unknown")
        commands = (domain.bots.connect, domain.bots.disconnect, domain.bots.log_out)
        for command in (*commands, domain.bots.remove):
            with pytest.raises(NotFound):
                await command("bot-unknown")


@soon
async def test_a_bot_removed_by_two_at_once_is_removed_once(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot()
        found = await asyncio.gather(
            *(domain.bots.remove(bot) for _ in range(3)), return_exceptions=True
        )
        assert sorted(type(one).__name__ for one in found) == ["NoneType", "NotFound", "NotFound"]
        assert len(domain.bus.published("bot:disconnected")) == 1


@soon
async def test_a_bot_removed_while_it_connects_leaves_nothing_running(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        for turns in range(12):
            bot = (await domain.bots.add("Tienda")).id
            connecting = asyncio.ensure_future(domain.bots.connect(bot))
            for _ in range(turns):
                await asyncio.sleep(0)
            found = await asyncio.gather(
                connecting, domain.bots.remove(bot), return_exceptions=True
            )
            assert found[1] is None
            assert found[0] is None or isinstance(found[0], NotFound)
            assert bot not in domain.phone._lines
        assert not list((tmp_path / "phone").glob("*"))


class BrokenGateway(SimulatedGateway):
    """Starts nothing."""

    async def start(self, bot_id: str, pair_with: str | None = None) -> None:
        raise RuntimeError("out of order")


@soon
async def test_one_bot_that_does_not_start_keeps_nobody_from_starting(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = await domain.linked_bot()
    broken = BrokenGateway(tmp_path / "phone")
    async with Domain(tmp_path, gateway=broken) as domain:
        assert (await domain.bots.get(bot)).status == "disconnected"


def test_is_made_without_a_loop(tmp_path: Path) -> None:
    assert Domain(tmp_path).bots.records == {}


@soon
async def test_the_phone_acts_only_where_the_line_allows(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        bot = (await domain.bots.add("Tienda")).id
        acts = (
            lambda: domain.phone.scan(bot, "Ana"),
            lambda: domain.phone.unlink(bot),
            lambda: domain.phone.drop(bot),
            lambda: domain.phone.message(bot, "1", "Luz", "hola"),
            lambda: domain.phone.typing_of(bot, "1", "paused"),
        )
        for act in acts:
            with pytest.raises(Conflict):
                act()
