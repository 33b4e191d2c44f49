"""What customers write, from the sink and from the phone's call, all of it counted."""

from pathlib import Path

import pytest

from bench.crowd import crowd
from bench.floor import connect, store
from bench.peers.pulso import Pulso
from bench.phone import Phone, call, linked_bots, written
from bench.scale import Scale
from bench.scenarios.ingest import INGEST, ingest
from bench.scenarios.ingest_postgresql import INGEST_POSTGRESQL, ingest_postgresql
from bench.server import running


def test_what_customers_write_is_stored_and_received_and_has_its_price() -> None:
    figures = ingest(Pulso(), Scale(ingest_messages=80))
    assert figures.keys() == INGEST.measures.keys()
    assert min(figures.values()) > 0


def test_what_customers_write_is_stored_in_postgresql_alone_and_among_others() -> None:
    figures = ingest_postgresql(Pulso(), Scale(ingest_messages=80))
    assert figures.keys() == INGEST_POSTGRESQL.measures.keys()
    assert min(figures.values()) > 0


def test_a_message_of_the_phone_is_a_delivery_and_a_chat() -> None:
    with running(Phone()) as server, crowd(server) as readers:
        [bot] = linked_bots(server, 1)
        readers.open([bot])
        run = readers.deliver((written(bot, number) for number in range(10)), publishers=4)
        assert (run.got, run.lost) == (10, 0)
        assert len(call(server, "GET", f"/api/sessions?botId={bot}")["sessions"]) == 10
        with pytest.raises(ConnectionError, match="404"):
            call(server, "GET", "/api/bots/nobody")


def test_the_floor_stores_what_it_counts(tmp_path: Path) -> None:
    with running(Phone(), folder=tmp_path) as server:
        [bot] = linked_bots(server, 1)
        call(server, "POST", f"/api/simulator/bots/{bot}/message", {"from": "34600", "text": "x"})
    path = str(tmp_path / "data" / "pulso.db")
    seconds, cpu = store(path, 100)
    assert seconds > 0 and cpu > 0
    connection = connect(path)
    assert connection.execute("SELECT count(*) FROM messages").fetchone() == (101,)
    assert connection.execute("SELECT unread FROM sessions").fetchone() == (101,)
    connection.close()
