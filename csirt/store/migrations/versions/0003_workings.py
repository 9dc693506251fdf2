"""who works where, how each part of the desk is, and which runs a pool of workers takes."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. What stands in `heartbeat` is seconds old and is written anew."""
    op.drop_table("heartbeat")
    op.create_table(
        "heartbeat",
        sa.Column("process", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "condition",
        sa.Column("part", sa.String(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.add_column("run_due", sa.Column("pool", sa.String(), nullable=True))
    op.add_column("run_due", sa.Column("called", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("run_due", sa.Column("called_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """There is no way back: on SQLite a table is rebuilt to lose a column, and its guards would be lost with it."""
    raise Untrusted("migration_one_way")
