"""What a bot's days were like."""

import time
from pathlib import Path

import pytest

from services.assistant.engine import SilentEngine
from services.bus.events import Author
from services.chats.figures import DAY, Figures, Sent
from services.whatsapp.gateway import MessageArrived
from tests.domain import Domain


@pytest.mark.gen_test(timeout=20)
async def test_days_have_their_chats_messages_and_waits(tmp_path: Path, store_url: str) -> None:
    async with Domain(tmp_path, engine=SilentEngine(), url=store_url) as domain:
        bot, other = await domain.linked_bot(), await domain.linked_bot()
        today = time.time() // DAY * DAY

        def arrives(bot_id: str, contact: str, at: float, *, from_me: bool = False) -> None:
            domain.intake.feed(
                MessageArrived(
                    bot_id=bot_id,
                    chat_id=f"{contact}@s.whatsapp.net",
                    message_id=f"{contact}-{at}",
                    text="hola",
                    from_me=from_me,
                    timestamp=at,
                )
            )

        before = today - 2 * DAY
        for contact, seconds, from_me in (
            ("1", 3_600, False),
            ("1", 3_630, False),  # asked twice: the wait is from the first
            ("1", 3_700, True),
            ("1", 3_710, True),  # nobody waits for more
            ("2", 7_200, False),
            ("2", 7_500, True),
            ("3", 9_000, False),
        ):
            arrives(bot, contact, before + seconds, from_me=from_me)
        arrives(other, "1", before + 60.0)
        arrives(bot, "1", today)
        await domain.settled()
        page = await domain.snapshots.page([bot])
        session = next(one for one in page.sessions if (one.contact or "").startswith("1@"))
        await domain.inbox.answer(session.id, "sí", author=Author(id="op", name="Eva"))
        figures = Figures(domain.ledger)
        days = await figures.days(bot, 3)
        assert [day.chats for day in days] == [3, 0, 1]
        assert [day.received for day in days] == [4, 0, 1]
        assert [day.sent for day in days] == [Sent(phone=3), Sent(), Sent(operator=1)]
        assert days[0].median_seconds == 200.0 and days[1].median_seconds is None
        assert days[2].median_seconds is not None
        assert [day.date for day in days] == [
            time.strftime("%Y-%m-%d", time.gmtime(today - back * DAY)) for back in (2, 1, 0)
        ]
        # Where the clock is three hours behind, what was at one o'clock was the day before.
        local = await figures.days(bot, 4, -180)
        named = {day.date: day.received for day in local}
        assert named[time.strftime("%Y-%m-%d", time.gmtime(before - DAY))] == 4
