"""For several processes: who holds which bot, how it is doing, and what links it to WhatsApp."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "bots", sa.Column("asked", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column(
        "bots", sa.Column("unlink", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "processes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("expires", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_processes"),
    )
    _of_bots(
        "leases",
        sa.Column("holder", sa.Text()),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.Float(53), nullable=False),
    )
    _of_bots(
        "bot_states",
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    _of_bots(
        "credentials",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        key=("bot_id", "name"),
    )


def _of_bots(table: str, *columns: sa.Column[object], key: tuple[str, ...] = ("bot_id",)) -> None:
    op.create_table(
        table,
        sa.Column("bot_id", sa.Text(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=f"fk_{table}_bot_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    for table in ("credentials", "bot_states", "leases", "processes"):
        op.drop_table(table)
    op.drop_column("bots", "unlink")
    op.drop_column("bots", "asked")
