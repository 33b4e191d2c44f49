"""A PostgreSQL server of the tests' own, on a socket of its own, with databases that are empty."""

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running import eventually

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), None)
MISSING = "PostgreSQL is not installed"


class PostgreSQL:
    """``url`` is that of a first database; ``empty`` makes others. ``durable``: as by default, with
    each commit on the disk."""

    def __init__(self, folder: Path, listen: str = "", *, durable: bool = False) -> None:
        self.folder = folder
        self._fsync = "on" if durable else "off"
        self._listen = listen
        self._port = _free_port(listen) if listen else 5432
        self.url = self._url("postgres")
        self._numbers = itertools.count()

    def start(self) -> None:
        options = f"-c listen_addresses={self._listen} -c port={self._port}"
        options += f" -c unix_socket_directories={self.folder} -c fsync={self._fsync}"
        self.run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "-w", "-m", "immediate")

    def kill(self) -> None:
        """Every process of it at once, as where a machine goes."""
        pids = self._pids()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))

    def freeze(self) -> None:
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _pids(self) -> list[int]:
        first = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    def empty(self) -> str:
        """The URL of a new database."""
        name = f"db{next(self._numbers)}"
        self._program(
            "createdb", "-h", str(self.folder), "-p", str(self._port), "-U", "pulso", name
        )
        return self._url(name)

    def run(self, program: str, *arguments: str) -> None:
        """One of the programs that work on the data folder."""
        self._program(program, "-D", str(self.folder / "data"), *arguments)

    def _program(self, program: str, *arguments: str) -> None:
        assert PROGRAMS is not None
        # PostgreSQL refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        subprocess.run(
            [PROGRAMS / program, *arguments],
            user=user,
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
        )

    def _url(self, name: str) -> str:
        if self._listen:
            return f"postgresql://pulso@{self._listen}:{self._port}/{name}"
        return f"postgresql://pulso@/{name}?host={self.folder}"

    def let_in(self, network: str) -> None:
        """Whoever is of this network may connect."""
        with (self.folder / "data/pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")


@contextmanager
def postgresql(listen: str = "", *, durable: bool = False) -> Iterator[PostgreSQL]:
    """A server that runs for the length of a block; reached over ``listen`` where that is given."""
    # Short, for a socket's path; and in a folder that another user may enter.
    folder = Path(tempfile.mkdtemp(prefix="pulso-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = PostgreSQL(folder, listen, durable=durable)
    try:
        server.run("initdb", "-U", "pulso", "--no-sync", "-A", "trust", "-E", "UTF8")
        if listen:
            server.let_in(f"{listen}/24")
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


def _free_port(host: str) -> int:
    with socket.socket() as free:
        free.bind((host, 0))
        port: int = free.getsockname()[1]
        return port
