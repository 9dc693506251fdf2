"""What counts as a repeat of a detection whose source names fields that do not count."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("detection", sa.Column("likeness", sa.String(), nullable=True))
    given = sa.text("likeness IS NOT NULL")
    op.create_index("ix_detection_likeness", "detection", ["likeness"], sqlite_where=given, postgresql_where=given)


def downgrade() -> None:
    """There is no way back: what counts as a repeat would be forgotten."""
    raise Untrusted("migration_one_way")
