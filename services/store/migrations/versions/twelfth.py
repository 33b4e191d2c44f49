"""The version of what operators may, for several processes that keep a copy of it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    rights = op.create_table(
        "rights",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rights"),
    )
    op.bulk_insert(rights, [{"id": 1, "version": 0}])


def downgrade() -> None:
    op.drop_table("rights")
