"""Who has a chat, what state it is in, its labels, since when its customer waits for a person."""

import time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Name, columns, and which rows it holds.
INDEXES = (
    ("human", ["bot_id", "mode", "assignee_id", "state", "waiting_since"], "mode = 'human'"),
    ("waiting_since", ["bot_id", "waiting_since"], "waiting_since IS NOT NULL"),
    ("person_at", ["person_at"], "person_at IS NOT NULL"),
    ("snoozed_until", ["snoozed_until"], "snoozed_until IS NOT NULL"),
)


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("assignee_id", sa.Text()),
        sa.Column("assignee_name", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False, server_default="open"),
        sa.Column("snoozed_until", sa.Float(53)),
        sa.Column("labels", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("waiting_since", sa.Float(53)),
        sa.Column("person_at", sa.Float(53)),
    ]


def upgrade() -> None:
    for column in _columns():
        op.add_column("sessions", column)
    for name, columns, rows in INDEXES:
        op.create_index(
            f"ix_sessions_{name}",
            "sessions",
            columns,
            sqlite_where=sa.text(rows),
            postgresql_where=sa.text(rows),
        )
    # Whoever has a chat now has had it for no longer than we can know.
    op.execute(
        sa.text("UPDATE sessions SET person_at = :now WHERE mode = 'human'").bindparams(
            now=time.time()
        )
    )


def downgrade() -> None:
    for name, _, _ in INDEXES:
        op.drop_index(f"ix_sessions_{name}", "sessions")
    for column in _columns():
        op.drop_column("sessions", column.name)
