"""Pulso's command line: serve, token, check-config, copy-store, copy-credentials."""

import argparse
import asyncio
import contextlib
import logging
import os
import sys
import warnings
from pathlib import Path

import jwt
import msgspec
from dotenv import dotenv_values

from handlers.application import make_application
from services.access.tokens import Tokens
from services.config import SHORT_SECRET_BYTES, SettingError, Settings
from services.errors import CannotStart
from services.pulso import Pulso
from services.server import data_dir, lifetime, logs
from services.server.listening import streams_that_fit
from services.setting_values import database, mask_url
from services.store.copying import CannotCopy, copy_store
from services.whatsapp.baileys import copy_credentials

LONGEST_TTL_SECONDS = 3_153_600_000.0  # a hundred years
HERE = Path(__file__).resolve().parent

log = logging.getLogger("pulso")


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; a second one ends at once."""
    lifetime.cancel_on_signals()
    fitting = streams_that_fit(settings.max_streams)
    settings = msgspec.structs.replace(settings, max_streams=fitting)
    try:
        async with Pulso(settings, make_application) as pulso:
            print(f"Pulso is listening on {pulso.address}", flush=True)
            if pulso.first_password is not None:
                print(f"First login: admin / {pulso.first_password}", flush=True)
            lifetime.settle_garbage()
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                log.info("Shutting down")
    except (asyncio.CancelledError, CannotStart):
        # A step of the start that can't be cancelled may have failed by itself meanwhile.
        if not lifetime.is_stopping():
            raise


def signed_token(settings: Settings, options: argparse.Namespace) -> str:
    """One token, as ``python main.py token`` prints it."""
    bots = options.bots
    if bots is not None and bots != "*":
        bots = [bot for bot in bots.split(",") if bot]
    return Tokens(settings.jwt_secret).sign(
        options.sub, ttl=options.ttl, bots=bots, publish=options.publish, admin=options.admin
    )


def copy(source: str, target: str) -> None:
    """Copy a store into another one, while no server is on the file of either. CannotStart."""
    paths = [Path(url.partition(":///")[2]) for url in (source, target) if url.startswith("sqlite")]
    with contextlib.ExitStack() as stack:
        for folder in {path.resolve().parent for path in paths}:
            if folder.is_dir():
                stack.enter_context(data_dir.locked(folder))
        copy_store(source, target, lambda line: print(line, flush=True))


def copy_links(source: str, target: str) -> None:
    """Copy what links the bots between a data dir and PostgreSQL. CannotStart."""
    is_back = "://" in source
    url = _store("--from" if is_back else "--to", source if is_back else target)
    folder = Path(target if is_back else source)
    if is_back:
        data_dir.make(folder)
    with data_dir.locked(folder):
        work = copy_credentials.to_folder if is_back else copy_credentials.to_store
        for bot_id, count in work(folder / "whatsapp", url):
            print(f"{bot_id}: {count} pieces", flush=True)


def read_settings() -> Settings:
    """The environment over ``.env`` beside this file. SettingError where one is wrong."""
    kept = {name: value for name, value in dotenv_values(HERE / ".env").items() if value}
    return Settings.from_environ({**kept, **os.environ})


def with_secret(settings: Settings) -> Settings:
    """With the data dir made, and a key to sign with."""
    data_dir.make(settings.data_dir)
    secret = settings.jwt_secret or data_dir.kept_secret(settings.data_dir / data_dir.SECRET)
    if len(secret.encode()) < SHORT_SECRET_BYTES:
        log.warning("JWT_SECRET is under %d bytes: it can be guessed", SHORT_SECRET_BYTES)
        warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)
    return msgspec.structs.replace(settings, jwt_secret=secret)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="main.py", description="Live events of WhatsApp bots.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="run the server (the default)")
    commands.add_parser("check-config", help="print the settings, or what is wrong with them")
    copying = commands.add_parser("copy-store", help="copy all data into another, empty store")
    copying.add_argument("--from", dest="source", required=True, metavar="URL")
    copying.add_argument("--to", dest="target", required=True, metavar="URL")
    linking = commands.add_parser(
        "copy-credentials", help="copy what links the bots, of a folder to PostgreSQL or back"
    )
    linking.add_argument("--from", dest="source", required=True, metavar="FOLDER|URL")
    linking.add_argument("--to", dest="target", required=True, metavar="URL|FOLDER")
    token = commands.add_parser("token", help="print one signed token")
    token.add_argument("--sub", type=_name, required=True, help="who it is for")
    token.add_argument("--bots", help="bot ids with commas between, or *; without: all bots")
    token.add_argument("--publish", action="store_true", help="may POST /events")
    token.add_argument("--admin", action="store_true", help="sees and ends everyone's streams")
    token.add_argument("--ttl", type=_lifetime, help="seconds it lives; without: for ever")
    return parser.parse_args(arguments)


def _store(option: str, url: str) -> str:
    try:
        return database(url)
    except ValueError as error:
        raise SettingError(f"{option}={mask_url(url)!r}: {error}") from None


def _name(text: str) -> str:
    if not text:
        raise ValueError
    return text


def _lifetime(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= LONGEST_TTL_SECONDS:
        raise ValueError
    return seconds


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments say; the exit status."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    logs.set_up()
    try:
        settings = read_settings()
        logs.set_up(settings.log_format)
        if options.command == "check-config":
            print("\n".join(settings.shown()))
        elif options.command == "token":
            print(signed_token(with_secret(settings), options))
        elif options.command == "copy-store":
            copy(_store("--from", options.source), _store("--to", options.target))
        elif options.command == "copy-credentials":
            copy_links(options.source, options.target)
        else:
            asyncio.run(serve(with_secret(settings)))
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except CannotCopy as error:
        print("Pulso can't copy:", *str(error).split(), file=sys.stderr)
        return 1
    except CannotStart as error:
        # Databases like to say it on several lines.
        print("Pulso can't start:", *str(error).split(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
