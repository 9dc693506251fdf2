"""Detections carry indexes that their questions use, and only for rows that have something to be found by.

Each index costs every detection of a storm. `state` and `incident` are the beginning of others.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

CASE = ["incident", "at", "id"]
FILLED_LATER = ("cluster", "asset", "ignored_by")


def upgrade() -> None:
    """Apply."""
    for column in ("state", "incident", *FILLED_LATER):
        op.drop_index(f"ix_detection_{column}", "detection")
    op.drop_index("ix_detection_case", "detection")
    op.drop_index("ix_vault_payload_inc", "vault_payload")
    _for_filled("ix_detection_case", "detection", CASE)
    for column in FILLED_LATER:
        _for_filled(f"ix_detection_{column}", "detection", [column])
    _for_filled("ix_vault_payload_inc", "vault_payload", ["inc"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_vault_payload_inc", "vault_payload")
    op.create_index("ix_vault_payload_inc", "vault_payload", ["inc"])
    op.drop_index("ix_detection_case", "detection")
    op.create_index("ix_detection_case", "detection", CASE)
    for column in FILLED_LATER:
        op.drop_index(f"ix_detection_{column}", "detection")
    for column in ("state", "incident", *FILLED_LATER):
        op.create_index(f"ix_detection_{column}", "detection", [column])


def _for_filled(name: str, table: str, columns: list[str]) -> None:
    given = sa.text(f"{columns[0]} IS NOT NULL")
    op.create_index(name, table, columns, sqlite_where=given, postgresql_where=given)
