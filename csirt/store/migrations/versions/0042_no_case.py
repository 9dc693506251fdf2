"""A message may be about no case: the checkpoint of the day goes through the outbox like every other mail."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

NEEDED, FREE = "incident VARCHAR NOT NULL", "incident VARCHAR"


def upgrade() -> None:
    """Apply."""
    _change(NEEDED, FREE, nullable=True)


def downgrade() -> None:
    """Undo."""
    op.execute("DELETE FROM delivery_due WHERE delivery IN (SELECT id FROM delivery WHERE incident IS NULL)")
    op.execute("DELETE FROM delivery WHERE incident IS NULL")
    _change(FREE, NEEDED, nullable=False)


def _change(before: str, after: str, *, nullable: bool) -> None:
    """On SQLite by its own description of such a change (lang_altertable.html, 7): no row is touched.

    Rows of other tables point at this one, so it cannot be made anew inside the one transaction of all migrations.
    """
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.alter_column("delivery", "incident", nullable=nullable)
        return
    (version,) = bind.execute(sa.text("PRAGMA schema_version")).one()
    bind.execute(sa.text("PRAGMA writable_schema = ON"))
    changed = sa.text(
        "UPDATE sqlite_schema SET sql = replace(sql, :before, :after) WHERE type = 'table' AND name = 'delivery'"
    )
    bind.execute(changed, {"before": before, "after": after})
    bind.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    bind.execute(sa.text("PRAGMA writable_schema = OFF"))
