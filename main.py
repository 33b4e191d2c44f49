"""Pulso's command line: serve, token, check-config."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Literal

import jwt
import msgspec
from dotenv import dotenv_values

from handlers.application import make_application
from services.access.tokens import Tokens
from services.config import (
    SHORT_SECRET_BYTES,
    SettingError,
    Settings,
    kept_secret,
    open_data_dir,
)
from services.pulso import Pulso
from services.server import logs
from services.server.listening import streams_that_fit
from services.store import StoreUnusable

LONGEST_TTL_SECONDS = 3_153_600_000.0  # a hundred years
HERE = Path(__file__).resolve().parent
# A stream is some hundred objects that live for an hour and are freed by reference counts. At
# Python's 700 new objects a collection, a crowd of 5,000 that connects spends a quarter of its CPU
# on walking them again. The new are walked once, 50,000 at a time, which takes 5 ms; a walk of all
# holds up 10,000 streams for 0.4 s, so that is left for what tens of millions of objects leave.
GC_THRESHOLDS = (50_000, 1_000, 10)

log = logging.getLogger("pulso")


async def serve(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; a second one ends at once. The exit status."""
    pulso = Pulso(settings, make_application)
    try:
        first_password = await pulso.open()
        address = pulso.listen()
    except (StoreUnusable, OSError) as error:
        print(f"Pulso can't start: {error}", file=sys.stderr)
        return 1
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, stopping)
    print(f"Pulso is listening on {address}", flush=True)
    if first_password is not None:
        print(f"First login: admin / {first_password}", flush=True)
    # What lives as long as the process need not be walked by every collection.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    await stopping.wait()
    log.info("Shutting down")
    await pulso.close()
    return 0


def _stop(stopping: asyncio.Event) -> None:
    if stopping.is_set():
        os._exit(130)
    stopping.set()


def read_settings() -> Settings:
    """The environment over ``.env`` beside this file. SettingError where one is wrong."""
    kept = {name: value for name, value in dotenv_values(HERE / ".env").items() if value}
    return Settings.from_environ({**kept, **os.environ})


def with_secret(settings: Settings) -> Settings:
    """With the data dir made, and a key to sign with."""
    open_data_dir(settings.data_dir)
    secret = settings.jwt_secret or kept_secret(settings.data_dir / "jwt-secret")
    if len(secret.encode()) < SHORT_SECRET_BYTES:
        log.warning("JWT_SECRET is under %d bytes: it can be guessed", SHORT_SECRET_BYTES)
        warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)
    return msgspec.structs.replace(settings, jwt_secret=secret)


def signed_token(settings: Settings, options: argparse.Namespace) -> str:
    """One token, as ``python main.py token`` prints it."""
    bots: list[str] | Literal["*"] | None = None
    if options.bots == "*":
        bots = "*"
    elif options.bots is not None:
        bots = [bot for bot in options.bots.split(",") if bot]
    return Tokens(settings.jwt_secret).sign(
        options.sub,
        ttl=options.ttl,
        bots=bots,
        publish=options.publish,
        admin=options.admin,
    )


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="main.py", description="Live events of WhatsApp bots.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="run the server (the default)")
    commands.add_parser("check-config", help="print the settings, or what is wrong with them")
    token = commands.add_parser("token", help="print one signed token")
    token.add_argument("--sub", required=True, help="who it is for")
    token.add_argument("--bots", help="bot ids with commas between, or *; without: all bots")
    token.add_argument("--publish", action="store_true", help="may POST /events")
    token.add_argument("--admin", action="store_true", help="sees and ends everyone's streams")
    token.add_argument("--ttl", type=_lifetime, help="seconds it lives; without: for ever")
    return parser.parse_args(arguments)


def _lifetime(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= LONGEST_TTL_SECONDS:
        raise ValueError
    return seconds


def main(arguments: list[str] | None = None) -> int:
    options = parse(sys.argv[1:] if arguments is None else arguments)
    logs.set_up()
    try:
        settings = read_settings()
        if options.command == "check-config":
            print("\n".join(settings.shown()))
            return 0
        settings = with_secret(settings)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    if options.command == "token":
        if not options.sub:
            print("--sub may not be empty", file=sys.stderr)
            return 2
        print(signed_token(settings, options))
        return 0
    fitting = streams_that_fit(settings.max_streams)
    return asyncio.run(serve(msgspec.structs.replace(settings, max_streams=fitting)))


if __name__ == "__main__":
    sys.exit(main())
