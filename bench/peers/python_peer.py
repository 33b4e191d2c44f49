"""What the peers written in Python share: one script each, started with a port and a key."""

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.peers.peer import SECRET, Peer, reader_token


class PythonPeer(Peer):
    script: str
    packages: tuple[str, ...] = ()

    def missing(self) -> str | None:
        for package in self.packages:
            try:
                version(package)
            except PackageNotFoundError:
                return f"{package} isn't installed (pip install 'pulso[bench]')"
        return None

    def version(self) -> str:
        packages = [f"{package} {version(package)}" for package in self.packages]
        return ", ".join([*packages, f"Python {sys.version.split()[0]}"])

    def command(self, port: int, folder: Path) -> list[str]:
        return [sys.executable, "-m", f"bench.peers.servers.{self.script}", str(port)]

    def environment(self, port: int, folder: Path) -> dict[str, str]:
        return {"JWT_SECRET": SECRET}

    def stream_request(self, bot: str, reader: int) -> tuple[str, str]:
        return f"/events/stream?botId={bot}&token={reader_token(reader)}", ""

    def publish_request(self, bot: str) -> tuple[str, str]:
        return f"/emit?botId={bot}", ""


class AiohttpSse(PythonPeer):
    name = "aiohttp-sse"
    script = "aiohttp_server"
    packages = ("aiohttp-sse", "aiohttp", "uvloop")


class SseStarlette(PythonPeer):
    name = "sse-starlette"
    script = "starlette_server"
    packages = ("sse-starlette", "starlette", "uvicorn", "httptools", "uvloop")


class Raw(PythonPeer):
    """The floor: no HTTP beyond what a browser needs, no token, no id, no limit."""

    name = "raw"
    script = "raw_server"
