"""The original: a typed EventEmitter and an Elysia controller, on Bun."""

import json
import shutil
import subprocess
from pathlib import Path

from bench.peers.peer import SECRET, Peer, reader_token

HERE = Path(__file__).resolve().parent
BUN = HERE / "node_modules" / ".bin" / "bun"


class Original(Peer):
    name = "original"
    folder = HERE
    batches = True
    health = "/healthz"

    def missing(self) -> str | None:
        if BUN.exists():
            return None
        if (npm := shutil.which("npm")) is None:
            return "npm isn't installed"
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True, text=True
        )
        return None if done.returncode == 0 else f"npm ci failed: {done.stderr[-200:].strip()}"

    def version(self) -> str:
        packages = json.loads((HERE / "package.json").read_text())["dependencies"]
        return f"Elysia {packages['elysia']}, Bun {packages['bun']}"

    def command(self, port: int, folder: Path) -> list[str]:
        return [str(BUN), "run", "server.ts"]

    def environment(self, port: int, folder: Path) -> dict[str, str]:
        return {"PORT": str(port), "JWT_SECRET": SECRET, "NODE_ENV": "production"}

    def stream_request(self, bot: str, reader: int) -> tuple[str, str]:
        return f"/events/stream?botId={bot}&token={reader_token(reader)}", ""

    def publish_request(self, bot: str) -> tuple[str, str]:
        return "/emit", ""
