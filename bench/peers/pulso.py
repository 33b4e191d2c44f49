"""Pulso, started as its users start it."""

import sys
from configparser import ConfigParser
from importlib.metadata import version
from pathlib import Path

from bench.peers.peer import ROOT, SECRET, Peer, publisher_token, reader_token


class Pulso(Peer):
    name = "pulso"
    batches = True
    resumes = True
    health = "/healthz"

    def missing(self) -> str | None:
        return None

    def version(self) -> str:
        setup = ConfigParser()
        setup.read(ROOT / "setup.cfg")
        python = sys.version.split()[0]
        return f"{setup['metadata']['version']}, Tornado {version('tornado')}, Python {python}"

    def command(self, port: int, folder: Path) -> list[str]:
        return [sys.executable, "main.py"]

    def environment(self, port: int, folder: Path) -> dict[str, str]:
        return {
            "PULSO_PORT": str(port),
            "PULSO_DATA_DIR": str(folder / "data"),
            "JWT_SECRET": SECRET,
        }

    def stream_request(self, bot: str, reader: int) -> tuple[str, str]:
        return f"/events/stream?botId={bot}&token={reader_token(reader)}", ""

    def publish_request(self, bot: str) -> tuple[str, str]:
        return "/events", f"Authorization: Bearer {publisher_token()}\r\n"
