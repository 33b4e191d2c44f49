"""Files of our own: whole or not there, their owner's only, nothing left beside them."""

import os
import stat
import threading
from pathlib import Path

import pytest

from services import files

LIMIT = 100


def test_a_file_is_replaced_as_a_whole_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a longer content than the next")
    path.chmod(0o644)
    files.replace(path, b"one", b"two")
    assert path.read_bytes() == b"onetwo"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_what_an_earlier_writer_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "file.new").write_bytes(b"half of")
    files.replace(tmp_path / "file", b"all of it")
    assert (tmp_path / "file").read_bytes() == b"all of it"
    assert os.listdir(tmp_path) == ["file"]


def test_what_can_not_be_replaced_stays_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(OSError):
        files.replace(path, b"content")
    assert os.listdir(tmp_path) == ["folder"]


def test_of_several_that_create_a_file_one_does(tmp_path: Path) -> None:
    assert files.create(tmp_path / "file", b"first")
    assert not files.create(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * LIMIT)
    assert files.read(tmp_path / "file", LIMIT) == b"x" * LIMIT
    with pytest.raises(OSError, match="too large"):
        files.read(tmp_path / "file", LIMIT - 1)
    with pytest.raises(FileNotFoundError):
        files.read(tmp_path / "none", LIMIT)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "odd")
    found: list[OSError] = []

    def read() -> None:
        with pytest.raises(OSError, match="is not a file") as error:
            files.read(tmp_path / "odd", LIMIT)
        found.append(error.value)

    before = os.listdir("/proc/self/fd")
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(timeout=5)
    assert found
    assert len(os.listdir("/proc/self/fd")) == len(before)
