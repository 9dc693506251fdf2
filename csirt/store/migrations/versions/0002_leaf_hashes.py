"""leaf hashes beside the entries, so that a change is pinned to its entry; older entries have none."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("ledger_entry", sa.Column("leaf", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """There is no way back: on SQLite a table is rebuilt to lose a column, and its guards would be lost with it."""
    raise Untrusted("migration_one_way")
