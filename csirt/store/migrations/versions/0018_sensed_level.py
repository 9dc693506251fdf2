"""What was sensed stands beside what is proposed, so that a fact does not hide a grave detection."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Of cases that are there already, what was proposed last counts as sensed."""
    op.add_column("incident", sa.Column("sensed_level", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE incident SET sensed_level = proposed_level")


def downgrade() -> None:
    """There is no way back: rules would propose less than detections said."""
    raise Untrusted("migration_one_way")
