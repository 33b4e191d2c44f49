"""Three Pulso processes behind nginx on one Redis and one PostgreSQL, each part to be broken."""

import contextlib
import itertools
import random
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg

from tests.nginx_server import NginxServer
from tests.postgresql import PostgreSQL, postgresql
from tests.redis_server import RedisServer, redis_server
from tests.running import RunningPulso

PROCESSES = 3


class Topology:
    """``pulsos`` are the processes; what is killed is started again by who killed it."""

    def __init__(self, folder: Path, redis: RedisServer, postgres: PostgreSQL, url: str) -> None:
        self.redis = redis
        self.postgres = postgres
        self.database_url = url
        self.settings: dict[str, str] = {
            "PULSO_BUS_URL": redis.url,
            "PULSO_DATABASE_URL": url,
            "PULSO_HEARTBEAT_SECONDS": "1",
            "PULSO_DRAIN_SECONDS": "3",
        }
        self._folder = folder
        self._numbers = itertools.count()
        self.pulsos: list[RunningPulso] = []
        self.nginx: NginxServer | None = None

    def start(self, settings: Mapping[str, str]) -> None:
        for _ in range(PROCESSES):
            self.pulsos.append(self.another(**settings).start())
        self.nginx = NginxServer(self._folder / "nginx", [pulso.port for pulso in self.pulsos])

    def another(self, **settings: str) -> RunningPulso:
        """One more process; not started, and not among ``pulsos``."""
        folder = self._folder / f"p{next(self._numbers)}"
        return RunningPulso(folder, **{**self.settings, **settings})

    def stop(self) -> None:
        if self.nginx is not None:
            self.nginx.stop()
        for pulso in self.pulsos:
            pulso.close_clients()
            if pulso.running:
                pulso.send_signal(signal.SIGCONT)
                pulso.kill()

    @property
    def logs(self) -> str:
        return "".join(pulso.log for pulso in self.pulsos)

    def any_process(self) -> tuple[str, int]:
        """The address of one or another; it need not be up."""
        pulso = random.choice(self.pulsos)
        return pulso.host, pulso.port

    def front(self) -> tuple[str, int]:
        """The address of nginx."""
        assert self.nginx is not None
        return "127.0.0.1", self.nginx.port

    def store_answers(self) -> bool:
        """Whether PostgreSQL can be asked."""
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(self.database_url, connect_timeout=2),
        ):
            return True
        return False

    def ready(self) -> bool:
        """Whether every process says that it is."""
        with contextlib.suppress(OSError):
            return all(one.request("GET", "/readyz").status == 200 for one in self.pulsos)
        return False


@contextlib.contextmanager
def topology(folder: Path, *, listen: str = "", **settings: str) -> Iterator[Topology]:
    """All of it, for the length of a block. Redis and PostgreSQL ``listen`` there too."""
    bound = {"appendonly": "yes", "bind": f"127.0.0.1 {listen}", "protected-mode": "no"}
    with redis_server(**bound) as redis, postgresql(listen) as server:
        made = Topology(folder, redis, server, server.empty())
        try:
            made.start(settings)
            yield made
        finally:
            made.stop()


def settle(seconds: float) -> None:
    """Let what is broken stay so: the length of an outage is what is tested."""
    time.sleep(seconds)
