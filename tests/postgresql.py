"""A PostgreSQL server of the tests' own, on a socket of its own, with databases that are empty."""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), None)
MISSING = "PostgreSQL is not installed"


class PostgreSQL:
    """``url`` is that of a first database; ``empty`` makes others. ``durable``: as by default, with
    each commit on the disk."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder = folder
        self._fsync = "on" if durable else "off"
        self.url = self._url("postgres")
        self._numbers = itertools.count()

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder}"
        options += f" -c fsync={self._fsync}"
        self.run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "-w", "-m", "immediate")

    def empty(self) -> str:
        """The URL of a new database."""
        name = f"db{next(self._numbers)}"
        self._program("createdb", "-h", str(self.folder), "-U", "pulso", name)
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
        return f"postgresql://pulso@/{name}?host={self.folder}"


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[PostgreSQL]:
    """A server that runs for the length of a block."""
    # Short, for a socket's path; and in a folder that another user may enter.
    folder = Path(tempfile.mkdtemp(prefix="pulso-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = PostgreSQL(folder, durable=durable)
    try:
        server.run("initdb", "-U", "pulso", "--no-sync", "-A", "trust", "-E", "UTF8")
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)
