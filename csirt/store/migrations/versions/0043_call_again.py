"""When a pool is called again stands in the row: the longer a run has waited, the longer it is left alone."""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("ALTER TABLE run_due RENAME COLUMN called_at TO call_again_at")


def downgrade() -> None:
    """Undo: a time to come, read as that of the last call, only delays the next one."""
    op.execute("ALTER TABLE run_due RENAME COLUMN call_again_at TO called_at")
