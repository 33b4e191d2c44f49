"""Where files of messages are kept: a folder, or a bucket of S3.

A file's key is its bot, the SHA-256 of its bytes, and what they are (``bot-1/9f….jpg``): the same
file sent twice is kept once, two bots never share one, and what a bot had goes with it. A file is
whole under its key or not there; before that it is spooled on this machine's disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urlsplit

import msgspec
import obstore
from obstore.exceptions import BaseError

from services.errors import CannotStart, TooLarge
from services.media.kinds import HEAD_BYTES, extension
from services.media.objects import opened, reachable

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import ObjectStore

FRESH_SECONDS = 120.0
CHUNK_BYTES = 256 * 1024
# Up to here a file goes to S3 in one request: parts that a crash leaves there would cost for ever.
ONE_REQUEST_BYTES = 32 * 1024 * 1024


class Kept(msgspec.Struct, frozen=True):
    """A file that is kept; ``size`` in bytes."""

    key: str
    size: int


class Opened(msgspec.Struct, frozen=True):
    """A kept file, or its bytes from ``first`` up to and without ``end`` of ``size``."""

    first: int
    end: int
    size: int
    chunks: AsyncIterator[bytes]


class Part(msgspec.Struct, frozen=True):
    """Bytes ``first`` to before ``end``, or to the last; no ``first``: the last ``end`` ones."""

    first: int | None
    end: int | None = None

    def asked(self) -> Any:
        """As obstore has it."""
        if self.first is None:
            return {"suffix": self.end}
        return {"offset": self.first} if self.end is None else (self.first, self.end)

    def is_beyond(self, size: int) -> bool:
        return self.end == 0 if self.first is None else self.first >= size


class MediaStore:
    """``url``: ``file:///FOLDER`` or ``s3://BUCKET/PREFIX``, whose keys the environment has.

    ``spool`` is a folder of this process alone; files over ``limit`` bytes are refused.
    """

    def __init__(self, url: str, spool: Path, limit: int) -> None:
        self.limit = limit
        self._url = urlsplit(url)
        self._spool = spool.absolute()
        self._folder = Path(unquote(self._url.path)) if self._url.scheme == "file" else None
        self._store: ObjectStore | None = None

    async def open(self) -> None:
        """CannotStart where files could never be kept there; S3 that is away is waited for."""
        try:
            await asyncio.to_thread(self._make_folders)
        except OSError as error:
            raise CannotStart(f"PULSO_MEDIA_URL: {error}") from None
        self._store = await opened(self._url)

    @contextmanager
    def spooled(self) -> Iterator[Path]:
        """A path for a file on its way here: free, on this machine's disk, gone afterwards."""
        path = self._spool / secrets.token_hex(8)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def keep(self, bot_id: str, content: bytes | Path | AsyncIterable[bytes]) -> Kept:
        """Keep a file of this bot: bytes, what is at a path, what comes. TooLarge, Unavailable."""
        if isinstance(content, Path):
            return await self._keep(bot_id, content)
        with self.spooled() as path:
            await self._write(path, content)
            return await self._keep(bot_id, path)

    async def file(self, key: str, part: Part | None = None) -> Opened:
        """The file of this key, or a part of it. NotFound where there is none; Unavailable.

        A part that is wholly beyond the file's end is empty, and stands at that end.
        """
        options: Any = None if part is None else {"range": part.asked()}
        with reachable():
            try:
                found = await obstore.get_async(self._objects, key, options=options)
            except BaseError:
                # What begins beyond the end is an error of no kind of its own.
                size = (await obstore.head_async(self._objects, key))["size"]
                if part is None or not part.is_beyond(size):
                    raise
                return Opened(size, size, size, _nothing())
        first, end = found.range
        return Opened(first, end, found.meta["size"], _chunks(found))

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        """The file of this key on this machine's disk. NotFound, Unavailable."""
        if self._folder is not None:
            yield self._folder / key
            return
        opened = await self.file(key)
        with self.spooled() as path:
            await self._write(path, opened.chunks)
            yield path

    async def remove(self, key: str) -> bool:
        """Remove the file of this key, or where it ends with ``/`` all of that bot. Unavailable.

        False, and the file stays, where it was kept within the last ``FRESH_SECONDS``: who kept it
        may not have stored yet that it is.
        """
        with reachable():
            if key.endswith("/"):
                await self._remove_all(key)
                return True
            try:
                found = await obstore.head_async(self._objects, key)
            except FileNotFoundError:
                return True
            if (datetime.now(UTC) - found["last_modified"]).total_seconds() < FRESH_SECONDS:
                return False
            await obstore.delete_async(self._objects, key)
            return True

    async def _remove_all(self, folder: str) -> None:
        async for batch in obstore.list(self._objects, folder[:-1]):
            await obstore.delete_async(self._objects, [found["path"] for found in batch])
        if self._folder is not None:
            with contextlib.suppress(OSError):  # somebody keeps a file in it right now
                await asyncio.to_thread((self._folder / folder).rmdir)

    @property
    def _objects(self) -> ObjectStore:
        assert self._store is not None
        return self._store

    def _make_folders(self) -> None:
        self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in self._spool.iterdir():  # by a process that was killed
            left.unlink()
        if self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
                raise OSError(f"{self._folder} can't be written")

    async def _keep(self, bot_id: str, path: Path) -> Kept:
        kept = await asyncio.to_thread(_read, bot_id, path, self.limit)
        many = kept.size > ONE_REQUEST_BYTES
        with reachable():
            await obstore.put_async(self._objects, kept.key, path, use_multipart=many)
            if self._folder is not None:
                await asyncio.to_thread(_sync, self._folder / kept.key)
        return kept

    async def _write(self, path: Path, content: bytes | AsyncIterable[bytes]) -> None:
        size = 0
        with await asyncio.to_thread(_new, path) as file:
            async for chunk in _buffered(content):
                size += len(chunk)
                if size > self.limit:
                    raise too_large(self.limit)
                await asyncio.to_thread(file.write, chunk)


def too_large(limit: int) -> TooLarge:
    return TooLarge(f"The file is over {limit / 1024 / 1024:g} MiB")


def _read(bot_id: str, path: Path, limit: int) -> Kept:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise too_large(limit)
        kind = extension(file.read(HEAD_BYTES))
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Kept(f"{bot_id}/{digest}.{kind}", size)


def _new(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _sync(path: Path) -> None:
    # The store says that it is kept: a power cut must not say otherwise.
    for one, kind in ((path, 0), (path.parent, os.O_DIRECTORY)):
        descriptor = os.open(one, os.O_RDONLY | os.O_CLOEXEC | kind)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


async def _buffered(content: bytes | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """In chunks that are worth a step to another thread."""
    if isinstance(content, bytes):
        yield content
        return
    buffer = bytearray()
    async for chunk in content:
        buffer += chunk
        if len(buffer) >= CHUNK_BYTES:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


async def _chunks(found: GetResult) -> AsyncIterator[bytes]:
    with reachable():
        async for chunk in found.stream(CHUNK_BYTES):
            yield bytes(chunk)


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
