"""The first schema: operators and their sign-ins, bots, sessions, messages."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "operators",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("bots", sa.JSON(), nullable=False),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operators"),
        sa.UniqueConstraint("username", name="uq_operators_username"),
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name="fk_sign_ins_operator_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_sign_ins_operator_id", "sign_ins", ["operator_id"])
    op.create_table(
        "bots",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Text()),
        sa.Column("user_name", sa.Text()),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bots"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("bot_id", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("alt_contact", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("last_seq", SEQUENCE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name="fk_sessions_bot_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("bot_id", "contact", name="uq_sessions_bot_id_contact"),
    )
    op.create_index("ix_sessions_bot_id_alt_contact", "sessions", ["bot_id", "alt_contact"])
    op.create_index("ix_sessions_bot_id_last_seq", "sessions", ["bot_id", "last_seq"])
    op.create_table(
        "messages",
        sa.Column("seq", SEQUENCE, nullable=False, autoincrement=True),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("bot_id", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("from_me", sa.Boolean(), nullable=False),
        sa.Column("timestamp", sa.Float(53), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("push_name", sa.Text()),
        sa.Column("ack", sa.Text()),
        sa.Column("origin", sa.Text()),
        sa.Column("failed", sa.Text()),
        sa.Column("media", sa.JSON()),
        sa.PrimaryKeyConstraint("seq", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_messages_session_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("session_id", "id", name="uq_messages_session_id_id"),
    )
    op.create_index("ix_messages_bot_id_id", "messages", ["bot_id", "id"])
    op.create_index("ix_messages_session_id_seq", "messages", ["session_id", "seq"])
    op.create_index(
        "ix_messages_pending",
        "messages",
        ["bot_id"],
        sqlite_where=sa.text("ack = 'pending'"),
        postgresql_where=sa.text("ack = 'pending'"),
    )


def downgrade() -> None:
    for table in ("messages", "sessions", "bots", "sign_ins", "operators"):
        op.drop_table(table)
