"""Published on one process, read on another, resumed on a third: one feed, whichever one asks."""

from tests.running import message
from tests.scale import scaled
from tests.topology.load import Load
from tests.topology.topology import Topology, settle


def test_an_event_of_one_process_is_read_on_another_and_resumed_on_a_third(
    parts: Topology,
) -> None:
    first, second, third = parts.pulsos
    stream = second.stream("a1", "a2")
    stream.until("connected")
    stream.until("connected")
    ids = first.publish(message("a1", "eins"), message("a2", "zwei"))
    ids += third.publish(message("a1", "drei"))
    seen = stream.take(3)
    assert [event.json["message"]["content"] for event in seen] == ["eins", "zwei", "drei"]
    assert [event.id for event in seen] == ids == sorted(set(ids))
    resumed = third.stream("a1", "a2", after=ids[0])
    connected = resumed.take(2)
    assert all(event.json["resumed"] for event in connected)
    assert [event.id for event in resumed.take(2)] == ids[1:]


def test_fifty_clients_that_roam_see_everything_once_and_in_order(parts: Topology) -> None:
    bots = [f"roam-{number}" for number in range(6)]
    with Load(parts.any_process, bots, clients=50, publishers=10) as load:
        settle(max(3, scaled(30)))
    assert load.wrong() == []
    assert not any(roamer.gaps for roamer in load.roamers)
    assert min(roamer.connections for roamer in load.roamers) > 1
