"""The asset ledger, and which detections hit which asset."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import BigId, UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "asset",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), nullable=True),
        sa.Column("confidentiality", sa.Integer(), nullable=True),
        sa.Column("integrity", sa.Integer(), nullable=True),
        sa.Column("availability", sa.Integer(), nullable=True),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("gone_at", UtcDateTime(), nullable=True),
    )
    op.create_table(
        "asset_place",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("asset", sa.String(), sa.ForeignKey("asset.id"), nullable=False),
    )
    for name in ("kind", "value", "asset"):
        op.create_index(f"ix_asset_place_{name}", "asset_place", [name])
    op.add_column("detection", sa.Column("asset", sa.String(), nullable=True))
    op.add_column("detection", sa.Column("own_level", sa.Integer(), nullable=True))
    op.create_index("ix_detection_asset", "detection", ["asset"])


def downgrade() -> None:
    """There is no way back: which detections hit which asset would be forgotten."""
    raise Untrusted("migration_one_way")
