"""The parts beside Pulso and Redis that can be killed, frozen and started again."""

import contextlib
import os
import re
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg

from tests.postgresql import PostgreSQL
from tests.running import ROOT, eventually

NGINX = """
{user}
daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    include {dir}/pulso.conf;
}}
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Postgres:
    """The processes of a running PostgreSQL, as one part."""

    def __init__(self, server: PostgreSQL) -> None:
        self.server = server

    def start(self) -> None:
        self.server.start()

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
        first = int((self.server.folder / "data/postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]


def answers(url: str) -> bool:
    """Whether this database can be asked."""
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2):
        return True
    return False


class Nginx:
    """In front of several processes, with the configuration we ship."""

    def __init__(self, folder: Path, ports: Sequence[int]) -> None:
        self.folder = folder
        self.port = free_port()
        folder.mkdir()
        upstream = "\n    ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in ports)
        text = (ROOT / "deploy/nginx.conf").read_text()
        for shipped, ours in (
            (r"listen 443 ssl http2 (.*);", rf"listen 127.0.0.1:{self.port} \1;"),
            (r" +ssl_certificate.*\n", ""),
            (r"server 127\.0\.0\.1:8080[^;]*;", upstream),
            (r"/var/log/nginx", str(folder)),
        ):
            text, found = re.subn(shipped, ours, text)
            assert found, shipped
        (folder / "pulso.conf").write_text(text)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(NGINX.format(dir=folder, user=user))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        eventually(self._listens)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()
