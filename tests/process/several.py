"""Several processes as their users run them: on one PostgreSQL and one Redis, on free ports."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from tests.postgresql import postgresql
from tests.redis_server import RedisServer, redis_server
from tests.running import RunningPulso

HOLDERS = """
SELECT bot_id, holder FROM leases
WHERE holder IS NOT NULL AND expires > extract(epoch FROM clock_timestamp())
"""


class Several:
    """``start`` makes one more, with settings of its own; ``settings`` are those of all."""

    def __init__(self, folder: Path, database: str, redis: RedisServer, **settings: str) -> None:
        self.folder = folder
        self._database = database
        self.redis = redis
        self.settings = {
            "PULSO_DATABASE_URL": database,
            "PULSO_BUS_URL": redis.url,
            "PULSO_LEASE_SECONDS": "3",
            **settings,
        }
        self.processes: list[RunningPulso] = []

    def start(self, **settings: str) -> RunningPulso:
        folder = self.folder / f"p{len(self.processes)}"
        process = RunningPulso(folder, **{**self.settings, **settings})
        self.processes.append(process)
        return process.start()

    def held(self, process: RunningPulso) -> set[str]:
        """The bots that this one holds, as the database has it."""
        with psycopg.connect(self._database) as connection:
            rows = connection.execute(HOLDERS).fetchall()
        return {bot_id for bot_id, holder in rows if int(holder.split("-")[-2]) == process.pid}

    def close(self) -> None:
        for process in self.processes:
            process.close_clients()
            if process.running:
                process.kill()


@contextmanager
def several(folder: Path, **settings: str) -> Iterator[Several]:
    """Servers of their own for the length of a block; what still runs at its end is killed."""
    with ExitStack() as opened:
        server = opened.enter_context(postgresql())
        redis = opened.enter_context(redis_server())
        made = Several(folder, server.url, redis, **settings)
        opened.callback(made.close)
        yield made
