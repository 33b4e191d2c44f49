"""Starting as a user does: what can't be is one line and exit status 1, and costs nothing."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from services.bus.history_file import NAME
from services.server.data_dir import LOCK
from tests.running import ROOT, RunningPulso, message, running


def failed_start(pulso: RunningPulso, **settings: str) -> str:
    """What a start says that comes to nothing: one line, behind what the log has as usual."""
    found = subprocess.run(
        pulso.command,
        env={**os.environ, **pulso.settings, **settings},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (found.returncode, found.stdout) == (1, ""), found.stderr
    assert "Traceback" not in found.stderr
    *logged, last = found.stderr.splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\d ", line) for line in logged), found.stderr
    assert last.startswith("Pulso can't start: ")
    assert "SELECT" not in last and "INSERT" not in last
    return last.removeprefix("Pulso can't start: ")


def read_to(pulso: RunningPulso, count: int) -> list[str]:
    """The ids of some events of b1, all of them published."""
    stream = pulso.stream("b1")
    stream.next()
    ids = pulso.publish(*(message("b1", f"before {n}") for n in range(count)))
    assert [event.id for event in stream.take(count)] == ids
    stream.close()
    return ids


def resumes(pulso: RunningPulso, ids: list[str]) -> bool:
    """Whether a client that has seen the first of these gets the rest."""
    stream = pulso.stream("b1", after=ids[0])
    resumed = bool(stream.next().json["resumed"])
    if resumed:
        assert [event.id for event in stream.take(len(ids) - 1)] == ids[1:]
    stream.close()
    return resumed


def test_a_busy_port_costs_nothing(pulso: RunningPulso, tmp_path: Path) -> None:
    ids = read_to(pulso, 3)
    assert pulso.stop() == 0
    with running(tmp_path / "other", PULSO_PORT=str(pulso.port)) as other:
        before = (pulso.data_dir / NAME).read_bytes()
        said = failed_start(pulso)
        assert said == f"127.0.0.1:{pulso.port}: Address already in use"
        assert (pulso.data_dir / NAME).read_bytes() == before
        assert other.request("GET", "/healthz").status == 200
    pulso.start()
    assert resumes(pulso, ids)


def test_a_second_server_hears_who_is_there_and_leaves_the_first_alone(
    pulso: RunningPulso,
) -> None:
    ids = read_to(pulso, 3)
    said = failed_start(pulso, PULSO_PORT="0")
    assert said == f"{pulso.data_dir} is in use by process {pulso.pid}"
    assert resumes(pulso, ids)
    assert pulso.request("GET", "/readyz").status == 200
    assert pulso.stop() == 0
    pulso.start()
    assert resumes(pulso, ids)


def test_after_a_crash_the_data_dir_is_free_again(pulso: RunningPulso) -> None:
    first = pulso.pid
    pulso.kill()
    pulso.start()
    assert (pulso.data_dir / LOCK).read_text() == f"{pulso.pid}\n" != f"{first}\n"


def test_a_token_and_the_settings_can_be_had_beside_a_server(pulso: RunningPulso) -> None:
    for arguments in (["token", "--sub", "ana"], ["check-config"]):
        found = subprocess.run(
            [*pulso.command, *arguments],
            env={**os.environ, **pulso.settings},
            capture_output=True,
            check=False,
        )
        assert (found.returncode, found.stderr) == (0, b"")


def test_a_database_out_of_reach_is_one_line_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and never listens
        url = f"postgresql://ana:hunter2@127.0.0.1:{nobody.getsockname()[1]}/pulso"
        began = time.monotonic()
        said = failed_start(RunningPulso(tmp_path / "data", PULSO_DATABASE_URL=url))
        assert time.monotonic() - began < 5 + 4
    assert said.startswith("The store can't be reached right now: ")
    assert "hunter2" not in said


def test_postgresql_without_its_library_is_one_line(tmp_path: Path) -> None:
    url = "postgresql://ana:hunter2@127.0.0.1/pulso"
    pulso = RunningPulso(tmp_path / "data", PULSO_DATABASE_URL=url, PYTHONPATH=str(ROOT))
    program = "import sys\nsys.modules['psycopg'] = None\nimport main\nsys.exit(main.main())"
    pulso.command = [sys.executable, "-c", program]
    said = failed_start(pulso)
    assert said.startswith("PostgreSQL needs pip install 'pulso[postgres]': ")


def test_the_command_line_knows_its_way_from_anywhere(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "check-config"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert found.returncode == 0
