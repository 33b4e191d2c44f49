"""Sessions are found by their labels."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_labels",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "label", name="pk_session_labels"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name="fk_session_labels_session_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_session_labels_label", "session_labels", ["label", "session_id"])


def downgrade() -> None:
    op.drop_table("session_labels")
