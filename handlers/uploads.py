"""A body that is JSON, or a form with a file, which goes to disk as it comes."""

import asyncio
from collections.abc import Awaitable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

import msgspec

from handlers.base import BaseHandler
from handlers.requests.json_body import explain
from handlers.requests.multipart import Multipart, Part, boundary_of
from services.chats.attachments import Given
from services.errors import Invalid, Refusal, TooLarge
from services.media.store import MediaStore, too_large

# Room for the fields beside the file, and the frame of all of them.
MOST_FIELD_BYTES = 262_144
# A file over a slow line: 25 MiB take 7 minutes at 64 KiB/s.
UPLOAD_SECONDS = 600
WRITE_BYTES = 262_144

T = TypeVar("T")


class FileFields(Protocol):
    """What the sender of a file may say of it."""

    @property
    def voice(self) -> bool: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def seconds(self) -> int | None: ...


class Form:
    """The fields of a form and its one file, at ``path`` once it was read to its end."""

    def __init__(self, boundary: bytes, path: Path, limit: int) -> None:
        self.path = path
        self.filename = ""
        self.content_type = ""
        self._parser = Multipart(boundary)
        self._limit = limit
        self._fields: dict[str, bytearray] = {}
        self._field: bytearray | None = None
        self._file: BinaryIO | None = None
        self._buffer = bytearray()
        self._size = self._field_bytes = 0
        self._refusal: Refusal | None = None

    async def take(self, chunk: bytes) -> None:
        """One piece of the body; ``fields`` says what is wrong, once all of it is read."""
        if self._refusal is not None:
            return
        try:
            for found in self._parser.feed(chunk):
                if isinstance(found, Part):
                    await self._begin(found)
                else:
                    await self._add(found)
        except Refusal as refusal:
            self._refusal = refusal

    async def fields(self, kind: type[T]) -> T:
        """The fields as ``kind``, a struct; the file is whole. Invalid, TooLarge."""
        if self._refusal is None and not self._parser.is_complete:
            self._refusal = Invalid("The form is cut short")
        if self._refusal is not None:
            raise self._refusal
        if self._file is None:
            raise Invalid("Missing file", field="file")
        await self._flush()
        await asyncio.to_thread(self._file.flush)
        try:
            given = {name: value.decode() for name, value in self._fields.items()}
        except UnicodeDecodeError:
            raise Invalid("The body is not UTF-8") from None
        try:
            return msgspec.convert(given, kind, strict=False)
        except msgspec.ValidationError as error:
            message, field = explain(str(error))
            raise Invalid(message, field=field) from None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    async def _begin(self, part: Part) -> None:
        self._field = None
        if part.filename is None:
            self._field = self._fields[part.name] = bytearray()
            return
        if self._file is not None:
            raise Invalid("One file at a time", field=part.name)
        self.filename, self.content_type = part.filename, part.content_type or ""
        self._file = await asyncio.to_thread(self.path.open, "xb")

    async def _add(self, content: bytes) -> None:
        if self._field is not None:
            self._field_bytes += len(content)
            if self._field_bytes > MOST_FIELD_BYTES:
                raise TooLarge("The fields are over 256 KiB")
            self._field += content
            return
        self._size += len(content)
        if self._size > self._limit:
            raise too_large(self._limit)
        self._buffer += content
        if len(self._buffer) >= WRITE_BYTES:
            await self._flush()

    async def _flush(self) -> None:
        if self._file is not None and self._buffer:
            await asyncio.to_thread(self._file.write, bytes(self._buffer))
            self._buffer.clear()


def given(form: Form, fields: FileFields) -> Given:
    """The file of a form, and what its fields say of it."""
    return Given(
        form.path,
        form.filename,
        form.content_type,
        fields.voice,
        fields.width,
        fields.height,
        fields.seconds,
    )


class UploadHandler(BaseHandler):
    """``form`` is the form that came, or None: the body is JSON."""

    files: MediaStore
    form: Form | None = None
    # Where a path can't be read, a request ends without having been prepared.
    _opened: ExitStack | None = None

    def prepare(self) -> Awaitable[None] | None:
        self._opened = opened = ExitStack()
        boundary = boundary_of(self.request.headers.get("Content-Type", ""))
        # Without a right to be here nothing is written to disk.
        if boundary is not None and self.current_claims() is not None:
            path = opened.enter_context(self.files.spooled())
            self.form = Form(boundary, path, self.files.limit)
            opened.callback(self.form.close)
        prepared = super().prepare()
        connection: Any = self.request.connection
        if self.form is not None:
            connection.set_body_timeout(UPLOAD_SECONDS)
        return prepared

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return super().data_received(chunk) if self.form is None else self.form.take(chunk)

    def on_finish(self) -> None:
        super().on_finish()
        self._let_go()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._let_go()

    def _let_go(self) -> None:
        if self._opened is not None:
            self._opened.close()
