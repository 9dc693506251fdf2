"""When the next reminder of a duty goes out, and how many did."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Duties that stand open already are reminded of from the next change or nightly look on."""
    op.add_column("duty", sa.Column("rung", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("duty", sa.Column("remind_at", UtcDateTime(), nullable=True))
    op.create_index("ix_duty_remind_at", "duty", ["remind_at"])


def downgrade() -> None:
    """There is no way back: who was reminded would be reminded again."""
    raise Untrusted("migration_one_way")
