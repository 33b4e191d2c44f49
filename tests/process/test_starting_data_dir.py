"""A data dir that is broken, locked, full or not ours: one line, and nothing in it is changed."""

import contextlib
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.bus.history_file import NAME
from services.server.data_dir import LOCK
from tests.process.test_starting import failed_start, read_to, resumes
from tests.running import SECRET, RunningPulso, eventually, message

STORE = "pulso.db"


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[RunningPulso]:
    """A server that has served and has stopped: there is a store, and a saved history."""
    pulso = RunningPulso(tmp_path / "data").start()
    read_to(pulso, 3)
    assert pulso.stop() == 0
    assert (pulso.data_dir / NAME).exists()
    yield pulso
    pulso.close_clients()
    if pulso.running:
        pulso.kill()


def test_a_locked_store_is_waited_for_no_longer_than_5_seconds(stopped: RunningPulso) -> None:
    history = (stopped.data_dir / NAME).read_bytes()
    with contextlib.closing(sqlite3.connect(stopped.data_dir / STORE, timeout=0)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        said = failed_start(stopped)
        # Python and our imports take a second or two on a busy machine.
        assert time.monotonic() - began < 5 + 4
    assert said == "The store can't be reached right now: database is locked"
    assert (stopped.data_dir / NAME).read_bytes() == history
    stopped.start()


def test_a_store_that_is_free_in_time_is_waited_for(stopped: RunningPulso) -> None:
    with contextlib.closing(sqlite3.connect(stopped.data_dir / STORE, timeout=0)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with stopped.log_path.open("a") as log:
            starting = subprocess.Popen(
                stopped.command,
                env={**os.environ, **stopped.settings},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        time.sleep(2)
        other.rollback()
        assert starting.stdout is not None
        assert starting.stdout.readline().startswith("Pulso is listening on ")
    starting.terminate()
    assert starting.wait(20) == 0
    starting.stdout.close()


def test_a_store_that_is_none_is_left_as_it_is(stopped: RunningPulso) -> None:
    store = stopped.data_dir / STORE
    sound = store.read_bytes()
    for content in (b"not a database at all, but long enough " * 200, sound[:100] + b"\xff" * 8000):
        store.write_bytes(content)
        said = failed_start(stopped)
        assert str(store) in said
        assert store.read_bytes() == content
    store.write_bytes(sound)
    stopped.start()


def test_a_store_broken_in_the_middle_is_one_line(stopped: RunningPulso) -> None:
    store = stopped.data_dir / STORE
    sound = store.read_bytes()
    history = (stopped.data_dir / NAME).read_bytes()
    with contextlib.closing(sqlite3.connect(store)) as connection:
        [page_size] = connection.execute("PRAGMA page_size").fetchone()
        [page] = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'operators'"
        ).fetchone()
    begin = (page - 1) * page_size
    store.write_bytes(sound[:begin] + b"\xff" * page_size + sound[begin + page_size :])
    said = failed_start(stopped)
    assert said.endswith("malformed"), said
    # What had been taken was given back.
    store.write_bytes(sound)
    assert len((stopped.data_dir / NAME).read_bytes()) == len(history)
    stopped.start()


def test_a_newer_store_is_left_as_it_is(stopped: RunningPulso) -> None:
    with contextlib.closing(sqlite3.connect(stopped.data_dir / STORE)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of-next-year'")
        connection.commit()
    said = failed_start(stopped)
    assert "of-next-year" in said
    assert "newer" in said


def test_a_secret_that_is_none_is_one_line(tmp_path: Path) -> None:
    pulso = RunningPulso(tmp_path / "data", JWT_SECRET="")
    secret = tmp_path / "data" / "jwt-secret"
    secret.mkdir(parents=True)
    assert failed_start(pulso) == f"the secret can't be read: {secret} is not a file"
    secret.rmdir()
    secret.write_bytes(bytes(range(256)))
    assert failed_start(pulso) == f"{secret} holds no secret; delete it to get a new one"
    secret.unlink()
    secret.symlink_to(secret)
    assert failed_start(pulso) == (
        f"the secret can't be read: {secret}: Too many levels of symbolic links"
    )
    assert not (tmp_path / "data" / STORE).exists()


def test_a_secret_that_others_could_read_is_closed_and_the_start_goes_on(tmp_path: Path) -> None:
    pulso = RunningPulso(tmp_path / "data", JWT_SECRET="")
    secret = tmp_path / "data" / "jwt-secret"
    secret.parent.mkdir()
    secret.write_text("a-secret-of-the-tests-that-is-long-enough")
    secret.chmod(0o644)
    pulso.start()
    assert pulso.stop() == 0
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert "could be read by others" in pulso.log
    assert secret.read_text() not in pulso.log


def test_what_is_no_file_as_history_hangs_nothing(stopped: RunningPulso) -> None:
    history = stopped.data_dir / NAME
    history.unlink()
    os.mkfifo(history)
    stopped.start()
    assert stopped.log.count("The saved history is ignored") == 1
    assert stopped.stop() == 0
    assert history.is_file()
    history.unlink()
    history.mkdir()
    stopped.start()
    assert stopped.log.count("The saved history is ignored") == 2
    assert stopped.stop() == 0
    assert "The history could not be saved" in stopped.log
    assert sorted(found.name for found in stopped.data_dir.glob(f"{NAME}*")) == [NAME]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "pulso-test", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.decode()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte on it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return ballast


def test_without_room_there_is_no_start_and_with_room_there_is(small_disk: Path) -> None:
    ballast = fill(small_disk)
    pulso = RunningPulso(small_disk / "data", JWT_SECRET="")
    pulso.log_path = small_disk.with_name("log")
    shown = failed_start(pulso)
    assert "No space left on device" in shown
    assert shutil.disk_usage(small_disk).free == 0
    assert not list((small_disk / "data").glob("*.new"))
    # With a secret that is given, it is the store that finds no room.
    assert "full" in failed_start(pulso, JWT_SECRET=SECRET)
    ballast.unlink()
    pulso.start()
    assert pulso.stop() == 0


def test_a_full_disk_at_the_stop_leaves_no_half_of_a_history(small_disk: Path) -> None:
    pulso = RunningPulso(small_disk)
    pulso.log_path = small_disk.with_name("log")
    pulso.start()
    ids = read_to(pulso, 3)
    pulso.publish(*(message("b2", "x" * 1000) for _ in range(100)))
    ballast = fill(small_disk)
    assert pulso.stop() == 0
    assert "The history could not be saved: [Errno 28] No space left on device" in pulso.log
    assert not list(small_disk.glob(f"{NAME}*"))
    ballast.unlink()
    pulso.start()
    assert not resumes(pulso, ids)
    assert pulso.stop() == 0
    pulso.close_clients()


def test_a_data_dir_that_can_not_be_written_is_one_line(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    said = failed_start(RunningPulso(small_disk))
    assert said == f"{small_disk / LOCK}: Read-only file system"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_amid_the_start_gives_back_what_was_taken(
    stopped: RunningPulso, number: signal.Signals
) -> None:
    with contextlib.closing(sqlite3.connect(stopped.data_dir / STORE, timeout=0)) as other:
        other.execute("BEGIN EXCLUSIVE")
        starting = subprocess.Popen(
            stopped.command,
            env={**os.environ, **stopped.settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        eventually(lambda: (stopped.data_dir / LOCK).read_text() == f"{starting.pid}\n")
        time.sleep(0.5)
        starting.send_signal(number)
        output, log = starting.communicate(timeout=20)
    assert (starting.returncode, output) == (0, "")
    assert "Traceback" not in log
    stopped.start()
