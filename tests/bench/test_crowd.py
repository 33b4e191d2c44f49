"""The load itself, against a real Pulso: ten streams, every delivery counted."""

import pytest

from bench.crowd import crowd
from bench.messages import batches, bot_names, singles
from bench.peers.pulso import Pulso
from bench.scale import Scale
from bench.scenarios.storm import storm
from bench.server import running

STREAMS = 10


def test_ten_streams_get_what_is_published_and_the_cost_is_measured() -> None:
    with running(Pulso()) as server, crowd(server) as readers:
        readers.open(["bot-0"] * STREAMS)
        before = server.cpu()
        paced = readers.deliver(singles("bot-0", 5, STREAMS), rate=100)
        burst = readers.deliver(singles("bot-0", 20, STREAMS), publishers=4)
        assert (paced.got, paced.lost) == (50, 0)
        assert (burst.got, burst.lost) == (200, 0)
        assert len(paced.latencies) == 50 and min(paced.latencies) > 0
        assert server.cpu() > before
        assert server.resident() > 10_000
        assert readers.dropped == 0


def test_a_batch_reaches_the_streams_of_its_bots() -> None:
    bots = bot_names(STREAMS)
    with running(Pulso()) as server, crowd(server) as readers:
        readers.open(bots)
        run = readers.deliver(batches(bots, 4, 20, 5))
        assert (run.got, run.lost) == (80, 0)
        assert [reader.got for reader in readers.readers.values()] == [8] * STREAMS


def test_clients_that_come_back_are_caught_up() -> None:
    figures = storm(Pulso(), Scale(storm_clients=STREAMS, storm_behind=3))
    assert figures["lost"] == 0


def test_a_server_that_does_not_start_is_an_error_with_its_words() -> None:
    with (
        pytest.raises(RuntimeError, match="PULSO_COALESCE_MS"),
        running(Pulso(), {"PULSO_COALESCE_MS": "soon"}),
    ):
        pass
