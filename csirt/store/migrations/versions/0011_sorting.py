"""places and clusters by which detections are sorted, why each was, and incidents that became one."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import BigId, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. What was sorted before stays where it is; what waits is sorted again, and what comes later begins anew."""
    for name in ("reported_as", "cluster", "joined_by", "joined_over"):
        op.add_column("detection", sa.Column(name, sa.String(), nullable=True))
    op.create_index("ix_detection_cluster", "detection", ["cluster"])
    op.create_index("ix_detection_triage", "detection", ["state", "level", "id"])
    op.execute("UPDATE detection SET state = 'new' WHERE state = 'waiting'")
    op.add_column("incident", sa.Column("merged_into", sa.String(), nullable=True))
    op.create_index("ix_incident_merged_into", "incident", ["merged_into"])
    _sorting()
    _merges()


def _sorting() -> None:
    op.create_table(
        "sorting_cluster",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("incident", sa.String(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_sorting_cluster_incident", "sorting_cluster", ["incident"])
    op.create_table(
        "sorting_place",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), primary_key=True),
        sa.Column("cluster", sa.String(), nullable=False),
    )
    op.create_index("ix_sorting_place_cluster", "sorting_place", ["cluster"])
    op.create_table(
        "sorting_host_name",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("address", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
    )


def _merges() -> None:
    op.create_table(
        "incident_merge",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("gone", sa.String(), sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("into_incident", sa.String(), sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason_c", sa.String(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_incident_merge_gone", "incident_merge", ["gone"])
    op.create_index("ix_incident_merge_into_incident", "incident_merge", ["into_incident"])
    op.create_table(
        "incident_merge_detection",
        sa.Column("merge", sa.String(), sa.ForeignKey("incident_merge.id"), primary_key=True),
        sa.Column("detection", BigId, sa.ForeignKey("detection.id"), primary_key=True),
    )


def downgrade() -> None:
    """There is no way back: which incidents were merged would be forgotten."""
    raise Untrusted("migration_one_way")
