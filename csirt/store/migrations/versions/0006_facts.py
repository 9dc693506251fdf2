"""facts of incidents, as versions; those that incidents were opened with become their first."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import csirt.store.columns
from csirt.errors import Untrusted

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_CLOCKS = ("occurred", "noticed", "known", "received")


def upgrade() -> None:
    """Apply."""
    fact = op.create_table(
        "fact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("incident", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=True),
        sa.Column("text_c", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("stated_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_fact_incident", "fact", ["incident"])
    op.create_index("ix_fact_version", "fact", ["incident", "name", "version"], unique=True)
    _take_over(fact)


def _take_over(fact: sa.Table) -> None:
    """The clocks and the one answer about personal data that older incidents hold."""
    time = csirt.store.columns.UtcDateTime()
    incident = sa.table(
        "incident", sa.column("id"), sa.column("opened_by"), sa.column("personal_data"),
        *(sa.column(name, time) for name in _CLOCKS),
    )  # fmt: skip
    rows = []
    for row in op.get_bind().execute(sa.select(incident)).mappings():
        first = {
            "incident": row["id"], "version": 1, "text_c": None, "source": "report", "at": row["received"],
            "by": row["opened_by"], "stated_at": row["received"],
        }  # fmt: skip
        for name in _CLOCKS:
            if row[name]:
                value = row[name].isoformat(timespec="seconds")
                rows.append({**first, "name": name, "state": "confirmed", "value": value})
        if row["personal_data"] in {"yes", "no"}:
            rows.append({**first, "name": "personal_data", "state": "estimated", "value": row["personal_data"]})
    if rows:
        op.bulk_insert(fact, rows)


def downgrade() -> None:
    """There is no way back: what people stated since would be lost."""
    raise Untrusted("migration_one_way")
