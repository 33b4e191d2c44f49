"""Quotes, operators' notes, canned replies; a contact is found over all bots."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("quoted", sa.JSON()))
    for name in ("contact", "alt_contact"):
        op.create_index(f"ix_sessions_{name}", "sessions", [name])
    op.create_table(
        "notes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("edited_at", sa.Float(53)),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_notes_session_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_notes_session_id", "notes", ["session_id"])
    op.create_table(
        "replies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("shortcut", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_replies"),
        sa.UniqueConstraint("shortcut", name="uq_replies_shortcut"),
    )


def downgrade() -> None:
    op.drop_table("replies")
    op.drop_table("notes")
    for name in ("alt_contact", "contact"):
        op.drop_index(f"ix_sessions_{name}", "sessions")
    op.drop_column("messages", "quoted")
