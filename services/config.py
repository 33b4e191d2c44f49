"""Settings: read once from the environment, checked by name and value, then frozen."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta
from msgspec.inspect import (
    BoolType,
    FloatType,
    IntType,
    LiteralType,
    Metadata,
    Type,
    VarTupleType,
    type_info,
)

from services import setting_values as checks
from services.setting_values import HIDDEN, Shown, mask_url

SHORT_SECRET_BYTES = 32  # RFC 7518 §3.2: an HS256 key is at least as long as its hash


class SettingError(ValueError):
    """A setting that can't be used; the text names it and its value."""


_SECRET = Shown(lambda text: HIDDEN)
_URL = Shown(mask_url)


class Settings(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename=lambda name: "JWT_SECRET" if name == "jwt_secret" else f"PULSO_{name.upper()}",
):
    """Every setting, typed. Times in seconds unless the name says otherwise."""

    host: Annotated[str, checks.host] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8080
    data_dir: Path = Path("data")
    database_url: Annotated[str, checks.database, _URL] = ""
    bus_url: Annotated[str, checks.bus, _URL] = "memory://"
    media_url: Annotated[str, checks.media, _URL] = ""
    media_max_bytes: Annotated[int, Meta(ge=1, le=2_147_483_648)] = 26_214_400
    lease_seconds: Annotated[float, Meta(ge=1, le=600)] = 10.0
    jwt_secret: Annotated[str, checks.not_published, _SECRET] = ""
    jwt_require_exp: bool = False
    admin_password: Annotated[str, checks.password, _SECRET] = ""
    whatsapp: Literal["simulated", "baileys"] = "simulated"
    simulator_speed: Annotated[float, Meta(ge=0.01, le=10_000)] = 1.0
    baileys_url: Annotated[str, checks.loopback_url] = ""
    ai: Literal["scripted", "openai", "off"] = "scripted"
    ai_base_url: Annotated[str, checks.http_url, _URL] = ""
    ai_model: str = ""
    ai_api_key: Annotated[str, _SECRET] = ""
    ai_timeout_seconds: Annotated[float, Meta(ge=0.1, le=3600)] = 60.0
    ai_context_tokens: Annotated[int, Meta(ge=100, le=10_000_000)] = 3000
    burst_seconds: Annotated[float, Meta(ge=0, le=600)] = 1.5
    human_minutes: Annotated[float, Meta(ge=0, le=525_600)] = 30.0
    catch_up_minutes: Annotated[float, Meta(ge=0, le=10_080)] = 10.0
    heartbeat_seconds: Annotated[float, Meta(ge=0.05, le=3600)] = 30.0
    retry_ms: Annotated[int, Meta(ge=100, le=600_000)] = 2000
    history_events: Annotated[int, Meta(ge=0, le=1_000_000)] = 1000
    history_seconds: Annotated[float, Meta(ge=0, le=604_800)] = 600.0
    history_bytes: Annotated[int, Meta(ge=0, le=999_999_999_999)] = 268_435_456
    backlog_events: Annotated[int, Meta(ge=1, le=1_000_000)] = 512
    backlog_bytes: Annotated[int, Meta(ge=1024, le=1_073_741_824)] = 1_048_576
    write_timeout_seconds: Annotated[float, Meta(ge=0.1, le=3600)] = 20.0
    coalesce_ms: Annotated[float, Meta(ge=0, le=10_000)] = 10.0
    max_streams: Annotated[int, Meta(ge=1, le=1_000_000)] = 20_000
    max_streams_per_user: Annotated[int, Meta(ge=1, le=1_000_000)] = 50
    max_bots_per_stream: Annotated[int, Meta(ge=1, le=10_000)] = 100
    max_stream_age_seconds: Annotated[float, Meta(ge=0, le=604_800)] = 3600.0
    drain_seconds: Annotated[float, Meta(ge=0, le=3600)] = 10.0
    session_seconds: Annotated[float, Meta(ge=5, le=31_536_000)] = 43_200.0
    allowed_origins: tuple[Annotated[str, checks.origin], ...] = ()
    trusted_proxies: tuple[Annotated[str, checks.address], ...] = ("127.0.0.1", "::1")
    log_format: Literal["text", "json"] = "text"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings of an environment. SettingError names the first one that is wrong."""
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(cls):
            text = environ.get(field.encode_name, "").strip()
            if not text:
                continue
            try:
                values[field.name] = _read(text, field.type)
            except ValueError as error:
                shown = _masked(text, field.type)
                shown = shown if shown == HIDDEN else repr(shown)
                raise SettingError(f"{field.encode_name}={shown}: {error}") from None
        settings = cls(**values)
        if not settings.database_url:
            path = settings.data_dir.absolute() / "pulso.db"
            settings = msgspec.structs.replace(settings, database_url=f"sqlite:///{path}")
        if not settings.media_url:
            settings = msgspec.structs.replace(settings, media_url=settings.own_media_url)
        if settings.ai == "openai" and not (settings.ai_base_url and settings.ai_model):
            raise SettingError(
                "PULSO_AI='openai': needs PULSO_AI_BASE_URL and PULSO_AI_MODEL to be set"
            )
        if settings.several_processes:
            settings._check_shared()
        return settings

    @property
    def own_media_url(self) -> str:
        """A folder that is this process's alone."""
        return (self.data_dir / "media").absolute().as_uri()

    @property
    def several_processes(self) -> bool:
        """Whether this process may be one of several, on one Redis and one PostgreSQL."""
        return self.bus_url != "memory://"

    def _check_shared(self) -> None:
        if not self.database_url.startswith("postgresql"):
            shown = mask_url(self.database_url)
            raise SettingError(
                f"PULSO_DATABASE_URL={shown!r}: must be postgresql://… with PULSO_BUS_URL=redis://…"
            )
        if not self.jwt_secret:
            raise SettingError(
                "JWT_SECRET='': must be given with PULSO_BUS_URL=redis://…, "
                "the same for every process"
            )

    def shown(self) -> list[str]:
        """``NAME=value`` lines for a person, secrets masked."""
        lines = []
        for field in msgspec.structs.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                value = ",".join(value)
            elif isinstance(value, bool):
                value = int(value)
            lines.append(f"{field.encode_name}={_masked(str(value), field.type)}")
        return lines


def _read(text: str, kind: Any) -> Any:
    """``text`` as a value of this type. ValueError says what it must be."""
    if kind is Path:
        return Path(text)
    found = type_info(kind)
    found = found.type if isinstance(found, Metadata) else found
    if isinstance(found, VarTupleType):
        parts = [part.strip() for part in text.split(",")]
        return tuple(_read(part, get_args(kind)[0]) for part in parts if part)
    try:
        # Not strict takes 80.0 and 1e3 for whole numbers.
        if isinstance(found, IntType) and not re.fullmatch("[0-9]+", text):
            raise ValueError
        value = msgspec.convert(text, kind, strict=False)
    except ValueError:
        raise ValueError(_must_be(found, kind)) from None
    for check in _marks(kind):
        if not isinstance(check, Shown | Meta):
            value = check(value)
    return value


def _must_be(found: Type, kind: Any) -> str:
    match found:
        case IntType(ge=low, le=high):
            return f"must be a whole number from {low} to {high}"
        case FloatType(ge=low, le=high):
            return f"must be a number from {low:g} to {high:g}"
        case LiteralType():
            return f"must be one of {', '.join(get_args(kind))}"
        case BoolType():
            return "must be 0 or 1"
    raise TypeError(kind)


def _masked(text: str, kind: Any) -> str:
    for mark in _marks(kind):
        if isinstance(mark, Shown) and text:
            return mark.mask(text)
    return text


def _marks(kind: Any) -> Iterator[Any]:
    """What stands beside the type in an ``Annotated``."""
    yield from getattr(kind, "__metadata__", ())
