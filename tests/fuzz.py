"""schemathesis against a server of its own: requests made from its OpenAPI document.

    make fuzz                               # = python -m tests.fuzz --minutes 10

No answer may be a 500, a status or a body that the document doesn't have, and no traceback may
stand in the log. A run by hand prints the server's memory at its start, each minute and its end,
with the number of its bots; 64 MiB more for a moment are Argon2's, at a password.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.proc import resident_bytes
from tests.running import RunningPulso, eventually, running

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# A stream that follows something never ends by itself. Histories reach their bounds within a
# minute, so that memory that still grows after it is a leak.
SETTINGS = {
    "PULSO_MAX_STREAM_AGE_SECONDS": "1",
    "PULSO_HEARTBEAT_SECONDS": "1",
    "PULSO_HISTORY_SECONDS": "60",
    "PULSO_HISTORY_BYTES": "4194304",
}


def fuzz(
    server: RunningPulso,
    folder: Path,
    *options: str,
    seconds: int,
    minute: Callable[[], None] = lambda: None,
) -> str:
    """Let schemathesis at ``server`` for so long; what it found, or nothing.

    ``folder`` gets its settings and its notes; ``minute`` is called once a minute.
    """
    config = folder / "schemathesis.toml"
    config.write_text(_config(server))
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("--no-color", "--config-file", str(config), "run", f"{server.url}/api/openapi.json"),
        *("--checks", ",".join(CHECKS), "--max-time", str(seconds), "--warnings", "off"),
        *("--continue-on-failure", *options),
    ]
    done = threading.Event()
    watcher = threading.Thread(target=lambda: _each_minute(done, minute))
    watcher.start()
    try:
        run = subprocess.run(
            command, cwd=folder, text=True, capture_output=True, timeout=seconds + 120, check=False
        )
    finally:
        done.set()
        watcher.join()
    (folder / "report.txt").write_text(run.stdout + run.stderr)
    if run.returncode:
        return run.stdout + run.stderr
    _, found, traceback = server.log.partition("Traceback")
    return found + traceback[:3000]


def _each_minute(done: threading.Event, minute: Callable[[], None]) -> None:
    while not done.wait(60):
        minute()


def _config(server: RunningPulso) -> str:
    """Half of the ids that are asked for are there; what is removed is made by the run itself."""
    admin = server.admin()
    bot = server.request("POST", "/api/bots", {"name": "Tienda"}, token=admin).json["id"]
    phone = f"/api/simulator/bots/{bot}"
    server.request("POST", f"/api/bots/{bot}/connect", token=admin)
    eventually(
        lambda: server.request("POST", f"{phone}/scan", {"name": "Ana"}, token=admin).status == 202
    )
    hello = {"from": "573001112233", "name": "Leo", "text": "hola"}
    eventually(lambda: server.request("POST", f"{phone}/message", hello, token=admin).status == 202)
    chats = f"/api/sessions?botId={bot}"
    [chat] = eventually(lambda: server.request("GET", chats, token=admin).json["sessions"])
    new = {"username": "eva", "password": "a long password", "bots": [bot]}
    operator = server.request("POST", "/api/operators", new, token=admin).json["id"]
    token = server.token("fuzz", admin=True, publish=True)
    ids = {"path.botId": bot, "query.botId": bot, "path.sessionId": chat["id"]}
    lines = [
        "request-timeout = 10",
        "max-stream-events = 3",
        f"headers = {{ Authorization = {json.dumps('Bearer ' + token)} }}",
        f"parameters = {{ {_bindings(ids)}, {_bindings({'path.operatorId': operator})} }}",
        *(f'[dictionaries."{name}"]\nvalues = [{json.dumps(one)}]' for name, one in ids.items()),
        f'[dictionaries."path.operatorId"]\nvalues = [{json.dumps(operator)}]',
        '[dictionaries.gone]\nvalues = ["gone"]',
        "[[operations]]",
        'include-method = "DELETE"',
        'parameters = { "path.botId" = { dictionary = "gone", probability = 0.5 } }',
    ]
    return "\n".join(lines)


def _bindings(ids: dict[str, str]) -> str:
    return ", ".join(f'"{name}" = {{ dictionary = "{name}", probability = 0.5 }}' for name in ids)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", help="that of a run to repeat")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder / "data", **SETTINGS) as server:
            begun = time.monotonic()

            def memory() -> None:
                minutes = (time.monotonic() - begun) / 60
                mebibytes = resident_bytes(server.pid) / 2**20
                bots = server.request("GET", "/api/bots", token=server.token(admin=True)).json
                print(
                    f"{minutes:5.1f} min {mebibytes:7.1f} MiB {len(bots['bots']):6} bots",
                    flush=True,
                )

            memory()
            seed = ["--seed", options.seed] if options.seed else []
            seconds = round(options.minutes * 60)
            found = fuzz(server, folder, *seed, seconds=seconds, minute=memory)
            memory()
            print((folder / "report.txt").read_text().rpartition("Test Phases:")[2])
            sys.exit(found or 0)


if __name__ == "__main__":
    main()
