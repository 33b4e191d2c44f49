"""/healthz, /readyz and /metrics, open to all."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.bus.cursor import Cursor
from tests.running import RunningPulso, eventually, message


def test_a_running_process_is_well(server: RunningPulso) -> None:
    answer = server.request("GET", "/healthz")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_ready_says_what_works_and_never_fills_up(server: RunningPulso) -> None:
    for _ in range(20):
        answer = server.request("GET", "/readyz")
        assert answer.status == 200
        assert answer.json["ready"] is True
        assert answer.json["bus"] is True
        assert answer.json["store"] is True
        assert answer.json["draining"] is False
    assert server.metric("pulso_subscriptions") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": "multipart/form-dataxyz; boundary=x"},
        {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"},
    ],
    ids=["no boundary", "no such type", "encoded"],
)
@pytest.mark.parametrize(
    "path",
    ["/healthz", "/readyz", "/metrics", "/api/openapi.json", "/login", "/static/js/events.js"],
)
def test_a_body_that_nobody_reads_changes_no_answer(
    server: RunningPulso, path: str, headers: dict[str, str]
) -> None:
    usual = server.request("GET", path).status
    assert server.request("GET", path, b"a=%zz", headers=headers).status == usual


def test_nobody_hears_the_probe_of_readiness(server: RunningPulso) -> None:
    stream = server.stream("b1")
    stream.next()
    server.request("GET", "/readyz")
    [heard] = server.publish(message("b1", "x"))
    assert stream.next().id == heard


def test_the_probe_of_readiness_spends_no_id_and_counts_as_nothing(server: RunningPulso) -> None:
    [before] = server.publish(message("unread", "x"))
    for _ in range(3):
        assert server.request("GET", "/readyz").status == 200
    [after] = server.publish(message("unread", "x"))
    first, second = Cursor.parse(before), Cursor.parse(after)
    assert first is not None
    assert second is not None
    assert second.seq == first.seq + 1
    with pytest.raises(KeyError):
        server.metric('pulso_events_published_total{type="chat:typing"}')


def test_metrics_count_what_happened(server: RunningPulso) -> None:
    def metric(name: str) -> float:
        return server.metric(name)

    def count(name: str) -> float:
        try:
            return metric(name)
        except KeyError:
            return 0.0

    published = 'pulso_events_published_total{type="message:received"}'
    gone = 'pulso_streams_closed_total{reason="gone"}'
    gaps = 'pulso_gaps_total{reason="unknown"}'
    before = {
        name: count(name)
        for name in (
            published,
            gone,
            gaps,
            "pulso_streams_open",
            "pulso_streams_opened_total",
            "pulso_events_delivered_total",
            "pulso_events_replayed_total",
        )
    }
    stream = server.stream("counted", "counted-too")
    stream.take(2)
    ids = server.publish(message("counted", "x"), message("counted-too", "x"))
    stream.take(2)
    resumed = server.stream("counted", after=ids[0][:-1] + "x")
    resumed.take(2)
    replayed = server.stream("counted-too", after=ids[0])
    replayed.take(2)

    def grew(name: str, by: float) -> bool:
        return count(name) - before[name] == by

    assert grew("pulso_streams_open", 3)
    assert grew("pulso_streams_opened_total", 3)
    assert grew(published, 2)
    assert grew(gaps, 1)
    assert grew("pulso_events_delivered_total", 2)
    assert grew("pulso_events_replayed_total", 1)
    for client in (stream, resumed, replayed):
        client.close()
    eventually(lambda: grew("pulso_streams_open", 0) and grew(gone, 3))


def test_metrics_are_prometheus_text(server: RunningPulso) -> None:
    answer = server.request("GET", "/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {
        family.name: family for family in text_string_to_metric_families(answer.body.decode())
    }
    assert "pulso_publish_to_flush_seconds" in families
    assert all(family.documentation for name, family in families.items() if "pulso" in name)
