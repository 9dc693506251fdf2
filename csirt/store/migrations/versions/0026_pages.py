"""What pages ask of a full city: an incident's entries by kind, its detections in time, cases by month."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_ledger_entry_inc_kind", "ledger_entry", ["inc", "kind", "seq"])
    op.create_index("ix_incident_received", "incident", ["drill", "received"])
    op.create_index("ix_detection_case", "detection", ["incident", "at", "id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_detection_case", "detection")
    op.drop_index("ix_incident_received", "incident")
    op.drop_index("ix_ledger_entry_inc_kind", "ledger_entry")
