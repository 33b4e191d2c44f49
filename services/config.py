"""Settings: read once from the environment, checked by name and value, then frozen."""

import math
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

PUBLISHED_SECRET = "DEV_SECRET_DO_NOT_USE_IN_PROOD"
SHORT_SECRET_BYTES = 32  # RFC 7518 §3.2: an HS256 key is at least as long as its hash

T = TypeVar("T")


class SettingError(ValueError):
    """A setting that can't be used; the text names it and its value."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting, typed. Times in seconds unless the name says otherwise."""

    host: str = "127.0.0.1"
    port: int = 8080
    data_dir: Path = Path("data")
    database_url: str = ""
    bus_url: str = "memory://"
    jwt_secret: str = ""
    jwt_require_exp: bool = False
    admin_password: str = ""
    whatsapp: Literal["simulated", "baileys"] = "simulated"
    simulator_speed: float = 1.0
    baileys_url: str = ""
    ai: Literal["scripted", "openai", "off"] = "scripted"
    ai_base_url: str = ""
    ai_model: str = ""
    ai_api_key: str = ""
    heartbeat_seconds: float = 30.0
    retry_ms: int = 2000
    history_events: int = 1000
    history_seconds: float = 600.0
    history_bytes: int = 268_435_456
    backlog_events: int = 512
    backlog_bytes: int = 1_048_576
    write_timeout_seconds: float = 20.0
    coalesce_ms: float = 10.0
    max_streams: int = 20_000
    max_streams_per_user: int = 50
    max_bots_per_stream: int = 100
    max_stream_age_seconds: float = 3600.0
    drain_seconds: float = 10.0
    session_seconds: float = 43_200.0
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings of an environment. SettingError names the first one that is wrong."""
        values: dict[str, Any] = {}
        for field, (name, parse) in SETTINGS.items():
            text = environ.get(name, "").strip()
            if not text:
                continue
            try:
                values[field] = parse(text)
            except ValueError as error:
                shown = "***" if field in SECRETS else repr(text)
                raise SettingError(f"{name}={shown}: {error}") from None
        settings = cls(**values)
        if not settings.database_url:
            path = settings.data_dir.absolute() / "pulso.db"
            settings = msgspec.structs.replace(settings, database_url=f"sqlite+aiosqlite:///{path}")
        if settings.ai == "openai" and not (settings.ai_base_url and settings.ai_model):
            raise SettingError(
                "PULSO_AI='openai': needs PULSO_AI_BASE_URL and PULSO_AI_MODEL to be set"
            )
        return settings

    def shown(self) -> list[str]:
        """``NAME=value`` lines for a person, secrets masked."""
        lines = []
        for field, (name, _) in SETTINGS.items():
            value = getattr(self, field)
            if field in SECRETS and value:
                value = "***"
            elif field == "database_url":
                value = re.sub(r"://([^:/@]+):[^@]*@", r"://\1:***@", value)
            elif isinstance(value, tuple):
                value = ",".join(value)
            elif isinstance(value, bool):
                value = int(value)
            lines.append(f"{name}={value}")
        return lines


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return parse


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return value

    return parse


def _one_of(*choices: T) -> Callable[[str], T]:
    def parse(text: str) -> T:
        for choice in choices:
            if text == choice:
                return choice
        raise ValueError(f"must be one of {', '.join(map(str, choices))}")

    return parse


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return text == "1"


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:_-]{1,255}", text):
        raise ValueError("must be a host name or an address")
    return text


def _secret(text: str) -> str:
    if text == PUBLISHED_SECRET:
        raise ValueError("is published in the original's source; choose another")
    return text


def _database(text: str) -> str:
    if not text.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
        raise ValueError("must start with sqlite+aiosqlite:/// or postgresql+asyncpg://")
    return text


def _bus(text: str) -> str:
    if text != "memory://":
        raise ValueError("must be memory:// (this version has no other bus)")
    return text


def _http_url(text: str) -> str:
    if urlsplit(text).scheme not in ("http", "https") or not urlsplit(text).hostname:
        raise ValueError("must be an http:// or https:// URL")
    return text.rstrip("/")


def _loopback_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("ws", "wss") or parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError("must be a ws:// URL of this machine's loopback: it is for tests only")
    return text


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(part.strip() for part in text.split(",") if part.strip())
    for origin in origins:
        if not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:_-]+", origin):
            raise ValueError(f"{origin!r} is not an origin such as https://panel.example.com")
    return origins


def _proxies(text: str) -> tuple[str, ...]:
    proxies = tuple(part.strip() for part in text.split(",") if part.strip())
    for proxy in proxies:
        try:
            ip_address(proxy)
        except ValueError:
            raise ValueError(f"{proxy!r} is not an IP address") from None
    return proxies


SECRETS = frozenset({"jwt_secret", "admin_password", "ai_api_key"})

SETTINGS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "host": ("PULSO_HOST", _host),
    "port": ("PULSO_PORT", _whole(0, 65535)),
    "data_dir": ("PULSO_DATA_DIR", Path),
    "database_url": ("PULSO_DATABASE_URL", _database),
    "bus_url": ("PULSO_BUS_URL", _bus),
    "jwt_secret": ("JWT_SECRET", _secret),
    "jwt_require_exp": ("PULSO_JWT_REQUIRE_EXP", _flag),
    "admin_password": ("PULSO_ADMIN_PASSWORD", str),
    "whatsapp": ("PULSO_WHATSAPP", _one_of("simulated", "baileys")),
    "simulator_speed": ("PULSO_SIMULATOR_SPEED", _number(0.01, 10_000)),
    "baileys_url": ("PULSO_BAILEYS_URL", _loopback_url),
    "ai": ("PULSO_AI", _one_of("scripted", "openai", "off")),
    "ai_base_url": ("PULSO_AI_BASE_URL", _http_url),
    "ai_model": ("PULSO_AI_MODEL", str),
    "ai_api_key": ("PULSO_AI_API_KEY", str),
    "heartbeat_seconds": ("PULSO_HEARTBEAT_SECONDS", _number(0.05, 3600)),
    "retry_ms": ("PULSO_RETRY_MS", _whole(100, 600_000)),
    "history_events": ("PULSO_HISTORY_EVENTS", _whole(0, 1_000_000)),
    "history_seconds": ("PULSO_HISTORY_SECONDS", _number(0, 604_800)),
    "history_bytes": ("PULSO_HISTORY_BYTES", _whole(0, 999_999_999_999)),
    "backlog_events": ("PULSO_BACKLOG_EVENTS", _whole(1, 1_000_000)),
    "backlog_bytes": ("PULSO_BACKLOG_BYTES", _whole(1024, 1_073_741_824)),
    "write_timeout_seconds": ("PULSO_WRITE_TIMEOUT_SECONDS", _number(0.1, 3600)),
    "coalesce_ms": ("PULSO_COALESCE_MS", _number(0, 10_000)),
    "max_streams": ("PULSO_MAX_STREAMS", _whole(1, 1_000_000)),
    "max_streams_per_user": ("PULSO_MAX_STREAMS_PER_USER", _whole(1, 1_000_000)),
    "max_bots_per_stream": ("PULSO_MAX_BOTS_PER_STREAM", _whole(1, 10_000)),
    "max_stream_age_seconds": ("PULSO_MAX_STREAM_AGE_SECONDS", _number(0, 604_800)),
    "drain_seconds": ("PULSO_DRAIN_SECONDS", _number(0, 3600)),
    "session_seconds": ("PULSO_SESSION_SECONDS", _number(5, 31_536_000)),
    "allowed_origins": ("PULSO_ALLOWED_ORIGINS", _origins),
    "trusted_proxies": ("PULSO_TRUSTED_PROXIES", _proxies),
}
