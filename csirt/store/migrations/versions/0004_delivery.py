"""lanes, bundles and the next channel of deliveries; circuits of channels; tokens to acknowledge with."""

import sqlalchemy as sa
from alembic import op

from csirt.errors import Untrusted
from csirt.store.columns import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. What waits to be sent is given its channel and address."""
    op.add_column("delivery", sa.Column("instead_of", sa.String(), nullable=True))
    op.add_column("delivery_due", sa.Column("channel", sa.String(), nullable=False, server_default=""))
    op.add_column("delivery_due", sa.Column("address", sa.String(), nullable=False, server_default=""))
    op.add_column("delivery_due", sa.Column("lane", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("delivery_due", sa.Column("bundle", sa.String(), nullable=True))
    for name in ("passed_on", "called_off"):
        op.add_column("delivery_due", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("channel", "address"):
        op.execute(
            f"UPDATE delivery_due SET {name} = (SELECT {name} FROM delivery WHERE delivery.id = delivery_due.delivery)"
        )
    op.create_index("ix_delivery_due_channel", "delivery_due", ["channel"])
    op.create_index("ix_delivery_due_bundle", "delivery_due", ["bundle"])
    op.create_table(
        "circuit",
        sa.Column("channel", sa.String(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("until", UtcDateTime(), nullable=True),
    )
    op.create_table(
        "ack_token",
        sa.Column("hash", sa.String(), primary_key=True),
        sa.Column("delivery", sa.String(), sa.ForeignKey("delivery.id"), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_ack_token_delivery", "ack_token", ["delivery"])


def downgrade() -> None:
    """There is no way back: on SQLite a table is rebuilt to lose a column, and its guards would be lost with it."""
    raise Untrusted("migration_one_way")
