"""A Redis server of the tests' own, on a free port, to freeze, kill and start anew."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = shutil.which("redis-server")
MISSING = "redis-server is not installed"
START_SECONDS = 20


class RedisServer:
    """Keeps nothing on disk, unless ``options`` say so: pairs of redis.conf."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.folder = folder
        self.options = options
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert PROGRAM is not None
        if self._process is not None:
            self._process.wait()
        options = {"bind": "127.0.0.1", "save": "", "appendonly": "no", **self.options}
        self._process = subprocess.Popen(
            [
                PROGRAM,
                *("--port", str(self.port), "--dir", str(self.folder)),
                *(word for name, value in options.items() for word in (f"--{name}", value)),
            ],
            stdout=subprocess.DEVNULL,
        )
        limit = time.monotonic() + START_SECONDS
        while self.cli("PING") != "PONG":
            assert time.monotonic() < limit and self._process.poll() is None
            time.sleep(0.02)

    def cli(self, *words: str) -> str:
        """What redis-cli answers."""
        return subprocess.run(
            ["redis-cli", "-p", str(self.port), *words],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        ).stdout.strip()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """A crash: what is not on disk is lost."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def redis_server(**options: str) -> Iterator[RedisServer]:
    """A server that runs for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="pulso-redis-") as folder:
        server = RedisServer(Path(folder), **options)
        server.start()
        try:
            yield server
        finally:
            server.kill()
