"""who is away, so that a deputy is called instead."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "absence",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_absence_person", "absence", ["person"])
    op.create_index("ix_absence_until_at", "absence", ["until_at"])


def downgrade() -> None:
    """There is no way back: who is away would be forgotten."""
    raise Untrusted("migration_one_way")
