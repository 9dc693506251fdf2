"""What detections carry: observables, their class, techniques."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "detection_observable",
        sa.Column("detection", sa.String(), sa.ForeignKey("detection.fingerprint"), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), primary_key=True),
    )
    op.create_index("ix_detection_observable_value", "detection_observable", ["kind", "value"])


def downgrade() -> None:
    """There is no way back: what detections carry would be forgotten."""
    raise Untrusted("migration_one_way")
