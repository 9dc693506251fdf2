"""Notes that one shift leaves for the next."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "shift_note",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("incident", sa.String(), sa.ForeignKey("incident.id"), nullable=True),
        sa.Column("text_c", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("seen_by", sa.String(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_shift_note_incident", "shift_note", ["incident"])
    op.create_index("ix_shift_note_seen_at", "shift_note", ["seen_at"])


def downgrade() -> None:
    """There is no way back: what a shift left for the next would be forgotten."""
    raise Untrusted("migration_one_way")
