"""What the text of a setting must be beyond its type, and how it is shown.

A check gives back the value, or raises ValueError with the reason.
"""

import re
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from services.weak_passwords import is_weak

PUBLISHED_SECRET = "DEV_SECRET_DO_NOT_USE_IN_PROOD"
HIDDEN = "***"


def host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:_-]{1,255}", text):
        raise ValueError("must be a host name or an address")
    return text


def not_published(text: str) -> str:
    if text == PUBLISHED_SECRET:
        raise ValueError("is published in the original's source; choose another")
    return text


def password(text: str) -> str:
    if not 8 <= len(text) <= 256:
        raise ValueError("must have 8 to 256 characters")
    if is_weak(text, "admin"):
        raise ValueError("is too easy to guess; choose another")
    return text


def database(text: str) -> str:
    # The driver is the store's to choose, whichever is named.
    if re.fullmatch(r"sqlite(\+aiosqlite)?:///.+", text):
        return text
    if not re.match(r"postgresql(\+asyncpg|\+psycopg)?://", text):
        raise ValueError("must start with sqlite:/// or postgresql://")
    found = re.fullmatch(
        r"([^:]+://)(?:([^?]*)@)?((?:\[[^\]]*\]|[^:/?@]*)(?::\d{1,5})?(?:[/?].*)?)", text
    )
    if not found:
        raise ValueError("its host and port can't be read; in a password, ? is written %3F")
    scheme, user, rest = found.groups()
    # Everybody who parses URLs would end the password at its first @.
    return text if user is None else f"{scheme}{user.replace('@', '%40')}@{rest}"


def bus(text: str) -> str:
    if text == "memory://":
        return text
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("redis", "rediss") and re.fullmatch("(/[0-9]{0,4})?", parts.path)
        found = bool(known and parts.hostname and parts.port != 0)
    except ValueError:  # its text may hold the password
        found = False
    if not found:
        raise ValueError(
            "must be memory:// or redis://HOST:PORT/DATABASE; "
            "in a password, / ? # and @ are written %2F %3F %23 and %40"
        )
    return text


def media(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:  # its text may hold a password
        parts = urlsplit("")
    if parts.query or parts.fragment:
        raise ValueError("must have nothing behind its path")
    if parts.scheme == "file" and not parts.netloc and len(parts.path.strip("/")) > 0:
        return text
    is_bucket = re.fullmatch("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", parts.netloc)
    is_prefix = re.fullmatch("(/[A-Za-z0-9._-]+)*/?", parts.path)
    if parts.scheme == "s3" and is_bucket and is_prefix:
        return text
    raise ValueError("must be file:///FOLDER or s3://BUCKET/PREFIX")


def http_url(text: str) -> str:
    scheme, host = _scheme_and_host(text)
    if scheme not in ("http", "https") or not host:
        raise ValueError("must be an http:// or https:// URL")
    return text.rstrip("/")


def loopback_url(text: str) -> str:
    scheme, host = _scheme_and_host(text)
    if scheme not in ("ws", "wss") or host not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError("must be a ws:// URL of this machine's loopback: it is for tests only")
    return text


def _scheme_and_host(text: str) -> tuple[str, str]:
    try:
        parts = urlsplit(text)
        return parts.scheme, parts.hostname or ""
    except ValueError:  # its text may hold the password
        return "", ""


def origin(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:_-]+", text):
        raise ValueError(f"{text!r} is not an origin such as https://panel.example.com")
    return text


def address(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an IP address") from None
    return text


class Shown:
    """Marks a setting whose value is not for every eye; ``mask`` makes it so."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        self.mask = mask


def mask_url(url: str) -> str:
    """``url`` without its password, also where it is none that can be parsed."""
    # A password may hold an @ or a / that should have been quoted: up to the last @ it is hidden.
    scheme, separator, rest = url.partition("://")
    userinfo, at, host = rest.rpartition("@")
    if at:
        user, colon, _ = userinfo.partition(":")
        userinfo = user + (colon and f":{HIDDEN}")
    elif not separator or not re.match(r"(\[[^\]]*\]|[^:/?]*)(:\d*)?([/?]|$)", rest):
        return HIDDEN  # what stands after a colon is a password whose @ was forgotten
    shown = f"{scheme}://{userinfo}{at}{host}"
    return re.sub(r"([?&][^=&]*pass[^=&]*=)[^&]*", rf"\1{HIDDEN}", shown, flags=re.IGNORECASE)
