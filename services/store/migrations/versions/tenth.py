"""Where the file of a message is kept, and which files are to be removed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("file", sa.Text()))
    is_file = "json_extract(media, '$.download') IS NOT NULL"
    if op.get_bind().dialect.name == "postgresql":
        is_file = "media->>'download' IS NOT NULL"
    op.execute(f"UPDATE messages SET file = '' WHERE {is_file}")
    op.create_index(
        "ix_messages_file",
        "messages",
        ["bot_id", "file"],
        sqlite_where=sa.text("file IS NOT NULL"),
        postgresql_where=sa.text("file IS NOT NULL"),
    )
    op.create_table(
        "discards",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_discards"),
    )


def downgrade() -> None:
    op.drop_table("discards")
    op.drop_index("ix_messages_file", "messages")
    op.drop_column("messages", "file")
