"""Which hosts show a value that others may share, so that what is common links nothing."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sorting_sharer",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), primary_key=True),
        sa.Column("host", sa.String(), primary_key=True),
    )


def downgrade() -> None:
    """There is no way back: what is common would be forgotten."""
    raise Untrusted("migration_one_way")
