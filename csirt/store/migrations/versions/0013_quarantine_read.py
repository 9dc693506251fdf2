"""Records in quarantine that were read after all."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("quarantine", sa.Column("read_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """There is no way back: what was read would be read again."""
    raise Untrusted("migration_one_way")
