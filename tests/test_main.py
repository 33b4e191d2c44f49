"""The command line: serving, printing a token, checking the settings."""

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from main import parse
from tests.running import PASSWORD, ROOT, SECRET, RunningPulso, eventually

LOGIN = {"username": "admin", "password": PASSWORD}


def run(folder: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PULSO_", "JWT_"))}
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        env={**environment, "PULSO_DATA_DIR": str(folder / "data"), **settings},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


# --- token ---------------------------------------------------------------------------------


def test_token_prints_one_signed_token_and_nothing_else(tmp_path: Path) -> None:
    found = run(
        tmp_path,
        *("token", "--sub", "ana", "--bots", "b1,b2", "--publish", "--admin", "--ttl", "60"),
        JWT_SECRET=SECRET,
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", found.stdout)
    claims = jwt.decode(found.stdout.strip(), SECRET, algorithms=["HS256"])
    assert claims["exp"] - claims["iat"] in (59, 60)
    del claims["exp"], claims["iat"]
    assert claims == {"sub": "ana", "bots": ["b1", "b2"], "publish": True, "admin": True}


def test_a_token_has_no_more_than_it_was_asked_to(tmp_path: Path) -> None:
    found = run(tmp_path, "token", "--sub", "ana", JWT_SECRET=SECRET)
    claims = jwt.decode(found.stdout.strip(), SECRET, algorithms=["HS256"])
    assert set(claims) == {"sub", "iat"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["token"],
        ["token", "--sub", "a", "--ttl", "soon"],
        ["token", "--sub", "a", "--ttl", "nan"],
        ["token", "--sub", "a", "--ttl", "inf"],
        ["token", "--sub", "a", "--ttl", "0"],
        ["token", "--sub", "a", "--ttl", "-5"],
        ["nonsense"],
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_exits_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        parse(arguments)
    assert exit_.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "usage: main.py" in printed.err


def test_a_token_for_nobody_is_refused(tmp_path: Path) -> None:
    found = run(tmp_path, "token", "--sub", "", JWT_SECRET=SECRET)
    assert (found.returncode, found.stdout) == (2, "")
    assert "Traceback" not in found.stderr


# --- check-config ---------------------------------------------------------------------------


def test_check_config_prints_every_setting_with_secrets_masked(tmp_path: Path) -> None:
    found = run(
        tmp_path,
        "check-config",
        JWT_SECRET=SECRET,
        PULSO_ADMIN_PASSWORD=PASSWORD,
        PULSO_AI_API_KEY="sk-very-secret",
        PULSO_DATABASE_URL="postgresql+asyncpg://ana:hunter2@db/pulso",
        PULSO_TRUSTED_PROXIES="10.0.0.1,::1",
    )
    assert (found.returncode, found.stderr) == (0, "")
    for secret in (SECRET, PASSWORD, "sk-very-secret", "hunter2"):
        assert secret not in found.stdout
    lines = dict(line.split("=", 1) for line in found.stdout.splitlines())
    assert lines["JWT_SECRET"] == lines["PULSO_AI_API_KEY"] == "***"
    assert lines["PULSO_DATABASE_URL"] == "postgresql+asyncpg://ana:***@db/pulso"
    assert lines["PULSO_TRUSTED_PROXIES"] == "10.0.0.1,::1"
    assert lines["PULSO_HEARTBEAT_SECONDS"] == "30.0"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", ["check-config", "serve"])
def test_a_wrong_setting_exits_2_with_one_line_of_name_and_value(
    tmp_path: Path, command: str
) -> None:
    found = run(tmp_path, *command.split(), PULSO_HEARTBEAT_SECONDS="often")
    assert (found.returncode, found.stdout) == (2, "")
    assert re.fullmatch(r"PULSO_HEARTBEAT_SECONDS='often': [^\n]+\n", found.stderr)


def test_the_published_secret_is_refused_and_not_shown(tmp_path: Path) -> None:
    found = run(tmp_path, "serve", JWT_SECRET="DEV_SECRET_DO_NOT_USE_IN_PROOD")
    assert found.returncode == 2
    assert found.stderr.startswith("JWT_SECRET=***: ")


def test_a_data_dir_that_cant_be_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = run(tmp_path, "serve", PULSO_DATA_DIR=str(tmp_path / "file"))
    assert found.returncode == 2
    assert found.stderr.startswith(f"PULSO_DATA_DIR='{tmp_path}/file': ")
    assert found.stderr.count("\n") == 1


# --- serve ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    pulso = RunningPulso(tmp_path / "data").start()
    os.kill(pulso.pid, number)
    assert pulso.wait() == 0
    assert "Traceback" not in pulso.log
    assert pulso.output.startswith(f"Pulso is listening on http://127.0.0.1:{pulso.port}\n")


def test_what_it_makes_for_itself_is_its_owners_and_is_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    pulso = RunningPulso(data, JWT_SECRET="", PULSO_ADMIN_PASSWORD="").start()
    assert pulso.stop() == 0
    first = re.search(r"^First login: admin / (\S{12,})$", pulso.output, re.MULTILINE)
    assert first, pulso.output
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    secret = data / "jwt-secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    made = secret.read_text()
    assert len(made.strip()) >= 32
    assert first[1] not in pulso.log
    pulso.start()
    try:
        assert secret.read_text() == made
        login = {"username": "admin", "password": first[1]}
        assert pulso.request("POST", "/api/auth/login", login).status == 200
    finally:
        assert pulso.stop() == 0
    assert "First login" not in pulso.output


def test_a_password_that_was_given_is_not_printed(tmp_path: Path) -> None:
    pulso = RunningPulso(tmp_path / "data").start()
    assert pulso.request("POST", "/api/auth/login", LOGIN).status == 200
    assert pulso.stop() == 0
    assert pulso.output == f"Pulso is listening on http://127.0.0.1:{pulso.port}\n"
    assert PASSWORD not in pulso.log


def test_the_log_is_json_where_that_is_asked_for(tmp_path: Path) -> None:
    pulso = RunningPulso(tmp_path / "data", PULSO_LOG_FORMAT="json").start()
    for number in range(2):
        pulso.request("GET", f"/healthz?n={number}&token=secret")
    with contextlib.closing(pulso.stream("b1")) as stream:
        connected = stream.next().json
    eventually(lambda: "/events/stream" in pulso.log)
    assert pulso.stop() == 0
    lines = [json.loads(line) for line in pulso.log.splitlines()]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    asked = [line for line in lines if "/healthz" in line["message"]]
    assert len({line["request"] for line in asked}) == 2
    [streamed] = [line for line in lines if "/events/stream" in line["message"]]
    assert streamed["stream"] == connected["streamId"]
    assert streamed["request"]
    assert "secret" not in pulso.log
    assert not any("request" in line for line in lines if line["message"] == "Shutting down")


def test_a_log_line_names_its_stream(tmp_path: Path) -> None:
    pulso = RunningPulso(tmp_path / "data", PULSO_LOG_FORMAT="json").start()
    with contextlib.closing(pulso.stream("b1", token="x" * 20)):
        pass
    with contextlib.closing(pulso.stream("b1")) as stream:
        stream_id = stream.next().json["streamId"]
    assert pulso.stop() == 0
    lines = [json.loads(line) for line in pulso.log.splitlines()]
    refused, ended = [line for line in lines if "/events/stream" in line["message"]]
    assert "stream" not in refused
    assert ended["stream"] == stream_id


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path, pulso: RunningPulso) -> None:
    found = run(tmp_path / "other", "serve", PULSO_PORT=str(pulso.port), JWT_SECRET=SECRET)
    assert found.returncode == 1
    assert "Traceback" not in found.stderr
    assert "Address already in use" in found.stderr.splitlines()[-1]


def test_a_short_secret_is_warned_about_and_works(tmp_path: Path) -> None:
    found = run(tmp_path, "token", "--sub", "a", JWT_SECRET="short")
    assert found.returncode == 0
    assert "JWT_SECRET is under 32 bytes" in found.stderr
    assert "InsecureKeyLength" not in found.stderr
    assert jwt.get_unverified_header(found.stdout.strip())["alg"] == "HS256"
