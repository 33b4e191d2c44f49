"""Bring a store's schema to ours, or say why that can't be done."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from services.errors import CannotStart

SCRIPTS = Path(__file__).parent / "migrations"
# Any number, the same in every process: who starts second waits for the first.
MIGRATION_LOCK = 7_485_207
# The table of a copy into this store that is not finished (see ``copying``).
UNFINISHED = "copying"


class StoreUnusable(CannotStart):
    """The store is there and can't be used as it is: damaged, another program's, or newer."""


def known_revisions() -> frozenset[str]:
    """Every schema revision this version of Pulso can start from."""
    return frozenset(
        step.revision for step in ScriptDirectory(str(SCRIPTS)).walk_revisions("base", "heads")
    )


def check(tables: set[str], revision: str | None, *, unfinished: bool = False) -> None:
    """StoreUnusable where these are not the tables of a Pulso of this version or before.

    ``unfinished``: part of a store will do.
    """
    if UNFINISHED in tables and not unfinished:
        raise StoreUnusable("the store is an unfinished copy: call copy-store once more")
    if revision is None:
        if tables - {"alembic_version"}:
            raise StoreUnusable("the store holds tables that are not Pulso's")
    elif revision not in known_revisions():
        raise StoreUnusable(
            f"the store's schema ({revision}) is not known to this version of Pulso:"
            " it was made by a newer one"
        )


def migrate(connection: Connection, *, unfinished: bool = False) -> None:
    """Run what is missing, in the transaction the connection is in."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATION_LOCK}
        )
    revision = MigrationContext.configure(connection).get_current_revision()
    check(set(inspect(connection).get_table_names()), revision, unfinished=unfinished)
    config = Config()
    # The Config's own format would read a percent sign in the path as its interpolation.
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
