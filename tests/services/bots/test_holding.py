"""Bots over several processes: who has which, and what may be asked of any of them."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from services.assistant.engine import Answer, SilentEngine, Turn
from services.errors import Conflict, NotFound, Unavailable
from services.whatsapp.simulated.phone import Drop, Scan, Unlink, Write
from tests.domain import RowJournal
from tests.postgresql import PostgreSQL
from tests.redis_server import MISSING, PROGRAM, RedisServer, redis_server
from tests.services.bots.members import Member, until

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)
soon = pytest.mark.gen_test(timeout=60)


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def store(shared_postgresql: PostgreSQL) -> str:
    return shared_postgresql.empty()


def hello(contact: str = "5491155550000", message_id: str = "M1") -> Write:
    return Write(contact, "Luz", "hola", message_id, False)


@soon
async def test_bots_are_spread_handed_over_and_asked_for_from_anywhere(
    store: str, redis: RedisServer
) -> None:
    bus = RowJournal()
    async with Member(store, redis.url, bus) as a:
        bots = [await a.linked_bot() for _ in range(3)]
        assert a.held == set(bots)
        async with Member(store, redis.url, bus) as b:
            # Who comes gets its share, and the bot is back online there.
            await until(lambda: len(b.held) == 1 and len(a.held) == 2)
            (moved,) = b.held
            for member in (a, b):
                await member.until(moved, status="connected")
            # Through either, everything works as if it ran there.
            assert await a.phone.act(moved, hello())
            session = (await bus.until("session:created", botId=moved))["session"]["id"]
            sent = await a.inbox.answer(session, "¿Sí?")
            await bus.until("message:ack", messageId=sent, ack="read")
            assert (await a.inbox.read(session)).unread == 0
            with pytest.raises(Conflict):
                await a.phone.act(moved, Scan("Ana"))
            await a.phone.act(moved, Drop())
            dropped = await bus.until("bot:disconnected", botId=moved, willReconnect=True)
            assert dropped["statusCode"] == 428
            await a.until(moved, status="connected")
            await a.bots.disconnect(moved)
            status = await a.until(moved, status="disconnected")
            assert status.user is not None and status.reason == "Disconnected by an operator"
            # What comes while it is away is kept for it, and for whoever holds it then.
            assert await a.phone.act(moved, hello(message_id="M2"))
        # b is gone: what it had is here at once, nothing was lost, and nothing starts by itself.
        await until(lambda: a.held == set(bots))
        assert (await a.bots.status(moved)).status == "disconnected"
        after = bus.cursor()
        await a.bots.connect(moved)
        await bus.until("message:received", after, where=lambda e: e["message"]["id"] == "M2")
        await a.bots.log_out(moved)
        await a.bots.connect(moved)
        assert (await a.until(moved, status="qr")).user is None
        with pytest.raises(NotFound):
            await a.bots.connect("bot-unknown")
        with pytest.raises(Conflict, match="by QR"):
            await a.bots.connect(moved, "34600111222")


@soon
async def test_a_bot_is_shown_as_it_is_and_removed_wherever_it_runs(
    store: str, redis: RedisServer
) -> None:
    bus = RowJournal()
    async with Member(store, redis.url, bus) as a, Member(store, redis.url, bus) as b:
        bots = [(await a.bots.add("Tienda")).id for _ in range(2)]
        await until(lambda: len(a.held) == len(b.held) == 1)
        (here,), (there,) = a.held, b.held
        after = bus.cursor()
        await a.bots.connect(there)
        published = await bus.until("bot:qr", after, botId=there)
        status = await a.until(there, status="qr", qr_seq=1)
        assert (status.qr, status.qr_expires_at) == (published["qr"], published["expiresAt"])
        await a.phone.act(there, Scan("Ana"))
        status = await a.until(there, status="connected")
        assert status.user is not None and status.user.name == "Ana"
        assert [bot.id for bot in await a.bots.visible(lambda _: True)] == bots
        assert (await b.bots.rename(here, "Taller")).name == "Taller"
        assert (await a.bots.get(here)).name == "Taller"
        await a.phone.act(there, Unlink())
        status = await a.until(there, status="disconnected")
        assert (status.user, status.reason) == (None, "Unlinked from the phone. Scan a new QR.")
        await a.bots.connect(there)
        await a.until(there, status="qr")
        await a.bots.remove(there)
        await bus.until("bot:disconnected", botId=there, reason="Removed by an operator")
        await until(lambda: not b.held and there not in b.gateway._lines)
        for ask in (a.bots.get, b.bots.status, a.bots.disconnect):
            with pytest.raises(NotFound):
                await ask(there)


@soon
async def test_who_is_slow_to_leave_bots_to_others_leaves_no_more_than_its_surplus(
    store: str, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = RowJournal()
    async with Member(store, redis.url, bus) as a:
        bots = {(await a.bots.add("Tienda")).id for _ in range(4)}
        await until(lambda: a.held == bots)
        stop = a.gateway.stop

        async def slow(bot_id: str) -> None:
            await asyncio.sleep(2.5 * a.holding._period)
            await stop(bot_id)

        monkeypatch.setattr(a.gateway, "stop", slow)
        async with Member(store, redis.url, bus) as b:
            await until(lambda: len(b.held) == 2)
            assert len(a.held) == 2
            monkeypatch.undo()


class Thinking(SilentEngine):
    """Never comes to an answer; knows whether it was asked, and whether it may stop."""

    def __init__(self) -> None:
        self.asked, self.stopped = asyncio.Event(), asyncio.Event()

    async def answer(self, history: Sequence[Turn]) -> Answer | None:
        self.asked.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.stopped.set()


@soon
async def test_an_engine_stops_where_a_person_answers_through_another_process(
    store: str, redis: RedisServer
) -> None:
    bus, engine = RowJournal(), Thinking()
    async with Member(store, redis.url, bus, engine) as a:
        bot = await a.linked_bot()
        async with Member(store, redis.url, bus) as b:
            assert await b.phone.act(bot, hello())
            await engine.asked.wait()
            session = (await bus.until("session:created"))["session"]["id"]
            sent = await b.inbox.answer(session, "Un momento")
            await engine.stopped.wait()
            await bus.until("message:ack", messageId=sent, ack="read")


@soon
async def test_what_is_written_down_is_done_without_redis_only_later(store: str) -> None:
    bus = RowJournal()
    nowhere = "redis://127.0.0.1:1"
    async with Member(store, nowhere, bus) as a, Member(store, nowhere, bus) as b:
        bots = [(await a.bots.add("Tienda")).id for _ in range(2)]
        await until(lambda: len(a.held) == len(b.held) == 1 and a.held | b.held == set(bots))
        (there,) = b.held
        await a.bots.connect(there)
        await a.until(there, status="qr")
        # What has to be done there, and now, can't be.
        with pytest.raises(Unavailable):
            await a.phone.act(there, Scan("Ana"))
        await b.phone.act(there, Scan("Ana"))
        await a.until(there, status="connected")
        assert await b.phone.act(there, hello())
        session = (await bus.until("session:created"))["session"]["id"]
        sent = await a.inbox.answer(session, "¿Sí?")
        await bus.until("message:ack", messageId=sent, ack="read")
        assert [event["messageId"] for event in bus.published("message:sent")] == [sent]


@soon
async def test_a_holder_that_cannot_renew_stops_before_another_begins(
    store: str, redis: RedisServer
) -> None:
    bus = RowJournal()
    async with Member(store, redis.url, bus) as a:
        bot = await a.linked_bot()
        assert await a.phone.act(bot, hello())
        session = (await bus.until("session:created"))["session"]["id"]
        fence = a.holding.records[bot].fence
        async with Member(store, redis.url, bus) as b:
            # The thread of its leases hangs, as where the database does.
            hanging = asyncio.Event()
            loop = asyncio.get_running_loop()
            a.several.holding._table._thread.submit(
                lambda: asyncio.run_coroutine_threadsafe(hanging.wait(), loop).result()
            )
            after = bus.cursor()
            await until(lambda: not a.held)
            assert not b.held, "the lease is not over yet"
            assert a.gateway._lines == {}
            # It is no more anybody's, and its messages wait.
            assert (await a.bots.status(bot)).status in ("connected", "connecting")
            sent = await a.inbox.answer(session, "¿Sí?")
            await until(lambda: b.held == {bot})
            assert b.holding.records[bot].fence > fence
            await bus.until("message:ack", after, messageId=sent, ack="read")
            await bus.until("bot:connected", after, botId=bot)
            hanging.set()
            # Back again, it takes nothing that is another's.
            await asyncio.sleep(a.holding._period)
            assert (a.held, b.held) == (set(), {bot})
            assert not bus.published("bot:disconnected", after)
