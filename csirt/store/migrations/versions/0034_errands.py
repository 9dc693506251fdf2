"""Work that the officer asks of somebody beside the playbook, with a time and reminders."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("assignment", sa.Column("text_c", sa.String(), nullable=True))
    op.add_column("assignment", sa.Column("asked_by", sa.String(), nullable=True))
    op.add_column("assignment", sa.Column("necessary", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("assignment", sa.Column("remind_at", UtcDateTime(), nullable=True))
    op.create_index("ix_assignment_remind_at", "assignment", ["remind_at"])


def downgrade() -> None:
    """There is no way back: what somebody was asked to do would be forgotten."""
    raise Untrusted("migration_one_way")
