"""Tokens of sources, and whether sources are heard."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "source_token",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False, unique=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_source_token_source", "source_token", ["source"])
    op.create_table(
        "source_watch",
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("watched_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_detection_batch_source", "detection_batch", ["source", "received_at"])


def downgrade() -> None:
    """There is no way back: tokens would be lost."""
    raise Untrusted("migration_one_way")
