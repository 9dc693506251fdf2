"""What the board counts and lists stands in indexes with all that is asked for, also where cases are hidden.

Then each question names the incident, and without it in the index each row was looked up. In an index in which nearly
every row is empty SQLite's statistics say that it finds nothing out, so that of merged cases only these are in theirs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

MERGED = sa.text("merged_into IS NOT NULL")
BEFORE = {
    ("ix_incident_status", "incident"): ["status"],
    ("ix_incident_received", "incident"): ["drill", "received"],
    ("ix_detection_triage", "detection"): ["state", "level", "id"],
}
AFTER = {
    ("ix_incident_status", "incident"): [
        "status", "drill", "level", "proposed_level", "received", "fiscal_year", "ordinal", "id",
    ],
    ("ix_incident_received", "incident"): ["drill", "received", "id"],
    ("ix_detection_triage", "detection"): ["state", "level", "id", "incident"],
}  # fmt: skip


def upgrade() -> None:
    """Apply."""
    _make(AFTER)
    op.drop_index("ix_incident_merged_into", "incident")
    op.create_index(
        "ix_incident_merged_into", "incident", ["merged_into"], sqlite_where=MERGED, postgresql_where=MERGED
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_incident_merged_into", "incident")
    op.create_index("ix_incident_merged_into", "incident", ["merged_into"])
    _make(BEFORE)


def _make(wanted: dict[tuple[str, str], list[str]]) -> None:
    for (name, table), columns in wanted.items():
        op.drop_index(name, table)
        op.create_index(name, table, columns)
