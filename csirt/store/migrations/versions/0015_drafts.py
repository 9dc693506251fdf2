"""What people have typed and not sent yet."""

import sqlalchemy as sa
from alembic import op

from csirt.store.columns import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "draft",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person", "place"),
    )
    op.create_index("ix_draft_incident", "draft", ["incident"])
    op.create_index("ix_draft_saved_at", "draft", ["saved_at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("draft")
