"""files of evidence, and when each is hashed again."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import csirt.store.columns
from csirt.errors import Untrusted

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "evidence",
        sa.Column("id", text(), nullable=False),
        sa.Column("incident", text(), nullable=False),
        sa.Column("name_c", text(), nullable=False),
        sa.Column("sha256_c", text(), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", text(), nullable=False),
        sa.Column("by", text(), nullable=False),
        sa.Column("at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("via", text(), nullable=False),
        sa.Column("step", text(), nullable=True),
        sa.Column("state", text(), nullable=False),
        sa.Column("checked_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_evidence_incident", "evidence", ["incident"])
    op.create_index("ix_evidence_state", "evidence", ["state"])
    op.create_table(
        "evidence_due",
        sa.Column("evidence", text(), nullable=False),
        sa.Column("not_before", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("lease", text(), nullable=True),
        sa.ForeignKeyConstraint(["evidence"], ["evidence.id"]),
        sa.PrimaryKeyConstraint("evidence"),
    )
    op.create_index("ix_evidence_due_not_before", "evidence_due", ["not_before"])


def downgrade() -> None:
    """There is no way back: entries speak of what these tables hold."""
    raise Untrusted("migration_one_way")
