"""What Prometheus reads. Gauges and counters are read off the parts themselves when asked."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from services.bus.event_bus import EventBus
from services.streams.registry import Streams

# From a write at once to a client that was nearly dropped; seconds.
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """One registry a process, not the library's global one. ``observe`` feeds the histogram."""

    def __init__(self, version: str) -> None:
        self._registry = CollectorRegistry()
        self._version = version
        self.process: str | None = None  # which of several this is
        self.latency = Histogram(
            "pulso_publish_to_flush_seconds",
            "From publish to the write that took the event to a socket",
            buckets=LATENCY_BUCKETS,
            registry=self._registry,
        )
        self.observe = self.latency.observe

    def watch(self, bus: EventBus, streams: Streams) -> None:
        """Add these parts to what is reported."""
        self._registry.register(_Parts(bus, streams, self._version))

    def text(self) -> bytes:
        """The Prometheus text format."""
        # All that it asks of a registry is to collect.
        registry: Any = self._registry if self.process is None else self
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """Every sample with the label ``process``, where there are several."""
        for family in self._registry.collect():
            family.samples = [
                sample._replace(labels={"process": self.process or "", **sample.labels})
                for sample in family.samples
            ]
            yield family


class _Parts(Collector):
    def __init__(self, bus: EventBus, streams: Streams, version: str) -> None:
        self._bus = bus
        self._streams = streams
        self._version = version

    def collect(self) -> Iterator[Metric]:
        bus, streams = self._bus, self._streams
        yield InfoMetricFamily("pulso_build", "This build", value={"version": self._version})
        yield GaugeMetricFamily("pulso_streams_open", "Open streams", value=len(streams))
        yield GaugeMetricFamily(
            "pulso_subscriptions", "Pairs of an open stream and a bot", value=bus.subscriptions
        )
        yield GaugeMetricFamily(
            "pulso_queued_events",
            "Events that wait for slow streams now",
            value=streams.queued_events(),
        )
        yield GaugeMetricFamily(
            "pulso_queued_events_high_water",
            "The most events any stream has had waiting",
            value=bus.pressure.high_water,
        )
        yield CounterMetricFamily("pulso_streams_opened", "Streams opened", value=streams.opened)
        yield _labelled("pulso_streams_closed", "Streams closed", "reason", streams.closed)
        yield _labelled("pulso_streams_refused", "Soft refusals", "reason", streams.refused)
        yield _labelled("pulso_events_published", "Events published", "type", bus.published)
        yield _labelled("pulso_gaps", "Gaps reported", "reason", bus.gaps)
        for name, text, value in (
            ("delivered", "Events written to streams", bus.counts["delivered"]),
            ("replayed", "Events given again on resume", bus.counts["replayed"]),
            (
                "conflated",
                "Events replaced by a newer one for a slow stream",
                bus.pressure.conflated,
            ),
        ):
            yield CounterMetricFamily(f"pulso_events_{name}", text, value=value)


def _labelled(name: str, text: str, label: str, counts: dict[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family
