"""Entries of a step are found and counted by an index: an auditor who asked for one had the whole record read through.

The class of operators makes PostgreSQL find what begins with `a[`, the items of a step, in any locale.
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

FILLED = sa.text("step IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_ledger_entry_step", "ledger_entry", ["step", "seq"], sqlite_where=FILLED, postgresql_where=FILLED,
        postgresql_ops={"step": "text_pattern_ops"},
    )  # fmt: skip


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_ledger_entry_step", "ledger_entry")
