"""Settings: every one by its name, and what is refused by name and value."""

import msgspec
import pytest

from services.config import SETTINGS, SettingError, Settings

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
    "PULSO_ALLOWED_ORIGINS": "",
    "PULSO_TRUSTED_PROXIES": "127.0.0.1,::1",
}


def test_without_any_setting_the_defaults_count() -> None:
    shown = dict(line.split("=", 1) for line in Settings.from_environ({}).shown())
    assert DEFAULTS.items() <= shown.items()
    assert shown["PULSO_DATABASE_URL"].startswith("sqlite+aiosqlite:///")


def test_every_setting_has_its_name_and_every_name_its_setting() -> None:
    assert set(SETTINGS) == {field.name for field in msgspec.structs.fields(Settings)}
    names = [name for name, _ in SETTINGS.values()]
    assert len(names) == len(set(names))
    assert all(name == "JWT_SECRET" or name.startswith("PULSO_") for name in names)


def test_an_empty_setting_is_as_one_that_is_not_there() -> None:
    empty = dict.fromkeys((name for name, _ in SETTINGS.values()), "  ")
    assert Settings.from_environ(empty) == Settings.from_environ({})


def test_the_database_lies_in_the_data_dir_unless_it_is_named() -> None:
    assert Settings.from_environ({"PULSO_DATA_DIR": "/x"}).database_url == (
        "sqlite+aiosqlite:////x/pulso.db"
    )
    url = "postgresql+asyncpg://a@b/c"
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
        ("PULSO_DATABASE_URL", "sqlite:///x"),
        ("PULSO_DATABASE_URL", "mysql://x"),
        ("PULSO_BUS_URL", "kafka://x"),
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
