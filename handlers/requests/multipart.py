"""multipart/form-data (RFC 7578) as it comes in pieces. No I/O, and no more kept than is needed.

``feed`` takes the body's bytes in any pieces and yields what is complete by then: a ``Part`` where
one begins, and its bytes. Invalid where it is no such body.
"""

import re
from collections.abc import Iterator
from email.message import Message

import msgspec

from services.errors import Invalid

MOST_HEADER_BYTES = 8_192
MOST_PARTS = 32
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}")


class Part(msgspec.Struct, frozen=True):
    """The beginning of one field; ``filename`` and ``content_type`` are of a file, else None."""

    name: str
    filename: str | None
    content_type: str | None


def boundary_of(content_type: str) -> bytes | None:
    """What separates the parts of a body of this Content-Type; None: it is no form."""
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_type() != "multipart/form-data":
        return None
    boundary = header.get_boundary("")
    if not _BOUNDARY.fullmatch(boundary):
        raise Invalid("The form has no boundary")
    return boundary.encode()


class Multipart:
    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        # As if there had been a line before: the first delimiter has none.
        self._buffer = bytearray(b"\r\n")
        self._state = "preamble"
        self._skip = 0  # bytes at the buffer's beginning that are no content
        self._parts = 0

    @property
    def is_complete(self) -> bool:
        """Whether the last delimiter was there."""
        return self._state == "end"

    def feed(self, data: bytes) -> Iterator[Part | bytes]:
        self._buffer += data
        while True:
            if self._state in ("preamble", "content"):
                is_content = self._state == "content"
                end = self._buffer.find(self._delimiter)
                # Of what may be the beginning of a delimiter, nothing is given out.
                ready = end if end >= 0 else max(0, len(self._buffer) - len(self._delimiter))
                if is_content and ready > self._skip:
                    yield bytes(self._buffer[self._skip : ready])
                if ready:
                    self._skip = max(0, self._skip - ready)
                del self._buffer[: ready + len(self._delimiter) if end >= 0 else ready]
                if end < 0:
                    return
                self._state = "delimiter"
            if self._state == "delimiter":
                if len(self._buffer) < 2:
                    return
                self._state = "end" if self._buffer[:2] == b"--" else "header"
            if self._state == "end":
                self._buffer.clear()
                return
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > MOST_HEADER_BYTES:
                    raise Invalid("A header of the form is too long")
                return
            yield self._part(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
            # The line that ends the header may be the one that begins the delimiter.
            self._buffer[:0] = b"\r\n"
            self._skip = 2
            self._state = "content"

    def _part(self, head: bytes) -> Part:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise Invalid("The form has too many fields")
        try:
            lines = head.decode().split("\r\n")
        except UnicodeDecodeError:
            raise Invalid("The body is not UTF-8") from None
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        disposition = headers.get("content-disposition", "")
        name = _parameter(disposition, "name")
        if not disposition.lower().startswith("form-data") or name is None:
            raise Invalid("A field of the form has no name")
        filename = _parameter(disposition, "filename")
        content_type = headers.get("content-type") if filename is not None else None
        return Part(name, filename, content_type)


def _parameter(disposition: str, name: str) -> str | None:
    # As browsers write it: quotes and line breaks in a name are percent-encoded (WHATWG HTML).
    found = re.search(rf';\s*{name}="([^"]*)"', disposition) or re.search(
        rf";\s*{name}=([^;\s\"]+)", disposition
    )
    if found is None:
        return None
    return found[1].replace("%22", '"').replace("%0D", "").replace("%0A", " ")
