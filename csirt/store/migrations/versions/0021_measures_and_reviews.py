"""Measures are checked for their effect and reminded of; closed cases have a review."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TEXT, _TIME = AutoString, UtcDateTime


def upgrade() -> None:
    """Apply. Measures that are open already are reminded of from their next change on, or at the next start."""
    for name, kind in (
        ("ended_by", _TEXT), ("ended_c", _TEXT), ("checked_at", _TIME), ("checked_by", _TEXT), ("effect_c", _TEXT),
        ("remind_at", _TIME),
    ):  # fmt: skip
        op.add_column("measure", sa.Column(name, kind(), nullable=True))
    op.add_column("measure", sa.Column("rung", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_measure_remind_at", "measure", ["remind_at"])
    op.create_table(
        "review",
        sa.Column("id", _TEXT(), nullable=False),
        sa.Column("incident", _TEXT(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("well_c", _TEXT(), nullable=False),
        sa.Column("badly_c", _TEXT(), nullable=True),
        sa.Column("cause_c", _TEXT(), nullable=False),
        sa.Column("lessons_c", _TEXT(), nullable=True),
        sa.Column("by", _TEXT(), nullable=False),
        sa.Column("at", _TIME(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_review_version", "review", ["incident", "version"], unique=True)
    op.create_index("ix_review_incident", "review", ["incident"])


def downgrade() -> None:
    """There is no way back: reviews, and what measures came to, would be lost."""
    raise Untrusted("migration_one_way")
