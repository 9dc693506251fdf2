"""What waits in a cluster is found by its index: of a storm, sorting read through the whole cluster with each batch."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

SORTED = sa.text("cluster IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    _make(["cluster", "state"])


def downgrade() -> None:
    """Undo."""
    _make(["cluster"])


def _make(columns: list[str]) -> None:
    op.drop_index("ix_detection_cluster", "detection")
    op.create_index("ix_detection_cluster", "detection", columns, sqlite_where=SORTED, postgresql_where=SORTED)
