"""The mark that every change moves on, so that a history can tell its store from another state."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    marks = op.create_table(
        "marks",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store", name="pk_marks"),
    )
    op.bulk_insert(marks, [{"store": secrets.token_hex(8), "changes": 0}])


def downgrade() -> None:
    op.drop_table("marks")
