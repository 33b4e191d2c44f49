"""Search by an index: names, numbers and texts kept folded, looked up by their trigrams."""

import sqlalchemy as sa
from alembic import op

from services.store.search import fold, fold_contact

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

AT_ONCE = 2_000  # rows

# The index of texts points into the table; SQLite keeps no second copy of what is in it.
SQLITE = (
    "CREATE VIRTUAL TABLE message_search USING fts5"
    "(folded, content='messages', content_rowid='seq', tokenize='trigram')",
    "INSERT INTO message_search(message_search) VALUES ('rebuild')",
    "CREATE TRIGGER message_search_insert AFTER INSERT ON messages BEGIN"
    " INSERT INTO message_search(rowid, folded) VALUES (new.seq, new.folded); END",
    "CREATE TRIGGER message_search_delete AFTER DELETE ON messages BEGIN"
    " INSERT INTO message_search(message_search, rowid, folded)"
    " VALUES ('delete', old.seq, old.folded); END",
    "CREATE TRIGGER message_search_update AFTER UPDATE OF folded ON messages BEGIN"
    " INSERT INTO message_search(message_search, rowid, folded)"
    " VALUES ('delete', old.seq, old.folded);"
    " INSERT INTO message_search(rowid, folded) VALUES (new.seq, new.folded); END",
)
POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX ix_messages_folded ON messages USING gin (folded gin_trgm_ops)",
)


def upgrade() -> None:
    connection = op.get_bind()
    for table in ("sessions", "messages"):
        op.add_column(table, sa.Column("folded", sa.Text(), nullable=False, server_default=""))
    _fold_sessions(connection)
    _fold_messages(connection)
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def _fold_sessions(connection: sa.Connection) -> None:
    rows = connection.execute(sa.text("SELECT id, name, contact, alt_contact FROM sessions")).all()
    update = sa.text("UPDATE sessions SET folded = :folded WHERE id = :id")
    values = [
        {"id": row.id, "folded": fold_contact(row.name, row.contact, row.alt_contact)}
        for row in rows
    ]
    if values:
        connection.execute(update, values)


def _fold_messages(connection: sa.Connection) -> None:
    page = sa.text(
        "SELECT seq, content FROM messages WHERE seq > :after AND content <> ''"
        f" ORDER BY seq LIMIT {AT_ONCE}"
    )
    update = sa.text("UPDATE messages SET folded = :folded WHERE seq = :seq")
    after = -1
    while rows := connection.execute(page, {"after": after}).all():
        connection.execute(update, [{"seq": row.seq, "folded": fold(row.content)} for row in rows])
        after = rows[-1].seq


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER message_search_{name}")
        op.execute("DROP TABLE message_search")
    else:
        op.drop_index("ix_messages_folded", "messages")
    for table in ("sessions", "messages"):
        op.drop_column(table, "folded")
