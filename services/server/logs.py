"""Logs go to stderr, and no token into them, whatever wrote the line."""

import logging
import re
import sys

_TOKEN = re.compile(
    # Any query parameter or header that carries one, and anything that looks like a JWT.
    r"((?:token=|pulso_session=|bearer\s+)[\"']?)[^&\s\"',;)]+"
    r"|eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*",
    re.IGNORECASE,
)


class Redacting(logging.Formatter):
    """Formats as usual, tracebacks included, then masks tokens."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def redact(text: str) -> str:
    """``text`` with every token masked."""
    return _TOKEN.sub(lambda match: f"{match[1] or ''}***", text)


def set_up(level: int = logging.INFO) -> None:
    """Send every log record to stderr through the redaction."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # httpx logs whole URLs at INFO, alembic every step.
    for name in ("httpx", "httpcore", "alembic", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
