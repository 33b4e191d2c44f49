"""POST /events through the seam behind which the bus is one process's or Redis."""

import asyncio

import pytest

from services.bus.event_bus import EventBus
from services.bus.events import BotQrExpired
from services.bus.idempotency import IdempotencyKeys
from services.bus.publisher import LocalPublisher
from services.errors import Conflict


def test_a_key_answers_with_the_first_ids() -> None:
    async def publish() -> None:
        bus = EventBus()
        publisher = LocalPublisher(bus, IdempotencyKeys(600))
        events = [BotQrExpired(bot_id="a"), BotQrExpired(bot_id="b")]
        first = await publisher.publish(events, sub="s", key="k", body=b"1")
        assert await publisher.publish(events, sub="s", key="k", body=b"1") == first
        assert bus.seq == 2
        with pytest.raises(Conflict):
            await publisher.publish(events, sub="s", key="k", body=b"2")
        assert await publisher.publish(events, sub="t", key="k", body=b"2") != first
        assert await publisher.publish(events) == [bus.cursor_at(5), bus.cursor_at(6)]

    asyncio.run(publish())
