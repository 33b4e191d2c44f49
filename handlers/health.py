"""/healthz, /readyz and /metrics: Pulso as seen from outside. Open to all."""

from handlers.base import PulsoHandler
from services.server.metrics import Metrics
from services.server.readiness import Readiness


class HealthHandler(PulsoHandler):
    """The process runs."""

    def get(self) -> None:
        self.reply({"status": "ok"})


class ReadyHandler(PulsoHandler):
    """It can do its work: else 503."""

    readiness: Readiness

    async def get(self) -> None:
        found = await self.readiness.check()
        self.reply(found, 200 if found["ready"] else 503)


class MetricsHandler(PulsoHandler):
    metrics: Metrics

    def get(self) -> None:
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(self.metrics.text())
