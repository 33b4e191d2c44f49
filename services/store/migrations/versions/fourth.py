"""What becomes of a message after it came: edited, deleted, reactions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIMES = ("edited", "deleted")


def upgrade() -> None:
    for name in TIMES:
        op.add_column("messages", sa.Column(name, sa.Float(53)))
    op.add_column("messages", sa.Column("reactions", sa.JSON()))


def downgrade() -> None:
    for name in (*TIMES, "reactions"):
        op.drop_column("messages", name)
