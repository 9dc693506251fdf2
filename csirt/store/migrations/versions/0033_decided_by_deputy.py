"""Which post a deputy decided for, so that its holder sees it afterwards (代決・後閲)."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("assignment", sa.Column("proxy_for", sa.String(), nullable=True))


def downgrade() -> None:
    """There is no way back: who decided for whom would be forgotten."""
    raise Untrusted("migration_one_way")
