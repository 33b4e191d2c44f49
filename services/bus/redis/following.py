"""Which bots this process follows on Redis, and what it knows of each. Waits for nothing."""

import time
from collections.abc import Callable, Iterable, Mapping

from services.bus.cursor import Cursor
from services.bus.history import Entry, in_order
from services.bus.redis.connection import Names
from services.bus.redis.ranges import Asked, OutOfStep, Ranges
from services.bus.redis.shared_bus import SharedBus
from services.bus.redis.wire import announced

# A bot without readers is followed for so long: a page that is reloaded finds it as it was.
LINGER_SECONDS = 30.0


class Followed:
    """A bot whose channel is subscribed; ``joined`` once all it publishes is delivered."""

    def __init__(self, bot_id: str, channel: bytes) -> None:
        self.bot_id = bot_id
        self.channel = channel
        self.joined = False
        # The seq of its newest event, and of the newest that Redis was found to keep no longer.
        self.newest = 0
        self.dropped = 0
        self.idle_since: float | None = None


class Following:
    def __init__(
        self, bus: SharedBus, names: Names, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._bus = bus
        self._names = names
        self._clock = clock
        self._by_bot: dict[str, Followed] = {}
        self._by_channel: dict[bytes, Followed] = {}

    @property
    def channels(self) -> list[bytes]:
        """All that are to be subscribed."""
        return list(self._by_channel)

    def missing(self, bots: Iterable[str], cursor: Cursor | None) -> Asked | None:
        """What has to be asked before these bots can be followed from there; None: nothing."""
        epoch, seq = self._bus.seen
        after = cursor.seq if cursor is not None and cursor.epoch == epoch else None
        asked: dict[str, int | None] = {}
        now = self._clock()
        for bot_id in bots:
            followed = self._by_bot.get(bot_id)
            if followed is None or not followed.joined:
                asked[bot_id] = after
                continue
            followed.idle_since = None
            if (
                after is not None
                and after >= followed.dropped
                and not self._bus.history.holds(bot_id, after, now)
            ):
                asked[bot_id] = after
        # Another process may be ahead of this one.
        ahead = cursor is not None and (cursor.epoch > epoch or (after is not None and after > seq))
        return asked if asked or ahead else None

    def add(self, bots: Iterable[str]) -> list[bytes]:
        """Follow these too: the channels to subscribe for it."""
        channels = []
        for bot_id in bots:
            if bot_id not in self._by_bot:
                channel = self._names("channel", bot_id).encode()
                self._by_bot[bot_id] = self._by_channel[channel] = Followed(bot_id, channel)
                channels.append(channel)
        return channels

    def forget_unjoined(self) -> None:
        self._forget([found for found in self._by_bot.values() if not found.joined])

    def all_after(self, seq: int, reported: Mapping[str, int]) -> Asked:
        """To ask for what all have missed. ``reported``: up to which seq a gap stands for that."""
        return {bot_id: max(seq, reported.get(bot_id, 0)) for bot_id in self._by_bot}

    def event(self, channel: bytes, payload: bytes) -> tuple[Entry, int] | None:
        """The event in this message, and the seq of the last of those published with it.

        None where it is not to be delivered. OutOfStep where one before it did not come.
        """
        followed = self._by_channel.get(channel)
        if followed is None or not followed.joined:
            return None  # it is in the range that is being read
        found = announced(self._bus.seen[0], followed.bot_id, payload, self._clock())
        if found.before != followed.newest:
            raise OutOfStep("an event did not come")
        followed.newest = found.entry.seq
        return found.entry, found.last

    def take_in(self, asked: Asked, found: Ranges) -> None:
        """What was asked for. All before it has been delivered, and nothing of behind it."""
        now = self._clock()
        for bot_id, bot_range in found.by_bot.items():
            followed = self._by_bot.get(bot_id)
            if followed is None:
                continue
            after = asked[bot_id]
            if after is not None:
                followed.dropped = bot_range.dropped
            if after is not None and bot_range.entries is not None:
                self._bus.history.replace(bot_id, after, bot_range.entries)
            elif not followed.joined:
                self._bus.history.replace(bot_id, found.seq)
            followed.joined = True
            followed.newest = bot_range.newest
            followed.idle_since = now
        self._bus.advance(found.seq)

    def catch_up(self, found: Ranges) -> list[str]:
        """What all have missed. Readers of a bot of which not all is there get a gap; which.

        All that had been published when it was read is behind the gap.
        """
        ranges = found.by_bot
        lost = [bot_id for bot_id, bot_range in ranges.items() if bot_range.entries is None]
        if lost:
            self._bus.lose(lost, "evicted")
        entries = in_order(bot_range.entries or [] for bot_range in ranges.values())
        if entries:
            self._bus.deliver(entries)
        for bot_id in lost:
            self._bus.history.replace(bot_id, found.newest)
        for bot_id, bot_range in ranges.items():
            self._by_bot[bot_id].newest = bot_range.newest
            self._by_bot[bot_id].dropped = max(self._by_bot[bot_id].dropped, bot_range.dropped)
        self._bus.advance(found.seq)
        return lost

    def restart(self, epoch: str, seq: int) -> None:
        """All that was published is lost."""
        self._bus.restart(epoch, seq)
        for bot_id, followed in self._by_bot.items():
            self._bus.history.replace(bot_id, seq)
            followed.dropped = 0

    def leave_idle(self) -> list[bytes]:
        """Follow no longer what nobody has read for a while: the channels to unsubscribe."""
        now = self._clock()
        idle = []
        for followed in self._by_bot.values():
            if self._bus.follows(followed.bot_id) or not followed.joined:
                followed.idle_since = None
            elif followed.idle_since is None:
                followed.idle_since = now
            elif now - followed.idle_since > LINGER_SECONDS:
                idle.append(followed)
        self._forget(idle)
        return [followed.channel for followed in idle]

    def _forget(self, gone: Iterable[Followed]) -> None:
        for followed in gone:
            del self._by_bot[followed.bot_id], self._by_channel[followed.channel]
            self._bus.history.remove(followed.bot_id)
