"""The data dir: its owner's only, one server at a time, and the key it keeps."""

import contextlib
import errno
import fcntl
import logging
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services import files
from services.config import SettingError
from services.errors import CannotStart

LOCK = "pulso.lock"
SECRET = "jwt-secret"
LONGEST_SECRET_BYTES = 65_536

log = logging.getLogger("pulso.data")


def make(path: Path) -> None:
    """Make it where there is none, mode 0700. SettingError where that can't be."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(path.stat().st_mode) != 0o700:
            path.chmod(0o700)
    except OSError as error:
        raise SettingError(f"PULSO_DATA_DIR={str(path)!r}: {error.strerror}") from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else's for the length of a block, and for this process's life at most.

    CannotStart where another server is on it: two would give out the same ids, forget each
    other's sign-outs, and log in to WhatsApp with the same credentials.
    """
    with _lock_file(path / LOCK) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise CannotStart(f"{path / LOCK}: {error.strerror}") from None
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise CannotStart(f"{path} is in use by process {holder or 'unknown'}") from None
        with contextlib.suppress(OSError):  # on a full disk nobody hears who it is
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield


def kept_secret(path: Path) -> str:
    """The secret in this file, made and written (0600) where there is none yet.

    CannotStart where what is there is none.
    """
    try:
        if not path.exists():
            files.create(path, secrets.token_urlsafe(48).encode() + b"\n")
        kept = files.read(path, LONGEST_SECRET_BYTES)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
            log.warning("%s could be read by others; it is closed to them now", path)
    except OSError as error:
        raise CannotStart(f"the secret can't be read: {_reason(error)}") from None
    try:
        secret = kept.decode().strip()
    except UnicodeDecodeError:
        secret = ""
    if not secret or not secret.isprintable():
        raise CannotStart(f"{path} holds no secret; delete it to get a new one")
    return secret


@contextmanager
def _lock_file(path: Path) -> Iterator[int]:
    # Never deleted: whoever waits for the lock of a file that is gone would get it.
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(f"{path}: {error.strerror}") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)
