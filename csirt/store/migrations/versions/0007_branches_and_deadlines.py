"""a step's branch, mandatory steps, what follows at a deadline, since when a run is due."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import csirt.store.columns
from csirt.errors import Untrusted

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("step", sa.Column("branch", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default=""))
    op.add_column("step", sa.Column("mandatory", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("assignment", sa.Column("at_deadline", sa.JSON(), nullable=True))
    op.add_column("run_due", sa.Column("woken_at", csirt.store.columns.UtcDateTime(), nullable=True))


def downgrade() -> None:
    """There is no way back: cases that use what came with it would lose it."""
    raise Untrusted("migration_one_way")
