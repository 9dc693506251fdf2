"""Reports to the authorities: drafts, the stamps on them, and where they were sent."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import csirt.store.columns
from csirt.errors import Untrusted

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = csirt.store.columns.UtcDateTime


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "report",
        *(sa.Column(name, _TEXT(), nullable=False) for name in ("id", "incident", "form", "edition", "kind")),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        *(sa.Column(name, _TEXT(), nullable=False) for name in ("state", "sha256", "snapshot_c")),
        sa.Column("council", sa.JSON(), nullable=False),
        sa.Column("decider", _TEXT(), nullable=False),
        sa.Column("oral", sa.Boolean(), nullable=False),
        sa.Column("drafted_by", _TEXT(), nullable=False),
        sa.Column("drafted_at", _TIME(), nullable=False),
        sa.Column("sent_at", _TIME(), nullable=True),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_report_number", "report", ["incident", "form", "number", "revision"], unique=True)
    for column in ("incident", "state"):
        op.create_index(f"ix_report_{column}", "report", [column])
    op.create_table(
        "report_stamp",
        *(sa.Column(name, _TEXT(), nullable=False) for name in ("id", "report", "act", "post", "person")),
        sa.Column("at", _TIME(), nullable=False),
        sa.Column("by", _TEXT(), nullable=False),
        sa.Column("text_c", _TEXT(), nullable=True),
        sa.ForeignKeyConstraint(["report"], ["report.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_report_stamp_report", "report_stamp", ["report"])
    op.create_table(
        "report_sending",
        *(sa.Column(name, _TEXT(), nullable=False) for name in ("id", "report")),
        sa.Column("duty", _TEXT(), nullable=True),
        *(sa.Column(name, _TEXT(), nullable=False) for name in ("addressee", "channel")),
        sa.Column("delivery", _TEXT(), nullable=True),
        sa.Column("sent_at", _TIME(), nullable=True),
        sa.Column("acknowledged_at", _TIME(), nullable=True),
        sa.Column("receipt_c", _TEXT(), nullable=True),
        sa.Column("by", _TEXT(), nullable=False),
        sa.Column("recorded_at", _TIME(), nullable=False),
        sa.ForeignKeyConstraint(["report"], ["report.id"]),
        sa.ForeignKeyConstraint(["duty"], ["duty.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("report", "delivery"):
        op.create_index(f"ix_report_sending_{column}", "report_sending", [column])
    op.add_column("duty_report", sa.Column("document", _TEXT(), nullable=True))


def downgrade() -> None:
    """There is no way back: reports and the stamps on them would be lost."""
    raise Untrusted("migration_one_way")
