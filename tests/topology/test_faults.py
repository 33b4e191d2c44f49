"""Each part killed, frozen and emptied under load: nothing lost, or a reported gap."""

import shutil
import signal
import time
from collections.abc import Callable

import pytest

from tests.postgresql import PostgreSQL
from tests.redis_server import RedisServer
from tests.running import eventually
from tests.topology.load import Load
from tests.topology.topology import Topology, settle

BOTS = [f"fault-{number}" for number in range(4)]
# Longer than any time limit of ours on Redis or PostgreSQL.
FROZEN_SECONDS = 4.0


def frozen(part: RedisServer | PostgreSQL) -> None:
    part.freeze()
    settle(FROZEN_SECONDS)
    part.thaw()


def kill_a_process(parts: Topology) -> None:
    parts.pulsos[0].kill()
    settle(1)
    parts.pulsos[0].start()


def freeze_a_process(parts: Topology) -> None:
    parts.pulsos[1].send_signal(signal.SIGSTOP)
    settle(FROZEN_SECONDS)
    parts.pulsos[1].send_signal(signal.SIGCONT)


def cut_subscriptions(parts: Topology) -> None:
    assert int(parts.redis.cli("CLIENT", "KILL", "TYPE", "pubsub")) >= 1


def kill_redis(parts: Topology) -> None:
    parts.redis.kill()
    settle(1)
    parts.redis.start()


def freeze_redis(parts: Topology) -> None:
    frozen(parts.redis)


def empty_redis(parts: Topology) -> None:
    assert parts.redis.cli("FLUSHALL") == "OK"


def lose_redis(parts: Topology) -> None:
    parts.redis.kill()
    shutil.rmtree(parts.redis.folder / "appendonlydir")
    parts.redis.start()


def kill_postgresql(parts: Topology) -> None:
    parts.postgres.kill()
    settle(1)
    parts.postgres.start()


def freeze_postgresql(parts: Topology) -> None:
    frozen(parts.postgres)


KEPT = [kill_a_process, freeze_a_process, cut_subscriptions, freeze_redis]
KEPT += [kill_postgresql, freeze_postgresql]
# Redis may go on with less than it gave out: a file of each second, or none at all.
FORGETFUL = [kill_redis, empty_redis, lose_redis]


def recovered(parts: Topology) -> None:
    eventually(parts.store_answers, 30)
    eventually(parts.ready, 30)


def under_load(parts: Topology, fault: Callable[[Topology], None]) -> Load:
    with Load(parts.any_process, BOTS, clients=12, publishers=4) as load:
        settle(1)
        fault(parts)
        recovered(parts)
        settle(1)
    return load


@pytest.mark.parametrize("fault", KEPT, ids=lambda fault: fault.__name__)
def test_nothing_is_lost(parts: Topology, fault: Callable[[Topology], None]) -> None:
    load = under_load(parts, fault)
    assert load.wrong() == []
    assert not any(roamer.gaps for roamer in load.roamers)


@pytest.mark.parametrize("fault", FORGETFUL, ids=lambda fault: fault.__name__)
def test_what_redis_forgets_is_a_reported_gap(
    parts: Topology, fault: Callable[[Topology], None]
) -> None:
    load = under_load(parts, fault)
    # What was under way may have been taken twice: its key was forgotten too.
    assert load.wrong(twice=lambda content: True) == []
    for gap in (gap for roamer in load.roamers for gap in roamer.gaps):
        assert gap.json["reason"] == "restarted"
    if fault is not kill_redis:
        assert all(roamer.gaps for roamer in load.roamers)


def test_streams_stay_while_redis_is_away(parts: Topology) -> None:
    pulso = parts.pulsos[0]
    stream = pulso.stream(BOTS[0])
    stream.until("connected")
    parts.redis.kill()
    try:
        began = time.monotonic()
        body = {"type": "chat:typing", "botId": BOTS[0], "sessionId": "s", "who": "contact"}
        body["state"] = "composing"
        token = pulso.token("w", publish=True)
        answer = pulso.request("POST", "/events", body, token=token)
        assert answer.status == 503
        assert time.monotonic() - began < 3
        assert pulso.request("GET", "/readyz").status == 503
        assert pulso.request("GET", "/healthz").status == 200
        # The heart goes on beating.
        assert stream.next(5, pings=True).type == "ping"
        assert stream.next(5, pings=True).type == "ping"
    finally:
        parts.redis.start()
    recovered(parts)
