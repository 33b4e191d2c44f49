"""Who of the operators wrote a message; and the chats with something unread, found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("author_id", "author_name"):
        op.add_column("messages", sa.Column(name, sa.Text()))
    op.create_index(
        "ix_sessions_unread",
        "sessions",
        ["bot_id", "unread"],
        sqlite_where=sa.text("unread > 0"),
        postgresql_where=sa.text("unread > 0"),
    )


def downgrade() -> None:
    op.drop_index("ix_sessions_unread", "sessions")
    for name in ("author_name", "author_id"):
        op.drop_column("messages", name)
