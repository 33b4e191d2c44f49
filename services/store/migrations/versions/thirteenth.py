"""How long a customer waited for a person's answer; a bot's messages by their time."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("waited", sa.Float(53)))
    op.create_index("ix_messages_bot_id_timestamp", "messages", ["bot_id", "timestamp"])


def downgrade() -> None:
    op.drop_index("ix_messages_bot_id_timestamp", "messages")
    op.drop_column("messages", "waited")
