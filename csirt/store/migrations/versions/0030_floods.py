"""Which cases a source opened, so that a flood of it becomes one."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import BigId, UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sorting_opening",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("flood", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_sorting_opening_source", "sorting_opening", ["source", "at"])
    op.create_index("ix_sorting_opening_incident", "sorting_opening", ["incident"])


def downgrade() -> None:
    """There is no way back: which case a flood leads to would be forgotten."""
    raise Untrusted("migration_one_way")
