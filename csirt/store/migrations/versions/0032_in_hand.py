"""Who has an assignment in hand, who handed it over, and why somebody could not do it."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_NAMES = ("taken_by", "handed_by", "handed_c", "referred_from", "referred_by", "referred_c")


def upgrade() -> None:
    """Apply."""
    for name in _NAMES:
        op.add_column("assignment", sa.Column(name, sa.String(), nullable=True))
    op.add_column("assignment", sa.Column("taken_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """There is no way back: who had what in hand would be forgotten."""
    raise Untrusted("migration_one_way")
