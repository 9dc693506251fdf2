"""what each field of a question takes."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("assignment", sa.Column("form", sa.JSON(), nullable=True))


def downgrade() -> None:
    """There is no way back: questions that have a form would lose it."""
    raise Untrusted("migration_one_way")
