"""A store's data copied into another one: what ``python main.py copy-store`` does.

One view of the source from beginning to end, table by table in the order of their references,
``CHUNK`` rows a transaction. How far it has come is in the target, in a table that is there for as
long as the copy is unfinished: killed anywhere, it goes on where it was; and no server starts on a
part of a store (``migrate.UNFINISHED``). At the end the rows of both are counted.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    MetaData,
    Table,
    Text,
    func,
    insert,
    inspect,
    literal,
    make_url,
    select,
    tuple_,
    update,
)

from services.errors import CannotStart
from services.store import mark
from services.store.database import Database
from services.store.migrate import UNFINISHED
from services.store.schema import bot_states, leases, marks, metadata, processes, rights
from services.store.starting import cannot_start

CHUNK = 1_000
# Which store it is, and who is running just now; the version of a copy that nobody has kept yet.
NOT_COPIED = {marks, rights, processes, leases, bot_states}
COPIED = [table for table in metadata.sorted_tables if table not in NOT_COPIED]

# One row: the state of the source that is copied; and for each table that was begun its last key.
_progress = Table(
    UNFINISHED,
    MetaData(),
    Column("name", Text, primary_key=True),
    Column("value", JSON, nullable=False),
)
_SOURCE = "source"

Say = Callable[[str], None]


class CannotCopy(CannotStart):
    """Why the stores were left as they are, or where the copy stopped."""


def copy_store(source_url: str, target_url: str, say: Say) -> None:
    """Copy everything; ``say`` gets a line for each table. CannotCopy."""
    with (
        _opened(source_url, "--from") as source,
        _opened(target_url, "--to") as target,
        _cannot_copy("it goes on when called again"),
        source.reading() as reader,
    ):
        _begin(reader, target, say)
        counts = {table: _copy(reader, target, table, say) for table in COPIED}
        _finish(target, counts)
    say(f"Copied {sum(counts.values())} rows, and counted them")


@contextlib.contextmanager
def _opened(url: str, option: str) -> Iterator[Database]:
    with _cannot_copy(option):
        database = Database(url)
    try:
        with _cannot_copy(option):
            if option == "--from":
                _look_for_store(url, database)
            database.open(unfinished=option == "--to")
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def _cannot_copy(where: str) -> Iterator[None]:
    try:
        with cannot_start():
            yield
    except CannotCopy:
        raise
    except CannotStart as error:
        raise CannotCopy(f"{where}: {error}") from None


def _look_for_store(url: str, database: Database) -> None:
    """CannotStart where there is none: opening would make one."""
    if url.startswith("sqlite"):
        found = Path(make_url(url).database or "").is_file()
    else:
        with database.reading() as reader:
            found = inspect(reader).has_table("alembic_version")
    if not found:
        raise CannotStart("there is no store")


def _begin(reader: Connection, target: Database, say: Say) -> None:
    """Make sure that the target is empty, or holds the beginning of this copy."""
    state = mark.read(reader)
    with target.writing() as writer:
        if not inspect(writer).has_table(UNFINISHED):
            for table in COPIED:
                if count := _count(writer, table):
                    raise CannotCopy(f"--to holds other data: {count} rows in {table.name}")
            _progress.create(writer)
            writer.execute(insert(_progress).values(name=_SOURCE, value=state))
            writer.commit()
        elif _value(writer, _SOURCE) != state:
            raise CannotCopy(
                "--to holds the beginning of a copy of another store, or --from has changed since:"
                " empty it (drop the database and create it) and begin again"
            )
        else:
            say("Going on with a copy that was begun")


def _copy(reader: Connection, target: Database, table: Table, say: Say) -> int:
    """Copy what is missing of a table; how many rows of it the source has."""
    keys = list(table.primary_key.columns)
    with target.writing() as writer:
        last = _value(writer, table.name)
    while rows := _rows_after(reader, table, keys, last):
        with target.writing() as writer:
            writer.execute(insert(table), [_fitting(row) for row in rows])
            is_first, last = last is None, [rows[-1][key.name] for key in keys]
            _note(writer, table.name, last, is_first=is_first)
            writer.commit()
    count = _count(reader, table)
    say(f"{table.name}: {count}")
    return count


def _rows_after(
    reader: Connection, table: Table, keys: list[Any], last: list[Any] | None
) -> list[dict[str, Any]]:
    statement = select(table).order_by(*keys).limit(CHUNK)
    if last is not None:
        statement = statement.where(tuple_(*keys) > tuple_(*map(literal, last)))
    return [dict(row) for row in reader.execute(statement).mappings()]


def _fitting(row: dict[str, Any]) -> dict[str, Any]:
    """The row as any store takes it: PostgreSQL has no U+0000 in its texts."""
    return {
        name: value.replace("\0", "") if isinstance(value, str) else value
        for name, value in row.items()
    }


def _finish(target: Database, counts: dict[Table, int]) -> None:
    """Count, let new rows be numbered after the copied ones, and open the store for servers."""
    with target.writing() as writer:
        for table, count in counts.items():
            if (found := _count(writer, table)) != count:
                raise CannotCopy(
                    f"{table.name}: {found} rows of {count} are in --to: somebody else wrote there"
                )
            if writer.dialect.name == "postgresql" and table.autoincrement_column is not None:
                _number_after(writer, table)
        _progress.drop(writer)
        writer.commit()


def _number_after(writer: Connection, table: Table) -> None:
    column = table.autoincrement_column
    assert column is not None
    last = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    writer.execute(select(func.setval(sequence, last, False)))


def _value(writer: Connection, name: str) -> Any:
    found = select(_progress.c.value).where(_progress.c.name == name)
    return writer.execute(found).scalar_one_or_none()


def _note(writer: Connection, name: str, value: list[Any], *, is_first: bool) -> None:
    if is_first:
        writer.execute(insert(_progress).values(name=name, value=value))
    else:
        writer.execute(update(_progress).where(_progress.c.name == name).values(value=value))


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
