"""PostgreSQL: what counts the record's entries looks at that very table, whatever else bears its name."""

from alembic import op
from sqlalchemy import text

from csirt.errors import Untrusted

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    # A temporary table of the same name would come first on any path that does not name it: so it is named, as last.
    path = bind.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    op.execute(
        f"""CREATE OR REPLACE FUNCTION ledger_dense() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, {path}, pg_temp AS
        $$ BEGIN
          IF NEW.seq <> (SELECT COALESCE(MAX(seq) + 1, 0) FROM ledger_entry) THEN
            RAISE EXCEPTION 'ledger_entry has no gaps';
          END IF;
          RETURN NEW;
        END $$"""
    )


def downgrade() -> None:
    """There is no way back: the guard would be got round again."""
    raise Untrusted("migration_one_way")
