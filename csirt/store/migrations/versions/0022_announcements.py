"""Announcements, when they were said where, and calls to the hotline."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TEXT, _TIME = AutoString, UtcDateTime


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "announcement",
        sa.Column("id", _TEXT(), nullable=False),
        sa.Column("incident", _TEXT(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", _TEXT(), nullable=False),
        *(sa.Column(name, _TEXT(), nullable=True) for name in ("title_c", "body_c", "plain_c", "qa_c", "ground")),
        sa.Column("reason_c", _TEXT(), nullable=True),
        sa.Column("drafted_by", _TEXT(), nullable=False),
        sa.Column("drafted_at", _TIME(), nullable=False),
        sa.Column("decided_by", _TEXT(), nullable=True),
        sa.Column("decided_at", _TIME(), nullable=True),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_announcement_number", "announcement", ["incident", "number"], unique=True)
    op.create_index("ix_announcement_incident", "announcement", ["incident"])
    op.create_table(
        "announcement_release",
        sa.Column("id", _TEXT(), nullable=False),
        sa.Column("announcement", _TEXT(), nullable=False),
        sa.Column("outlet", _TEXT(), nullable=False),
        sa.Column("at", _TIME(), nullable=False),
        sa.Column("by", _TEXT(), nullable=False),
        sa.Column("recorded_at", _TIME(), nullable=False),
        sa.ForeignKeyConstraint(["announcement"], ["announcement.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_announcement_release_announcement", "announcement_release", ["announcement"])
    op.create_table(
        "hotline_count",
        sa.Column("id", _TEXT(), nullable=False),
        sa.Column("incident", _TEXT(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("by", _TEXT(), nullable=False),
        sa.Column("at", _TIME(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_hotline_count_incident", "hotline_count", ["incident"])


def downgrade() -> None:
    """There is no way back: what the city said in public would be lost."""
    raise Untrusted("migration_one_way")
