"""erasures, and the ring of keys that makes them final."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import csirt.store.columns
from csirt.errors import Untrusted

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = csirt.store.columns.UtcDateTime


def upgrade() -> None:
    """Apply."""
    ring = op.create_table(
        "vault_ring",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("current", _TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(ring, [{"id": 1, "current": ""}])
    with op.batch_alter_table("vault_key") as table:
        table.add_column(sa.Column("ring", _TEXT(), nullable=False, server_default=""))
    op.create_table(
        "erasure",
        sa.Column("id", _TEXT(), nullable=False),
        sa.Column("incident", _TEXT(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("basis", _TEXT(), nullable=False),
        sa.Column("reason_c", _TEXT(), nullable=False),
        sa.Column("state", _TEXT(), nullable=False),
        sa.Column("proposed_by", _TEXT(), nullable=False),
        sa.Column("proposed_at", _TIME(), nullable=False),
        sa.Column("decided_by", _TEXT(), nullable=True),
        sa.Column("decided_at", _TIME(), nullable=True),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_erasure_incident", "erasure", ["incident"])


def downgrade() -> None:
    """The record only grows: there is no way back by a migration, only by a backup."""
    raise Untrusted("migration_one_way")
