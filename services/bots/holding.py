"""The bots that this process holds, where there are several processes: taken, run, let go.

A lease is renewed each third of its time. A holder that could not renew one stops the bot before
the lease ends, by a clock of its own: nobody has to say so.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from services.bots.held_bot import HeldBot, LeaseLost
from services.bots.orders import Orders
from services.bots.status import BotState, state_of
from services.errors import Unavailable
from services.store import bot_states, leases
from services.store.database import Connection
from services.store.leases import Leases
from services.store.ledger import Change, Ledger
from services.tasks import Tasks
from services.whatsapp.gateway import GatewayEvent, Lease, LeasedGateway, Sink

# Of a lease's time a holder uses this much; the rest is for the end of the connection.
USED = 0.8
LOOK_SECONDS = 5.0  # between looks at the orders, at most
SOON_SECONDS = 0.25
# What is stored for a bot that is being handed over goes out from its next holder.
SENDS = ("connected", "connecting")

T = TypeVar("T")
log = logging.getLogger(__name__)


class Holding:
    """``settled(bot_id)`` returns once what came from a bot is stored; ``seconds``: of a lease.

    ``announce(bot_id)`` wakes the other processes: of a bot, or (``""``) of bots nobody holds.
    """

    def __init__(
        self,
        ledger: Ledger,
        table: Leases,
        gateway: LeasedGateway,
        feed: Sink,
        settled: Callable[[str], Any],
        announce: Callable[[str], None],
        *,
        seconds: float,
    ) -> None:
        self._ledger = ledger
        self._table = table
        self._gateway = gateway
        self._feed = feed
        self._settled = settled
        self._announce = announce
        self._seconds = seconds
        self._period = min(seconds / 3, LOOK_SECONDS)
        self._orders: Orders | None = None
        self._tasks = Tasks()
        self._woken = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._closing = False
        self.records: dict[str, HeldBot] = {}

    async def open(self, orders: Orders) -> None:
        """Take part from now on."""
        self._orders = orders
        self._tasks.start(self._run(), "Holding bots")

    async def hand_over(self) -> None:
        """Let every bot go, and have the others take them at once."""
        if self._closing:
            return
        self._closing = True
        self._woken.set()
        await self._give_back(list(self.records))
        try:
            await self._on_the_table(leases.leave)
        except Unavailable:
            log.warning("The leases could not be given back; they run out by themselves")
        self._announce("")

    async def close(self) -> None:
        await self.hand_over()
        if self._orders is not None:
            await self._orders.close()
        await self._tasks.close()
        if self._alarm is not None:
            self._alarm.cancel()
        await self._table.close()

    def feed(self, event: GatewayEvent) -> "asyncio.Future[bool]":
        """The gateway's sink: of a bot that isn't held any more, nothing counts."""
        record = self.records.get(event.bot_id)
        if record is not None and time.monotonic() < record.until:
            return self._feed(event)
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        done.set_result(False)
        return done

    def holds(self, bot_id: str) -> bool:
        """Whether anything may be done for this bot from here, right now."""
        record = self.records.get(bot_id)
        return record is not None and not record.leaving and time.monotonic() < record.until

    def still_holds(self, connection: Connection, bot_id: str) -> bool:
        """The same, until the end of the transaction."""
        record = self.records.get(bot_id)
        return record is not None and bot_states.lock(connection, bot_id, record.fence)

    def exists(self, bot_id: str) -> bool:
        """The store knows, and refuses what is of a bot that is gone."""
        return True

    def may_send(self, connection: Connection, bot_id: str) -> bool:
        """Whether its holder, or the next one, is connected or about to be."""
        row = bot_states.one(connection, bot_id)
        return row is not None and row.user_id is not None and state_of(row).status in SENDS

    def is_connected(self, bot_id: str) -> bool:
        """Whether a message could go out from here, right now. Any thread may ask."""
        record = self.records.get(bot_id)
        return record is not None and record.state.status == "connected" and self.holds(bot_id)

    def keep(self, change: Change, bot_id: str, state: BotState) -> None:
        """Show this state once the change is committed. LeaseLost."""
        record = self.records.get(bot_id)
        shown = msgspec.to_builtins(state)
        if record is None or not bot_states.save(change.connection, bot_id, record.fence, shown):
            raise LeaseLost(bot_id)
        change.on_commit(lambda: setattr(record, "state", state))

    def wake(self, bot_id: str) -> None:
        """Something was stored that the bot's holder has to act on."""
        self.woken(bot_id)
        if bot_id not in self.records:
            self._announce(bot_id)

    def woken(self, bot_id: str) -> None:
        """Another process says so."""
        if bot_id in self.records:
            self._tasks.start(self._look([bot_id]), f"Looking at {bot_id}")
        elif not bot_id:
            self._woken.set()

    async def _run(self) -> None:
        while not self._closing:
            self._woken.clear()
            try:
                pause = await self._turn()
            except Unavailable:
                log.warning("The leases can't be renewed: the store can't be reached")
                pause = self._period / 2
            except Exception:
                log.exception("The leases could not be renewed")
                pause = self._period
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()

    async def _turn(self) -> float:
        """Renew what is held, take or leave what is this process's share; seconds to the next."""
        me, seconds = self._table.me, self._seconds
        mine, began = list(self.records), time.monotonic()
        kept = await self._on_the_table(leases.renew, mine, seconds)
        self._renewed({bot_id for bot_id in mine if bot_id in kept}, began)
        for bot_id in mine:
            if bot_id not in kept:
                self._lapse(bot_id)
        room = await self._on_the_table(leases.room)
        if room > 0 and not self._closing:
            began = time.monotonic()
            taken = await self._on_the_table(leases.take, list(self.records), room, seconds)
            until = began + seconds * USED
            await asyncio.gather(
                *(self._begin(bot_id, fence, until) for bot_id, fence in taken.items())
            )
            room -= len(taken)
        elif surplus := self._newest(-room):
            self._tasks.start(self._give_back(surplus), "Leaving bots to others")
        self._tasks.start(self._look(list(self.records)), "Looking at the bots")
        end = await self._table.do(lambda connection: leases.next_end(connection, me))
        if room > 0 and end is not None:
            return min(self._period, max(end, 0) + SOON_SECONDS)
        return self._period

    async def _on_the_table(self, function: Callable[..., T], *values: Any) -> T:
        me = self._table.me
        return await self._table.do(
            lambda connection: function(connection, me, *values), self._period
        )

    def _renewed(self, kept: Iterable[str], began: float) -> None:
        for bot_id in kept:
            if (record := self.records.get(bot_id)) is not None:
                record.until = began + self._seconds * USED
        self._pass_on()

    def _pass_on(self) -> None:
        """Tell the gateway until when it has which bot, and be woken when the first one ends."""
        self._gateway.hold(
            {bot_id: Lease(one.fence, one.until) for bot_id, one in self.records.items()}
        )
        if self._alarm is not None:
            self._alarm.cancel()
        if self.records:
            first = min(record.until for record in self.records.values())
            delay = max(0, first - time.monotonic())
            self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        now = time.monotonic()
        for bot_id, record in list(self.records.items()):
            if record.until <= now:
                log.warning("Bot %s: its lease could not be renewed in time", bot_id)
                self._lapse(bot_id)
        self._pass_on()

    def _lapse(self, bot_id: str) -> None:
        """The lease is lost: stop the bot, whatever it is at."""
        if self.records.pop(bot_id, None) is None:
            return
        self._release(bot_id)
        self._tasks.start(self._gateway.stop(bot_id), f"Stopping {bot_id}")

    def _release(self, bot_id: str) -> None:
        if self._orders is not None:
            self._orders.release(bot_id)

    async def _look(self, bots: list[str]) -> None:
        if self._orders is not None:
            with contextlib.suppress(Unavailable):  # there is a next look
                await self._orders.look(bots)

    def _newest(self, count: int) -> list[str]:
        """So many to leave, those that are leaving already among them but not in the answer."""
        here = [bot_id for bot_id, record in self.records.items() if not record.leaving]
        count -= len(self.records) - len(here)
        return here[-count:] if count > 0 else []

    async def _give_back(self, bots: list[str]) -> None:
        for bot_id in bots:
            self.records[bot_id].leaving = True
            self._release(bot_id)
        await asyncio.gather(*(self._stop(bot_id) for bot_id in bots))
        for bot_id in bots:
            self.records.pop(bot_id, None)
        self._pass_on()
        try:
            await self._on_the_table(leases.give_back, bots)
        except Unavailable:
            log.warning("Leases could not be given back; they run out by themselves")
        self._announce("")

    async def _stop(self, bot_id: str) -> None:
        try:
            await self._gateway.stop(bot_id)
            await self._settled(bot_id)
        except Exception:
            log.exception("Bot %s could not be stopped", bot_id)

    async def _begin(self, bot_id: str, fence: int, until: float) -> None:
        def claim(connection: Connection) -> Any:
            row = bot_states.one(connection, bot_id)
            if row is not None:
                shown = msgspec.to_builtins(state_of(row))
                bot_states.claim(connection, bot_id, fence, shown)
            # Once more: until the claim the one before may have written.
            return bot_states.one(connection, bot_id)

        try:
            row = await self._table.do(claim, self._period)
            if row is not None:
                await self._gateway.prepare(bot_id, fence)
        except Unavailable:
            return  # it is still nobody's by what is known here, and taken anew
        if row is None or time.monotonic() >= until or self._closing:
            return
        self.records[bot_id] = HeldBot(
            name=row.name,
            created_at=row.created_at,
            state=state_of(row),
            fence=fence,
            until=until,
        )
        log.info("Bot %s is held here now", bot_id)
        self._pass_on()
