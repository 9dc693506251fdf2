"""Rules by which detections are set aside for a time, and by which one each was."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "ignore_rule",
        sa.Column("id", sa.String(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("kind", "source", "text", "host", "network")),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.Column("passes_from", sa.Integer(), nullable=False),
        sa.Column("reason_c", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_ignore_rule_ended_at", "ignore_rule", ["ended_at"])
    op.add_column("detection", sa.Column("ignored_by", sa.String(), nullable=True))
    op.add_column("detection", sa.Column("ignored_until", UtcDateTime(), nullable=True))
    op.create_index("ix_detection_ignored_by", "detection", ["ignored_by"])


def downgrade() -> None:
    """There is no way back: what was set aside by which rule would be forgotten."""
    raise Untrusted("migration_one_way")
