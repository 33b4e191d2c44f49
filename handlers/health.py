"""/healthz, /readyz and /metrics: Pulso as seen from outside. Open to all."""

from typing import Literal

import msgspec

from handlers.base import PulsoHandler
from handlers.calls import call
from services.server.metrics import Metrics
from services.server.readiness import Readiness


class Health(msgspec.Struct, frozen=True):
    """The process runs."""

    status: Literal["ok"] = "ok"


class Ready(msgspec.Struct, frozen=True):
    """Whether Pulso can do its work: an event travels, the store answers, it isn't draining."""

    ready: bool
    bus: bool
    store: bool
    draining: bool


class HealthHandler(PulsoHandler):
    @call(200, is_open=True)
    def get(self) -> Health:
        """Whether the process runs."""
        return Health()


class ReadyHandler(PulsoHandler):
    readiness: Readiness

    @call(200, 503, is_open=True)
    async def get(self) -> Ready:
        """Whether it can do its work: else 503."""
        found = msgspec.convert(await self.readiness.check(), Ready)
        self.set_status(200 if found.ready else 503)
        return found


class MetricsHandler(PulsoHandler):
    metrics: Metrics

    @call(200, is_open=True, media="text/plain")
    def get(self) -> None:
        """Figures for Prometheus."""
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(self.metrics.text())
