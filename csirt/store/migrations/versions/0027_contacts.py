"""posts that change hands on a day to come, and contact data that somebody confirmed."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "handover",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("deputies", sa.JSON(), nullable=True),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_handover_post", "handover", ["post"])
    op.create_table(
        "contact_confirmation",
        sa.Column("office", sa.String(), primary_key=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("of", sa.String(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    """There is no way back: whom to call would be forgotten."""
    raise Untrusted("migration_one_way")
