"""Roles that an identity provider told for a session."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("session", sa.Column("roles", sa.JSON(), nullable=True))


def downgrade() -> None:
    """There is no way back: sessions would get other roles."""
    raise Untrusted("migration_one_way")
