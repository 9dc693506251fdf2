"""Stages of sessions, second factors and their resets, the sealed account."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import csirt.store.columns
from csirt.errors import Untrusted

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = csirt.store.columns.UtcDateTime


def upgrade() -> None:
    """Apply."""
    op.add_column("session", sa.Column("stage", _TEXT(), nullable=False, server_default="full"))
    op.add_column("session", sa.Column("proved_at", _TIME(), nullable=True))
    op.create_table(
        "second_factor",
        sa.Column("person", _TEXT(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", _TIME(), nullable=False),
        sa.Column("enrolled_at", _TIME(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_table(
        "factor_reset",
        sa.Column("id", _TEXT(), nullable=False),
        sa.Column("person", _TEXT(), nullable=False),
        sa.Column("asked_by", _TEXT(), nullable=False),
        sa.Column("asked_at", _TIME(), nullable=False),
        sa.Column("decided_by", _TEXT(), nullable=True),
        sa.Column("decided_at", _TIME(), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_factor_reset_person", "factor_reset", ["person"])
    op.create_table(
        "sealed_account",
        sa.Column("id", _TEXT(), nullable=False),
        sa.Column("hash", _TEXT(), nullable=False),
        sa.Column("made_by", _TEXT(), nullable=False),
        sa.Column("made_at", _TIME(), nullable=False),
        sa.Column("used_at", _TIME(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """There is no way back: second factors would be lost."""
    raise Untrusted("migration_one_way")
