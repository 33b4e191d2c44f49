"""A peer, running: pinned to its core, on a free port, gone when the ``with`` ends."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import cores, cpu_seconds, processes, resident_kib
from bench.peers.peer import Peer

START_SECONDS = 20
STOP_SECONDS = 20


@dataclass(frozen=True)
class Server:
    peer: Peer
    port: int
    pid: int

    def cpu(self) -> float:
        """CPU seconds used so far."""
        return cpu_seconds(processes(self.pid))

    def resident(self) -> int:
        """KiB."""
        return resident_kib(processes(self.pid))

    def stream_request(self, bot: str, reader: int, last_event_id: str | None = None) -> bytes:
        """The request of one reader; each has a token of its own, as users do."""
        target, headers = self.peer.stream_request(bot, reader)
        if last_event_id is not None:
            headers += f"Last-Event-ID: {last_event_id}\r\n"
        return (
            f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Accept: text/event-stream\r\n{headers}\r\n"
        ).encode()

    def publish_request(self, bot: str) -> tuple[str, str]:
        return self.peer.publish_request(bot)


@contextmanager
def running(
    peer: Peer, settings: Mapping[str, str] | None = None, folder: Path | None = None
) -> Iterator[Server]:
    """Start the peer and wait until it accepts. RuntimeError, with its output, where it won't.

    Its files are in ``folder``, which stays; without one, in a folder that goes with it.
    """
    kept = folder is not None
    folder = folder or Path(tempfile.mkdtemp(prefix="pulso-bench-"))
    port = _free_port()
    server_core, _ = cores()
    output = folder / "output"
    with output.open("wb") as out:
        child = subprocess.Popen(
            ["taskset", "-c", str(server_core), *peer.command(port, folder)],
            env={**os.environ, **peer.environment(port, folder), **(settings or {})},
            cwd=peer.folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        if not _accepts(port, child):
            raise RuntimeError(f"{peer.name} does not start:\n{output.read_text()[-2000:]}")
        yield Server(peer, port, child.pid)
        if child.poll() is not None:
            raise RuntimeError(f"{peer.name} ended by itself:\n{output.read_text()[-2000:]}")
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _accepts(port: int, child: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False
