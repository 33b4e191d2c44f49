"""Small files of our own: written as a whole or not at all, 0600, and on the disk afterwards.

A reader never sees half of one, a crash never leaves one, and a disk that is full leaves nothing
beside what was there before.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def replace(path: Path, *parts: bytes) -> None:
    """Make these bytes the file's content, one writer at a time. OSError where it can't be."""
    with _scratch(path.with_name(f"{path.name}.new"), parts) as scratch:
        scratch.replace(path)
    _sync_folder(path.parent)


def create(path: Path, *parts: bytes) -> bool:
    """Make the file where there is none; whether it was made. Several may try at once."""
    with _scratch(path.with_name(f"{path.name}.{os.getpid()}.new"), parts) as scratch:
        try:
            path.hardlink_to(scratch)
        except FileExistsError:
            return False
    _sync_folder(path.parent)
    return True


def read(path: Path, limit: int) -> bytes:
    """What is in the file. OSError also for what is no file, or is over ``limit`` bytes."""
    # A FIFO would have an open() without O_NONBLOCK wait for whoever writes into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"{path} is not a file")
        if found.st_size > limit:
            raise OSError(f"{path} is too large")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


@contextmanager
def _scratch(path: Path, parts: tuple[bytes, ...]) -> Iterator[Path]:
    path.unlink(missing_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        yield path
    finally:
        path.unlink(missing_ok=True)


def _sync_folder(path: Path) -> None:
    # Without it a new name may be gone after a power cut, and the old content back.
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
