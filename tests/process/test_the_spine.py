"""From POST /events to a stream and back in by its id, on a real server."""

import time

from tests.running import RunningPulso, message


def test_an_event_reaches_a_stream_and_a_resumed_one(pulso: RunningPulso) -> None:
    stream = pulso.stream("b1")
    connected = stream.next()
    assert connected.json["type"] == "connected"
    assert connected.json["resumed"] is False

    ids = pulso.publish(message("b1", "one"), message("b1", "two"))
    live = stream.take(2)
    assert [event.id for event in live] == ids

    resumed = pulso.stream("b1", after=ids[0])
    assert resumed.next().json["resumed"] is True
    assert resumed.next().id == ids[1]


def test_a_delivery_to_an_idle_stream_counts_as_a_write(pulso: RunningPulso) -> None:
    stream = pulso.stream("b1")
    stream.next()
    time.sleep(0.5)
    pulso.publish(message("b1", "one"))
    stream.next()
    assert pulso.streams()[0]["lastWriteAge"] < 0.4
