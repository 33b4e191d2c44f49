"""The bus's memory across a clean restart, so that a deploy costs its clients no resync.

Written when nothing is published any more, read once and deleted at once: after a crash there
is no file, and what an older one would have promised is not promised. What is broken, too old
or too large is ignored, with one line in the log.
"""

import contextlib
import logging
import time
from hashlib import sha256
from pathlib import Path

import msgspec

from services import files
from services.bus.event_bus import EventBus
from services.bus.history import Entry
from services.bus.idempotency import Answer, IdempotencyKeys

NAME = "history.bin"
MAX_BYTES = 1_073_741_824
_FORMAT = 3

log = logging.getLogger("pulso.history")


class SavedEntry(msgspec.Struct, frozen=True, array_like=True):
    seq: int
    frame: bytes
    age: float
    key: tuple[str, ...] | None


class SavedBot(msgspec.Struct, frozen=True, array_like=True):
    dropped: int
    entries: list[SavedEntry]


class SavedKey(msgspec.Struct, frozen=True, array_like=True):
    sub: str
    key: str
    digest: bytes
    first_id: str
    count: int
    age: float


class Saved(msgspec.Struct, frozen=True):
    """Ages in seconds at ``at`` (seconds since 1970): monotonic times die with the process.

    ``mark`` is that of the store whose changes these events are, ``lives`` as ``Epochs`` has them.
    """

    format: int
    at: float
    mark: str
    lives: list[tuple[int, str]]
    floor: int
    bots: dict[str, SavedBot]
    keys: list[SavedKey]


def save(path: Path, bus: EventBus, keys: IdempotencyKeys, mark: str = "") -> None:
    """Write what readers and publishers may still come back for. Atomic; 0600.

    Where that can't be, as on a full disk, the shutdown goes on: streams will get a gap.
    """
    now = time.monotonic()
    bus.history.sweep(now)
    saved = Saved(
        _FORMAT,
        time.time(),
        mark,
        bus.epochs.lives(bus.seq),
        bus.history.floor,
        {
            bot_id: SavedBot(
                bot.dropped, [SavedEntry(e.seq, e.frame, now - e.at, e.key) for e in bot.entries]
            )
            for bot_id, bot in bus.history.bots.items()
        },
        [
            SavedKey(sub, key, answer.digest, answer.first_id, answer.count, now - answer.at)
            for (sub, key), answer in keys.answers.items()
        ],
    )
    body = msgspec.msgpack.encode(saved)
    try:
        files.replace(path, sha256(body).digest(), body)
    except OSError as error:
        log.warning("The history could not be saved: %s", error)


def restore(path: Path, bus: EventBus, keys: IdempotencyKeys, mark: str = "") -> bool:
    """Restore from the file, if there is a good one; it is gone afterwards. Whether there was.

    One that was saved beside a store of another ``mark`` promises what this store does not hold.
    """
    try:
        content = files.read(path, MAX_BYTES)
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        log.warning("The saved history is ignored: %s", error)
        return False
    try:
        body = content[32:]
        if sha256(body).digest() != content[:32]:
            raise ValueError("its checksum is wrong")
        saved = msgspec.msgpack.decode(body, type=Saved)
        if saved.format != _FORMAT:
            raise ValueError("it is of another version")
        if saved.mark != mark:
            raise ValueError("it was saved beside another state of the store")
        away = time.time() - saved.at
        if away < 0:
            raise ValueError("it is from the future")
    except (ValueError, msgspec.DecodeError) as error:
        log.warning("The saved history is ignored: %s", error)
        return False
    _fill(saved, away, bus, keys)
    return True


def _fill(saved: Saved, away: float, bus: EventBus, keys: IdempotencyKeys) -> None:
    now = time.monotonic()
    bus.restore(saved.lives)
    bus.history.restore(
        saved.floor,
        {bot_id: bot.dropped for bot_id, bot in saved.bots.items()},
        (
            Entry(e.seq, bot_id, e.frame, now - away - e.age, e.key)
            for bot_id, bot in saved.bots.items()
            for e in bot.entries
        ),
    )
    bus.history.sweep(now)
    for key in saved.keys:
        answer = Answer(key.digest, key.first_id, key.count, now - away - key.age)
        keys.answers[key.sub, key.key] = answer
