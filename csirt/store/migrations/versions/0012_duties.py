"""duties of incidents, and the reports that met them."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import csirt.store.columns
from csirt.errors import Untrusted

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = csirt.store.columns.UtcDateTime


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "duty",
        sa.Column("id", _TEXT(), nullable=False),
        sa.Column("incident", _TEXT(), nullable=False),
        sa.Column("rule", _TEXT(), nullable=False),
        sa.Column("edition", _TEXT(), nullable=False),
        sa.Column("state", _TEXT(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("clock", _TIME(), nullable=True),
        sa.Column("target_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("due_at", _TIME(), nullable=True),
        sa.Column("arose_at", _TIME(), nullable=False),
        sa.Column("changed_at", _TIME(), nullable=False),
        sa.Column("ended_at", _TIME(), nullable=True),
        sa.Column("ended_by", _TEXT(), nullable=True),
        sa.Column("reason_c", _TEXT(), nullable=True),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_duty_rule", "duty", ["incident", "rule"], unique=True)
    for column in ("incident", "state", "due_at"):
        op.create_index(f"ix_duty_{column}", "duty", [column])
    op.create_table(
        "duty_report",
        sa.Column("id", _TEXT(), nullable=False),
        sa.Column("duty", _TEXT(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("addressee", _TEXT(), nullable=False),
        sa.Column("channel", _TEXT(), nullable=False),
        sa.Column("sent_at", _TIME(), nullable=False),
        sa.Column("acknowledged_at", _TIME(), nullable=True),
        sa.Column("receipt_c", _TEXT(), nullable=True),
        sa.Column("by", _TEXT(), nullable=False),
        sa.Column("recorded_at", _TIME(), nullable=False),
        sa.ForeignKeyConstraint(["duty"], ["duty.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_duty_report_duty", "duty_report", ["duty"])


def downgrade() -> None:
    """There is no way back: duties and the reports that met them would be lost."""
    raise Untrusted("migration_one_way")
