"""The data dir: whose it is, who is on it, and the secret it keeps."""

import logging
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services.config import SettingError
from services.errors import CannotStart
from services.server import data_dir
from services.server.data_dir import LOCK, SECRET, kept_secret, locked, make
from tests.running import ROOT


def test_the_data_dir_is_made_for_its_owner_only(tmp_path: Path) -> None:
    for _ in range(2):
        make(tmp_path / "deep" / "data")
        assert stat.S_IMODE((tmp_path / "deep" / "data").stat().st_mode) == 0o700
        (tmp_path / "deep" / "data").chmod(0o755)
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match="PULSO_DATA_DIR="):
        make(tmp_path / "file" / "data")


# --- the lock ---------------------------------------------------------------------------------


def test_one_is_on_it_at_a_time_and_the_next_hears_who(tmp_path: Path) -> None:
    with locked(tmp_path):
        told = rf"in use by process {os.getpid()}$"
        with pytest.raises(CannotStart, match=told), locked(tmp_path):
            pass
        # Whoever asked in vain has taken nothing away.
        with pytest.raises(CannotStart), locked(tmp_path):
            pass
    with locked(tmp_path):
        pass
    assert stat.S_IMODE((tmp_path / LOCK).stat().st_mode) == 0o600


def test_a_process_that_is_killed_leaves_no_lock(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom services.server.data_dir import locked\n"
        "with locked(Path(sys.argv[1])):\n    print('in', flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(CannotStart, match=rf"process {other.pid}$"), locked(tmp_path):
            pass
        other.kill()
        other.wait()
    with locked(tmp_path):
        assert (tmp_path / LOCK).read_text() == f"{os.getpid()}\n"


def test_a_lock_that_can_not_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / LOCK).mkdir()
    with pytest.raises(CannotStart, match=r"pulso\.lock: Is a directory$"), locked(tmp_path):
        pass


# --- the secret -------------------------------------------------------------------------------


def test_a_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "jwt-secret"
    made = kept_secret(path)
    assert len(made) >= 32
    assert kept_secret(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["jwt-secret"]
    assert kept_secret(tmp_path / "another") != made


def test_two_that_make_it_at_once_have_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / SECRET
    create = data_dir.files.create

    def late(path: Path, *parts: bytes) -> bool:
        assert create(path, b"the other's secret\n")
        return create(path, *parts)

    monkeypatch.setattr(data_dir.files, "create", late)
    assert kept_secret(path) == "the other's secret"
    assert path.read_text() == "the other's secret\n"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\x00", b"\x00" * 40, b"two\nlines"])
def test_what_is_no_secret_is_not_replaced_in_silence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "jwt-secret"
    path.write_bytes(content)
    with pytest.raises(CannotStart, match="jwt-secret") as error:
        kept_secret(path)
    assert "\n" not in str(error.value)
    assert path.read_bytes() == content


def test_what_is_no_file_is_no_secret_and_hangs_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "huge").write_bytes(b"x" * 100_000)
    told: list[str] = []

    def read() -> None:
        for name in ("fifo", "folder", "huge"):
            with pytest.raises(CannotStart, match=f"the secret can't be read: .*{name}") as error:
                kept_secret(tmp_path / name)
            told.append(str(error.value))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(timeout=5)
    assert len(told) == 3


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_secret_that_others_could_read_is_closed_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    path = tmp_path / "jwt-secret"
    path.write_text("a-secret-of-the-tests-that-is-long-enough\n")
    path.chmod(mode)
    with caplog.at_level(logging.WARNING):
        kept = kept_secret(path)
    assert kept == "a-secret-of-the-tests-that-is-long-enough"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    [told] = caplog.messages
    assert str(path) in told
    assert kept not in told
    caplog.clear()
    assert kept_secret(path) == kept
    assert not caplog.messages
