"""What the board counts and lists of open cases stands in one index; of merged ones only these are in theirs.

With an index in which nearly every row is empty SQLite's statistics say that it finds nothing out, and it reads all.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

MERGED = sa.text("merged_into IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_incident_status", "incident")
    op.create_index("ix_incident_status", "incident", ["status", "drill", "level", "proposed_level", "received"])
    op.drop_index("ix_incident_merged_into", "incident")
    op.create_index(
        "ix_incident_merged_into", "incident", ["merged_into"], sqlite_where=MERGED, postgresql_where=MERGED
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_incident_merged_into", "incident")
    op.create_index("ix_incident_merged_into", "incident", ["merged_into"])
    op.drop_index("ix_incident_status", "incident")
    op.create_index("ix_incident_status", "incident", ["status"])
