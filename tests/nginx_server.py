"""A real nginx with the configuration we ship: only addresses and files differ."""

import contextlib
import os
import re
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.running import ROOT, eventually

WRAPPER = """
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


class NginxServer:
    """In front of the processes on ``ports``; speaks plain HTTP on ``port``.

    ``changes``: patterns and what to put in their place, beside what every test needs.
    """

    def __init__(
        self, folder: Path, ports: Iterable[int], changes: Iterable[tuple[str, str]] = ()
    ) -> None:
        self.folder = folder
        folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        servers = "\n    ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in ports)
        text = (ROOT / "deploy/nginx.conf").read_text()
        for shipped, ours in (
            (r"listen 443 ssl http2 (.*);", rf"listen 127.0.0.1:{self.port} \1;"),
            (r" +ssl_certificate.*\n", ""),
            (r"server 127\.0\.0\.1:8080[^;]*;", servers),
            (r"/var/log/nginx", str(folder)),
            *changes,
        ):
            text, found = re.subn(shipped, ours, text)
            assert found, shipped
        (folder / "pulso.conf").write_text(text)
        # As root it would change to a user who may not read the folder.
        user = "user root;" if os.geteuid() == 0 else ""
        config = folder / "nginx.conf"
        config.write_text(WRAPPER.format(dir=folder, user=user))
        command = ["nginx", "-p", str(folder), "-c", str(config)]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        eventually(self._listens)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    @property
    def logs(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
