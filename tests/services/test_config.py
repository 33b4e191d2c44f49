"""Settings: every one by its name, and what is refused by name and value."""

from pathlib import Path

import msgspec
import pytest

from services.config import SettingError, Settings
from services.setting_values import mask_url

ROOT = Path(__file__).resolve().parents[2]

# As the documentation promises them.
DEFAULTS = {
    "PULSO_HOST": "127.0.0.1",
    "PULSO_PORT": "8080",
    "PULSO_BUS_URL": "memory://",
    "PULSO_JWT_REQUIRE_EXP": "0",
    "PULSO_WHATSAPP": "simulated",
    "PULSO_SIMULATOR_SPEED": "1.0",
    "PULSO_AI": "scripted",
    "PULSO_HEARTBEAT_SECONDS": "30.0",
    "PULSO_RETRY_MS": "2000",
    "PULSO_HISTORY_EVENTS": "1000",
    "PULSO_HISTORY_SECONDS": "600.0",
    "PULSO_HISTORY_BYTES": "268435456",
    "PULSO_BACKLOG_EVENTS": "512",
    "PULSO_BACKLOG_BYTES": "1048576",
    "PULSO_WRITE_TIMEOUT_SECONDS": "20.0",
    "PULSO_COALESCE_MS": "10.0",
    "PULSO_MAX_STREAMS": "20000",
    "PULSO_MAX_STREAMS_PER_USER": "50",
    "PULSO_MAX_BOTS_PER_STREAM": "100",
    "PULSO_MAX_STREAM_AGE_SECONDS": "3600.0",
    "PULSO_DRAIN_SECONDS": "10.0",
    "PULSO_LOG_FORMAT": "text",
    "PULSO_ALLOWED_ORIGINS": "",
    "PULSO_TRUSTED_PROXIES": "127.0.0.1,::1",
}


def test_without_any_setting_the_defaults_count() -> None:
    shown = dict(line.split("=", 1) for line in Settings.from_environ({}).shown())
    assert DEFAULTS.items() <= shown.items()
    assert shown["PULSO_DATABASE_URL"].startswith("sqlite:///")


NAMES = {field.name: field.encode_name for field in msgspec.structs.fields(Settings)}


def test_every_setting_has_its_name_and_every_name_its_setting() -> None:
    shown = [line.partition("=")[0] for line in Settings.from_environ({}).shown()]
    assert shown == list(NAMES.values())
    assert len(shown) == len(set(shown))
    assert all(name == "JWT_SECRET" or name.startswith("PULSO_") for name in shown)


def test_every_setting_is_in_the_documentation() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    assert not [name for name in NAMES.values() if f"`{name}`" not in text]


def test_an_empty_setting_is_as_one_that_is_not_there() -> None:
    empty = dict.fromkeys(NAMES.values(), "  ")
    assert Settings.from_environ(empty) == Settings.from_environ({})


def test_the_database_lies_in_the_data_dir_unless_it_is_named() -> None:
    assert Settings.from_environ({"PULSO_DATA_DIR": "/x"}).database_url == ("sqlite:////x/pulso.db")


def test_files_lie_in_the_data_dir_unless_their_place_is_named() -> None:
    assert Settings.from_environ({"PULSO_DATA_DIR": "/x y"}).media_url == "file:///x%20y/media"
    for url in ("file:///srv/pulso%20media", "s3://bucket", "s3://my.bucket-2/pulso/media/"):
        assert Settings.from_environ({"PULSO_MEDIA_URL": url}).media_url == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://a@b/c",
        "postgresql+psycopg://a:b@c:5432/d",
        "postgresql://[::1]:5432/d",
        "postgresql:///d?host=/run/postgresql",
        "sqlite:////x/y.db",
        "sqlite+aiosqlite:///y.db",
    ],
)
def test_a_database_is_named_with_a_driver_or_without(url: str) -> None:
    assert Settings.from_environ({"PULSO_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PULSO_HOST", "a b"),
        ("PULSO_HOST", "http://x"),
        ("PULSO_PORT", "65536"),
        ("PULSO_PORT", "-1"),
        ("PULSO_PORT", "80.0"),
        ("PULSO_PORT", "٨٠"),
        ("PULSO_DATABASE_URL", "sqlite://x"),
        ("PULSO_DATABASE_URL", "sqlite:///"),
        ("PULSO_DATABASE_URL", "postgresql+psycopg2://x"),
        ("PULSO_DATABASE_URL", "postgresql://x:5432432/y"),
        ("PULSO_DATABASE_URL", "mysql://x"),
        ("PULSO_BUS_URL", "kafka://x"),
        ("PULSO_BUS_URL", "redis://"),
        ("PULSO_BUS_URL", "redis://x:0"),
        ("PULSO_BUS_URL", "redis://x:65536"),
        ("PULSO_BUS_URL", "redis://x/name"),
        ("PULSO_BUS_URL", "unix:///run/redis.sock"),
        ("PULSO_MEDIA_URL", "http://x/y"),
        ("PULSO_MEDIA_URL", "file://x/y"),
        ("PULSO_MEDIA_URL", "file:///"),
        ("PULSO_MEDIA_URL", "s3://"),
        ("PULSO_MEDIA_URL", "s3://Bucket"),
        ("PULSO_MEDIA_URL", "s3://bucket/a//b"),
        ("PULSO_MEDIA_URL", "s3://bucket/a?region=x"),
        ("PULSO_MEDIA_MAX_BYTES", "0"),
        ("PULSO_MEDIA_MAX_BYTES", "25M"),
        ("PULSO_JWT_REQUIRE_EXP", "yes"),
        ("PULSO_WHATSAPP", "twilio"),
        ("PULSO_SIMULATOR_SPEED", "0"),
        ("PULSO_SIMULATOR_SPEED", "nan"),
        ("PULSO_BAILEYS_URL", "wss://web.whatsapp.com/ws/chat"),
        ("PULSO_BAILEYS_URL", "ws://127.0.0.1.evil.example/"),
        ("PULSO_BAILEYS_URL", "http://127.0.0.1/"),
        ("PULSO_AI", "magic"),
        ("PULSO_AI_BASE_URL", "ftp://x"),
        ("PULSO_AI_BASE_URL", "https://"),
        ("PULSO_HEARTBEAT_SECONDS", "0"),
        ("PULSO_HEARTBEAT_SECONDS", "-1"),
        ("PULSO_HEARTBEAT_SECONDS", "inf"),
        ("PULSO_RETRY_MS", "0"),
        ("PULSO_HISTORY_EVENTS", "-1"),
        ("PULSO_HISTORY_BYTES", "256M"),
        ("PULSO_HISTORY_EVENTS", "1e3"),
        ("PULSO_BACKLOG_EVENTS", "0"),
        ("PULSO_BACKLOG_BYTES", "10"),
        ("PULSO_WRITE_TIMEOUT_SECONDS", "0"),
        ("PULSO_COALESCE_MS", "-1"),
        ("PULSO_MAX_STREAMS", "0"),
        ("PULSO_MAX_STREAMS_PER_USER", "many"),
        ("PULSO_MAX_BOTS_PER_STREAM", "9" * 13),
        ("PULSO_MAX_STREAM_AGE_SECONDS", "-0.1"),
        ("PULSO_DRAIN_SECONDS", "nan"),
        ("PULSO_ALLOWED_ORIGINS", "*"),
        ("PULSO_ALLOWED_ORIGINS", "https://a.example/path"),
        ("PULSO_ALLOWED_ORIGINS", "https://a.example,b.example"),
        ("PULSO_TRUSTED_PROXIES", "proxy.local"),
        ("PULSO_TRUSTED_PROXIES", "10.0.0.300"),
        ("PULSO_HISTORY_BYTES", "256MB"),
        ("PULSO_LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_value(name: str, value: str) -> None:
    with pytest.raises(SettingError) as error:
        Settings.from_environ({name: value})
    assert str(error.value).startswith(f"{name}={value!r}: ")
    assert "\n" not in str(error.value)


def test_the_published_secret_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingError, match=r"^JWT_SECRET=\*\*\*: "):
        Settings.from_environ({"JWT_SECRET": "DEV_SECRET_DO_NOT_USE_IN_PROOD"})


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PULSO_PORT", "65536", "must be a whole number from 0 to 65535"),
        ("PULSO_HEARTBEAT_SECONDS", "often", "must be a number from 0.05 to 3600"),
        ("PULSO_WHATSAPP", "twilio", "must be one of simulated, baileys"),
        ("PULSO_JWT_REQUIRE_EXP", "yes", "must be 0 or 1"),
        ("PULSO_TRUSTED_PROXIES", "10.0.0.1,x", "'x' is not an IP address"),
    ],
)
def test_the_reason_says_what_it_must_be(name: str, value: str, reason: str) -> None:
    with pytest.raises(SettingError) as error:
        Settings.from_environ({name: value})
    assert str(error.value) == f"{name}={value!r}: {reason}"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ana:hunter2@db/pulso", "postgresql://ana:***@db/pulso"),
        ("postgresql://ana:hun@ter2@db/pulso", "postgresql://ana:***@db/pulso"),
        ("postgresql://ana:hun/ter2@db/pulso", "postgresql://ana:***@db/pulso"),
        ("postgresql://:hunter2@db/pulso", "postgresql://:***@db/pulso"),
        ("postgresql://ana@db:5432/pulso", "postgresql://ana@db:5432/pulso"),
        ("postgresql://[::1]:5432/pulso", "postgresql://[::1]:5432/pulso"),
        ("postgresql://db/p?password=hunter2&x=y", "postgresql://db/p?password=***&x=y"),
        ("postgresql://ana:hunter2/pulso", "***"),
        ("postgresql://ana:hunter2", "***"),
        ("ana:hunter2@db/pulso", "***"),
        ("memory://", "memory://"),
        ("sqlite:////x/pulso.db", "sqlite:////x/pulso.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert mask_url(url) == shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PULSO_DATABASE_URL", "postgres://ana:hunter2@db/pulso"),
        ("PULSO_DATABASE_URL", "postgresql://ana:hun@ter2@db:x/pulso"),
        ("PULSO_DATABASE_URL", "postgresql://ana:hun?ter2@db/pulso"),
        ("PULSO_DATABASE_URL", "postgresql://ana:hunter2/pulso"),
        ("PULSO_DATABASE_URL", "ana:hunter2@db/pulso"),
        ("PULSO_BUS_URL", "redis://:hun/ter2@db"),
        ("PULSO_MEDIA_URL", "s3://key:hunter2@bucket"),
        ("PULSO_AI_BASE_URL", "htp://ana:hunter2@ai.example"),
        ("PULSO_AI_BASE_URL", "http://ana:hunter2／x@[ai.example"),
    ],
)
def test_a_mistake_in_a_url_never_shows_its_password(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"^{name}=") as error:
        Settings.from_environ({name: value})
    assert "ter2" not in str(error.value)


def test_an_at_in_a_password_belongs_to_it() -> None:
    url = "postgresql://ana:hun@ter2@db/pulso"
    settings = Settings.from_environ({"PULSO_DATABASE_URL": url})
    assert settings.database_url == "postgresql://ana:hun%40ter2@db/pulso"
    assert "PULSO_DATABASE_URL=postgresql://ana:***@db/pulso" in settings.shown()


def test_several_processes_need_a_store_and_a_secret_in_common() -> None:
    url = "redis://:hunter2@bus:6380/3"
    shared = {
        "PULSO_BUS_URL": url,
        "PULSO_DATABASE_URL": "postgresql://pulso@db/pulso",
        "JWT_SECRET": "s" * 32,
    }
    settings = Settings.from_environ(shared)
    assert settings.bus_url == url and settings.several_processes
    assert "PULSO_BUS_URL=redis://:***@bus:6380/3" in settings.shown()
    for name in ("PULSO_DATABASE_URL", "JWT_SECRET"):
        with pytest.raises(SettingError, match=f"^{name}="):
            Settings.from_environ({key: value for key, value in shared.items() if key != name})
    assert not Settings().several_processes


def test_an_openai_engine_needs_an_address_and_a_model() -> None:
    with pytest.raises(SettingError, match="PULSO_AI"):
        Settings.from_environ({"PULSO_AI": "openai"})


def test_lists_are_read_with_blanks_around_them() -> None:
    settings = Settings.from_environ(
        {
            "PULSO_ALLOWED_ORIGINS": " https://a.example , http://[::1]:4321,",
            "PULSO_TRUSTED_PROXIES": "10.0.0.1, fe80::1",
        }
    )
    assert settings.allowed_origins == ("https://a.example", "http://[::1]:4321")
    assert settings.trusted_proxies == ("10.0.0.1", "fe80::1")
