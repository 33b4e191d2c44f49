"""Logs go to stderr, one record a line, and no token into them, whatever wrote the line."""

import logging
import re
import sys
from contextvars import ContextVar
from typing import Literal

import msgspec

from services.timestamps import iso

# What the code that logs works for, where that is known.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
stream_id: ContextVar[str | None] = ContextVar("stream_id", default=None)

_TOKEN = re.compile(
    # Any query parameter or header that carries one, and anything that looks like a JWT.
    r"((?:token=|pulso_session=|bearer\s+)[\"']?)[^&\s\"',;)]+"
    r"|eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*",
    re.IGNORECASE,
)
# What a terminal obeys (C0 but tab and newline, DEL, C1), what turns the direction of a line
# around, other ends of a line, and what is no character at all.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Redacting(logging.Formatter):
    """Formats as usual, tracebacks included, then masks tokens. A message stays on its line."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).replace("\n", "\\n")


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message; exception, request, stream where known."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": iso(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": clean(record.getMessage()),
        }
        if record.exc_info:
            fields["exception"] = clean(self.formatException(record.exc_info))
        for name, variable in (("request", request_id), ("stream", stream_id)):
            if value := variable.get():
                fields[name] = value
        return msgspec.json.encode(fields).decode()


def clean(text: str) -> str:
    """``text`` with every token masked and what can't be printed escaped."""
    return _UNPRINTABLE.sub(_escaped, redact(text))


def redact(text: str) -> str:
    """``text`` with every token masked."""
    return _TOKEN.sub(lambda match: f"{match[1] or ''}***", text)


def set_up(form: Literal["text", "json"] = "text", level: int = logging.INFO) -> None:
    """Send every log record to stderr through the redaction."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonLines()
        if form == "json"
        else Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s")
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # httpx logs whole URLs at INFO, alembic every step.
    for name in ("httpx", "httpcore", "alembic", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
