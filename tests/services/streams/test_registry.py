"""The register of open streams: places, who sees whom, and heartbeats on one ticker."""

import time
from contextlib import ExitStack
from functools import partial
from operator import add
from typing import Any
from unittest.mock import patch

import pytest
from tornado.iostream import IOStream

from services.access.tokens import Claims
from services.bus.event_bus import EventBus
from services.errors import Conflict, Forbidden, NotFound
from services.streams.registry import Streams
from tests.services.bus.bus_model import Loop


class Open(ExitStack):
    """Streams opened on a register, without a network."""

    def __init__(self, **limits: Any) -> None:
        super().__init__()
        self.bus = EventBus(coalesce_ms=0)
        self.streams = Streams(self.bus, **limits)
        self.loop = Loop()
        self.callback(self.loop.close)

    def one(self, sub: str, *bots: str, **claims: Any) -> Any:
        who = Claims(sub=sub, **claims)
        iostream: IOStream = None  # type: ignore[assignment]
        stream = self.streams.open(who, bots or ["b"], None, iostream, chunked=True)
        return self.loop.call(lambda: self.enter_context(stream))


def test_beyond_a_limit_the_refusal_has_its_reason() -> None:
    with Open(max_streams=3, max_per_user=2) as opened:
        opened.one("ana")
        assert opened.streams.refusal("ana") is None
        opened.one("ana")
        assert opened.streams.refusal("ana") == "too-many-streams"
        assert opened.streams.refusal("eva") is None
        opened.one("eva")
        assert opened.streams.refusal("eva") == "overloaded"
        opened.streams.draining = True
        assert opened.streams.refusal("eva") == "shutdown"
        assert opened.streams.refused == {"too-many-streams": 1, "overloaded": 1, "shutdown": 1}


def test_a_place_is_given_back_once_and_nothing_of_it_stays() -> None:
    with Open(max_streams=1) as opened:
        stream = opened.one("ana", exp=9e9)
        assert len(opened.streams) == 1
        stream.__exit__(None, None, None)
        stream.__exit__(None, None, None)
        assert len(opened.streams) == 0
        assert opened.streams.refusal("ana") is None
        assert sum(opened.streams.closed.values()) == 1
        assert not opened.streams.writing


def test_only_an_admin_sees_and_ends_those_of_others() -> None:
    with Open() as opened:
        mine, theirs = opened.one("ana", "b", "a"), opened.one("eva")
        ana, chief = Claims(sub="ana"), Claims(sub="chief", admin=True)
        [seen] = opened.streams.visible_to(ana)
        assert (seen["streamId"], seen["bots"]) == (mine.id, ["a", "b"])
        assert len(opened.streams.visible_to(chief)) == 2
        for stream_id in (theirs.id, "nope"):
            with pytest.raises(NotFound):
                opened.streams.end(stream_id, ana)
        opened.streams.end(mine.id, ana)
        opened.streams.end(theirs.id, chief)
        assert mine.subscription.closing == theirs.subscription.closing == "revoked"


def test_renewing_keeps_to_the_sub_the_bots_and_later_ends() -> None:
    with Open() as opened:
        stream = opened.one("ana", "a", "b", exp=9e9)

        def renew(**claims: Any) -> Any:
            new = Claims(**{"sub": "ana", "exp": 9e9, **claims})
            return opened.loop.call(lambda: opened.streams.renew(stream.id, new))

        with pytest.raises(NotFound):
            renew(sub="eva")
        with pytest.raises(Forbidden):
            renew(bots=frozenset({"a"}))
        with pytest.raises(Conflict):
            renew(exp=8.9e9)
        assert stream.claims.exp == 9e9
        assert renew(exp=9.1e9, bots=frozenset({"a", "b"})).claims.exp == 9.1e9
        assert renew(exp=None).claims.exp is None
        with pytest.raises(Conflict):
            renew(exp=9.2e9)
        stream.close("renew")
        with pytest.raises(NotFound):
            renew(exp=None)


def test_changed_rights_end_the_streams_that_lost_a_bot_and_no_others() -> None:
    with Open() as opened:
        both, one, over = opened.one("ana", "a", "b"), opened.one("eva", "a"), opened.one("out")
        narrowed = {
            "ana": Claims(sub="ana", bots=frozenset({"a"})),
            "eva": Claims(sub="eva", bots=frozenset({"a"})),
            "out": None,
        }
        opened.streams.recheck(lambda claims: narrowed[claims.sub])
        assert both.subscription.closing == "revoked"
        assert over.subscription.closing == "revoked"
        assert one.subscription.closing is None
        assert one.claims == narrowed["eva"]


def test_a_token_ends_its_stream_by_the_wall_clock_also_where_that_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = time.time
    with Open(max_age=0) as opened:
        opened.loop.call(opened.streams.start)
        ends, stays = opened.one("ana", exp=real() + 86_000), opened.one("eva", exp=real() + 90_000)
        forever = opened.one("ida")

        def tick() -> list[str | None]:
            for _ in range(4):
                opened.loop.now += 0.1
                opened.loop.settle()
            return [stream.subscription.closing for stream in (ends, stays, forever)]

        assert tick() == [None, None, None]
        monkeypatch.setattr(time, "time", lambda: real() - 86_400)
        assert tick() == [None, None, None]
        monkeypatch.setattr(time, "time", lambda: real() + 86_400)
        assert tick() == ["token-expired", None, None]
        opened.loop.now += 3500
        monkeypatch.setattr(time, "time", lambda: real() + 89_950)
        assert tick() == ["token-expired", None, None]
        monkeypatch.setattr(time, "time", lambda: real() + 90_001)
        assert tick() == ["token-expired", "token-expired", None]
        opened.streams.stop()


def test_a_warning_comes_once_a_minute_before_and_again_after_a_renewal() -> None:
    with Open(max_age=0) as opened:
        stream = opened.one("ana", exp=time.time() + 100)
        queue: Any = stream.subscription._queue

        def warned(seconds: float) -> int:
            opened.loop.now += seconds
            opened.loop.settle()
            return int(queue.qsize())

        assert warned(39) == 0
        with patch("time.time", partial(add, time.time(), 41)):
            assert warned(2) == 1
            assert warned(2) == 1
            later = Claims(sub="ana", exp=time.time() + 70)
            opened.loop.call(lambda: opened.streams.renew(stream.id, later))
            assert warned(0) == 1
        with patch("time.time", partial(add, time.time(), 52)):
            assert warned(11) == 2


def test_a_stream_that_is_over_leaves_no_timer() -> None:
    with Open() as opened:
        stream = opened.one("ana", exp=9e9)
        [timer] = [t for t in opened.loop._scheduled if not t.cancelled()]  # type: ignore[attr-defined]
        stream.__exit__(None, None, None)
        assert timer.cancelled()


def test_an_end_by_age_is_spread_and_an_end_by_token_is_exact() -> None:
    with Open(max_age=100) as opened:
        ended: dict[float, int] = {}
        streams = [opened.one("ana") for _ in range(40)]
        for moment in (74, 85, 95, 105, 115, 126):
            opened.loop.now = 1000.0 + moment
            opened.loop.settle()
            ended[moment] = sum(s.subscription.closing == "renew" for s in streams)
        assert ended[74] == 0
        assert 0 < ended[95] < 40
        assert ended[126] == 40
