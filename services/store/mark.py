"""A mark that every change moves on: it tells one state of a store from all others.

What is kept outside the store and belongs to a state of it, the saved history above all, keeps the
mark too. Where they differ, one of them was put back or lost.
"""

from sqlalchemy import Connection, select, update

from services.store.schema import marks

_READ = select(marks.c.store, marks.c.changes)
_ADVANCE = update(marks).values(changes=marks.c.changes + 1)


def advance(connection: Connection) -> None:
    """The store changes."""
    connection.execute(_ADVANCE)


def read(connection: Connection) -> str:
    """The mark of what this connection sees."""
    row = connection.execute(_READ).one()
    return f"{row.store}-{row.changes}"
