"""nchan: publish and subscribe inside nginx, in C. It knows no tokens of its own."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from bench.peers.peer import Peer

MODULES = (
    Path("/usr/lib/nginx/modules/ngx_nchan_module.so"),
    Path("/usr/share/nginx/modules/ngx_nchan_module.so"),
)

# keepalive_requests: nginx ends a publisher's connection after 1,000 requests otherwise.
CONFIGURATION = """
load_module {module};
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/pid;
error_log stderr error;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location /publish {{ nchan_publisher; nchan_channel_id $arg_botId; }}
        location /stream {{ nchan_subscriber eventsource; nchan_channel_id $arg_botId; }}
    }}
}}
"""


class Nchan(Peer):
    name = "nchan"

    def missing(self) -> str | None:
        if shutil.which("nginx") is None:
            return "nginx isn't installed"
        if self._module() is None:
            return "nginx has no nchan (apt-get install libnginx-mod-nchan)"
        return None

    def version(self) -> str:
        nginx = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr
        found = re.search(r"nginx/([0-9.]+)", nginx)
        package = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-nchan"],
            capture_output=True,
            text=True,
        ).stdout
        return f"{package or 'version unknown'}, nginx {found.group(1) if found else '?'}"

    def command(self, port: int, folder: Path) -> list[str]:
        files = os.sysconf("SC_OPEN_MAX")
        configuration = CONFIGURATION.format(
            module=self._module(),
            user="user root;" if os.geteuid() == 0 else "",
            files=files,
            connections=files - 64,
            folder=folder,
            port=port,
        )
        (folder / "nginx.conf").write_text(configuration)
        return ["nginx", "-e", "stderr", "-c", str(folder / "nginx.conf"), "-p", str(folder)]

    def stream_request(self, bot: str, reader: int) -> tuple[str, str]:
        return f"/stream?botId={bot}", ""

    def publish_request(self, bot: str) -> tuple[str, str]:
        return f"/publish?botId={bot}", ""

    def _module(self) -> Path | None:
        return next((module for module in MODULES if module.exists()), None)
