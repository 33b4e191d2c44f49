"""Any interleaving of publishing, following, stalling, ending and resuming, against a model.

The model is a list of what was published. Whatever happens, a client that keeps resuming from
the last id it holds has every event of its bots once and in order, or got a gap, and
of the events that replace each other at least the newest.
"""

import asyncio
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.bus.event_bus import EventBus
from services.bus.events import BotQr, ChatTyping, Event, Message, MessageReceived
from tests.services.bus.bus_model import Loop, Reader, Wire, seq_of

BOTS = ("a", "b", "c")
HISTORY_EVENTS, HISTORY_SECONDS = 12, 60.0
FOREIGN = ("garbage", "0" * 16 + "-000000000001", "x" * 80, "é", "")


class Client:
    """One page: the bots it follows, what it holds, and what its gaps excuse."""

    def __init__(self, bots: tuple[str, ...], since: int) -> None:
        self.bots = bots
        # Per bot: everything published after this the client must come to hold.
        self.since = dict.fromkeys(bots, since)
        self.excused: set[int] = set()
        self.seen: list[int] = []
        self.last_id: str | None = None
        self.reader: Reader | None = None

    def collect(self) -> None:
        assert self.reader is not None
        self.seen += self.reader.ids
        self.last_id = self.reader.last_id or self.last_id
        self.reader = None


class BusMachine(RuleBasedStateMachine):
    @initialize(coalesce=st.sampled_from([0, 10]), backlog=st.sampled_from([(4, 3000), (8, 700)]))
    def begin(self, coalesce: int, backlog: tuple[int, int]) -> None:
        self.loop = Loop()
        self.bus = EventBus(
            history_events=HISTORY_EVENTS,
            history_seconds=HISTORY_SECONDS,
            coalesce_ms=coalesce,
            backlog=backlog,
            clock=self.loop.time,
        )
        self.published: list[tuple[str, Event, float]] = []
        self.clients: list[Client] = []
        self.waiting_before: dict[Reader, bool] = {}

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        try:
            self._move(1.0)
            for client in self.clients:
                for _ in range(100):
                    if client.reader is None:
                        self._connect(client, client.last_id)
                    assert client.reader is not None
                    client.reader.wire.read(1_000_000)
                    self.loop.settle()
                    if not client.reader.task.done():
                        break
                    client.collect()
                assert client.reader is not None
                client.reader.subscription.close("gone")
                self.loop.settle()
                assert client.reader.task.done()
                client.reader.task.result()
                client.collect()
                self._check_whole(client)
            assert self.bus.subscriptions == 0
        finally:
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.settle()
            self.loop.close()

    def _check_whole(self, client: Client) -> None:
        held = set(client.seen)
        newest = {event_key(event): seq for seq, event in self._all() if event_key(event)}
        for seq, event in self._all():
            if event.bot_id not in client.bots or seq <= client.since[event.bot_id]:
                continue
            if seq in held or seq in client.excused:
                continue
            key = event_key(event)
            assert key is not None and newest[key] > seq, f"{seq} was lost"

    def _all(self) -> list[tuple[int, Event]]:
        return [(seq, event) for seq, (_, event, _) in enumerate(self.published, 1)]

    def _watch(self) -> None:
        self.waiting_before = {
            client.reader: client.reader.subscription.waiting_events > 0
            for client in self.clients
            if client.reader is not None and client.reader.subscription.closing is None
        }

    def _move(self, seconds: float) -> None:
        self.loop.now += seconds
        self.loop.settle()

    def _connect(self, client: Client, after: str | None) -> None:
        self._watch()
        subscription = self.bus.subscribe(client.bots, after)
        for start in subscription.starts:
            assert start.gap == self._gap(start.bot_id, after)
            assert start.resumed == (after is not None and start.gap is None)
            if start.gap is not None or after is None:
                missed = {s for s, e in self._all() if e.bot_id == start.bot_id}
                client.excused |= missed
        client.reader = self.loop.call(lambda: Reader(self.bus, subscription, Wire(0)))

    def _gap(self, bot_id: str, after: str | None) -> str | None:
        if after is None:
            return None
        epoch, _, seq = after.rpartition("-")
        if epoch != self.bus.epochs.current:
            return "restarted" if after == FOREIGN[1] else "unknown"
        place = int(seq)
        if place > len(self.published):
            return "unknown"
        mine = [s for s, event in self._all() if event.bot_id == bot_id]
        kept = {
            s
            for s in mine[-HISTORY_EVENTS:]
            if self.published[s - 1][2] >= self.loop.now - HISTORY_SECONDS
        }
        return "evicted" if any(s > place and s not in kept for s in mine) else None

    @rule(
        kinds=st.lists(
            st.tuples(st.sampled_from(BOTS), st.sampled_from("mmmqt"), st.integers(0, 300)),
            min_size=1,
            max_size=14,
        ),
        settle=st.booleans(),
    )
    def publish(self, kinds: list[tuple[str, str, int]], settle: bool) -> None:
        self._watch()
        events = [event_of(*kind) for kind in kinds]
        ids = self.loop.call(lambda: self.bus.publish_all(events))
        first = len(self.published) + 1
        assert [seq_of(id_) for id_ in ids] == list(range(first, first + len(events)))
        assert ids == sorted(ids)
        self.published += [
            (id_, event, self.loop.now) for id_, event in zip(ids, events, strict=True)
        ]
        if settle:
            self.loop.settle()

    @rule(seconds=st.sampled_from([0.001, 0.02, 25.0]))
    def time_passes(self, seconds: float) -> None:
        self._watch()
        self._move(seconds)

    @precondition(lambda self: len(self.clients) < 4)
    @rule(bots=st.lists(st.sampled_from(BOTS), min_size=1, max_size=4))
    def follow(self, bots: list[str]) -> None:
        client = Client(tuple(bots), len(self.published))
        self.clients.append(client)
        self._connect(client, None)

    @rule(data=st.data(), count=st.sampled_from([1, 37, 400, 5000]))
    def read(self, data: Any, count: int) -> None:
        if reader := self._some(data):
            reader.wire.read(count)
            self.loop.settle()

    @rule(data=st.data(), reason=st.sampled_from(["gone", "renew", "shutdown", "revoked"]))
    def end(self, data: Any, reason: Any) -> None:
        if reader := self._some(data):
            reader.subscription.close(reason)
            self.loop.settle()

    @rule(data=st.data(), after=st.sampled_from([None, None, None, *FOREIGN[:-1], "ahead"]))
    def resume(self, data: Any, after: str | None) -> None:
        """Cut the connection wherever it is, and come back, mostly with the last id held."""
        if not self.clients:
            return
        client = data.draw(st.sampled_from(self.clients))
        if client.reader is not None:
            reader = client.reader
            reader.wire.cut = True
            reader.subscription.close("gone")
            reader.wire.read(1_000_000)
            self.loop.settle()
            assert reader.task.done()
            client.collect()
        if after == "ahead":
            after = self.bus.cursor_at(len(self.published) + 1)
        self._connect(client, after or client.last_id)
        self.loop.settle()

    @rule(data=st.data(), reason=st.sampled_from(["renew", "shutdown", "revoked"]))
    def end_before_the_replay_is_through(self, data: Any, reason: Any) -> None:
        self.resume(data, None)
        self.publish([(bot, "m", 9) for bot in BOTS], settle=True)
        self.end(data, reason)

    def _some(self, data: Any) -> Reader | None:
        living = [c.reader for c in self.clients if c.reader is not None]
        return data.draw(st.sampled_from(living)) if living else None

    @invariant()
    def what_clients_hold_is_in_order_and_their_own(self) -> None:
        for client in getattr(self, "clients", ()):
            held = client.seen + (client.reader.ids if client.reader else [])
            assert all(a < b for a, b in pairwise(held)), held
            assert {self.published[seq - 1][1].bot_id for seq in held} <= set(client.bots)
            if client.reader is not None:
                events = client.reader.wire.events
                places = [seq_of(event.id) for event in events]
                assert places == sorted(places)

    @invariant()
    def nobody_without_anything_waiting_is_closed_as_slow(self) -> None:
        for reader, waited in getattr(self, "waiting_before", {}).items():
            if reader.subscription.closing == "slow":
                assert waited
        self.waiting_before = {}


def event_of(bot: str, kind: str, size: int) -> Event:
    match kind:
        case "q":
            return BotQr(bot_id=bot, qr="q" * max(1, size))
        case "t":
            return ChatTyping(bot_id=bot, session_id="s", who="w", state="x" * max(1, size % 200))
    return MessageReceived(
        bot_id=bot, session_id="s", message=Message(id="m", content="\u2028é😀\n" * (size // 8))
    )


def event_key(event: Event) -> tuple[str, str] | None:
    return None if isinstance(event, MessageReceived) else (type(event).__name__, event.bot_id)


def test_every_client_has_every_event_once_and_in_order_or_is_told_of_a_gap() -> None:
    run_state_machine_as_test(
        BusMachine,
        settings=settings(
            max_examples=300,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
