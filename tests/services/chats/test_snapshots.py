"""The chats as pages read them, a page at a time."""

from pathlib import Path

import pytest

from services.assistant.engine import SilentEngine
from services.errors import Invalid, NotFound
from tests.domain import Domain

CONTACT = "5491155550000"
soon = pytest.mark.gen_test(timeout=20)


async def first_session(domain: Domain) -> str:
    return (await domain.bus.until("session:created"))["session"]["id"]


@soon
async def test_pages_go_back_to_the_first_message_without_a_hole(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        for n in range(7):
            domain.phone.message(bot, CONTACT, "Luz", str(n))
        await domain.settled()
        session = await first_session(domain)
        seen: list[str] = []
        before = None
        while True:
            page = await domain.snapshots.messages(session, before=before, limit=3)
            seen = [message.content for message in page.messages] + seen
            before = page.before
            if before is None:
                break
        assert seen == list("0123456")


@soon
async def test_sessions_come_newest_activity_first_in_pages_and_by_search(
    tmp_path: Path,
) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        for n, name in enumerate(("Ana", "Bea", "Cyn")):
            domain.phone.message(bot, f"54911000{n}", name, f"100% {name}")
        domain.phone.message(bot, "549110000", "Ana", "otra vez")
        await domain.settled()
        first = await domain.snapshots.page([bot], limit=2)
        assert [session.name for session in first.sessions] == ["Ana", "Cyn"]
        rest = await domain.snapshots.page([bot], limit=2, before=first.before)
        assert ([session.name for session in rest.sessions], rest.before) == (["Bea"], None)
        for search, names in (("bea", ["Bea"]), ("0% c", ["Cyn"]), ("_", []), ("0002", ["Cyn"])):
            found = await domain.snapshots.page([bot], search=search)
            assert [session.name for session in found.sessions] == names


@soon
async def test_a_place_that_is_no_place_is_refused(tmp_path: Path) -> None:
    async with Domain(tmp_path) as domain:
        for before in ("", "-1", "1.5", "٣", "9" * 30):
            with pytest.raises(Invalid) as refused:
                await domain.snapshots.page(["b"], before=before)
            assert refused.value.field == "before"
        with pytest.raises(NotFound):
            await domain.snapshots.messages("ses-unknown")


@soon
async def test_a_search_says_which_message_it_found(tmp_path: Path) -> None:
    async with Domain(tmp_path, engine=SilentEngine()) as domain:
        bot = await domain.linked_bot()
        for contact, name, text in (("1", "Luz", "mi pedido"), ("2", "Pedido", "hola")):
            await domain.phone.message(bot, contact, name, text, message_id=f"M{contact}")
        page = await domain.snapshots.page([bot], search="PEDIDO")
        assert [session.name for session in page.sessions] == ["Pedido", "Luz"]
        assert [(match.id, match.session_id) for match in page.matches] == [
            ("M1", page.sessions[1].id)
        ]
        assert (await domain.snapshots.page([bot])).matches == []
