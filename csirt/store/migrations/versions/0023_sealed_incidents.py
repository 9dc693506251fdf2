"""Sealed incidents: which, their readers, and who opened one without having been named."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "seal",
        sa.Column("incident", sa.String(), sa.ForeignKey("incident.id"), primary_key=True),
        sa.Column("sealed_by", sa.String(), nullable=False),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
    )
    op.create_table(
        "seal_reader",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("incident", sa.String(), sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("named_by", sa.String(), nullable=False),
        sa.Column("named_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_seal_reader_incident", "seal_reader", ["incident"])
    op.create_index("ix_seal_reader_person", "seal_reader", ["person"])
    op.create_table(
        "seal_glass",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("incident", sa.String(), sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("reason_c", sa.String(), nullable=False),
    )
    op.create_index("ix_seal_glass_incident", "seal_glass", ["incident"])
    op.create_index("ix_seal_glass_person", "seal_glass", ["person"])


def downgrade() -> None:
    """There is no way back: what is sealed would lie open."""
    raise Untrusted("migration_one_way")
