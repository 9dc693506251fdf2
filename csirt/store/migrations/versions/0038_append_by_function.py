"""PostgreSQL: entries come into the record by one function, which the desk's role may call and cannot get round."""

from alembic import op
from sqlalchemy import text

from csirt.errors import Untrusted

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# Both run as their owner. Every name is said in full, so that nothing that a caller makes comes first on any path.
LOCK = """
CREATE FUNCTION ledger_lock(incidents text[])
RETURNS TABLE (size bigint, inc text, inc_seq integer, leaf bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT head.size, NULL::text, NULL::integer, NULL::bytea FROM {schema}.ledger_head AS head FOR UPDATE;
  RETURN QUERY SELECT NULL::bigint, link.inc::text, link.inc_seq, link.leaf FROM {schema}.ledger_incident AS link
    WHERE link.inc = ANY (incidents) ORDER BY link.inc FOR UPDATE;
END $$
"""

# Given are the exact bytes of entries only. Columns, leaf hashes, links and the head's frontier (RFC 6962, as
# `csirt.record.tree.Frontier`) are made from them here.
APPEND = r"""
CREATE FUNCTION ledger_append(entries bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  head record;
  grown bigint;
  leaves bytea[];
  wrong boolean;
  edge bytea[] := '{{}}';
  one bytea;
  rest bigint;
  last integer;
  packed bytea;
BEGIN
  SELECT it.id, it.size, it.frontier INTO STRICT head FROM {schema}.ledger_head AS it FOR UPDATE;
  WITH new AS MATERIALIZED (
    SELECT head.size + given.number - 1 AS seq, given.raw, convert_from(given.raw, 'UTF8')::jsonb AS said,
      sha256('\x00'::bytea || given.raw) AS leaf
    FROM unnest(entries) WITH ORDINALITY AS given (raw, number)
  ), stored AS (
    INSERT INTO {schema}.ledger_entry (seq, canonical, at, kind, actor, inc, inc_seq, step, cid, leaf)
    SELECT seq, raw, (said->>'ts')::timestamptz, said->>'kind', said->'actor'->>'id', said->>'inc',
      (said->>'inc_seq')::integer, said->>'step', said->>'cid', leaf
    FROM new ORDER BY seq
  ), linked AS (
    INSERT INTO {schema}.ledger_incident (inc, inc_seq, leaf)
    SELECT DISTINCT ON (said->>'inc') said->>'inc', (said->>'inc_seq')::integer, leaf
    FROM new WHERE said->>'inc' IS NOT NULL ORDER BY said->>'inc', seq DESC
    ON CONFLICT (inc) DO UPDATE SET inc_seq = excluded.inc_seq, leaf = excluded.leaf
  ), told AS (
    SELECT new.seq, new.leaf, (said->>'seq')::bigint IS DISTINCT FROM new.seq OR CASE
      WHEN said->>'inc' IS NULL THEN said ? 'inc_seq' OR said ? 'inc_prev'
      ELSE (said->>'inc_seq')::integer IS DISTINCT FROM
          coalesce(lag((said->>'inc_seq')::integer) OVER chain, old.inc_seq, -1) + 1
        OR said->>'inc_prev' IS DISTINCT FROM encode(coalesce(lag(new.leaf) OVER chain, old.leaf), 'base64')
      END AS wrong
    FROM new LEFT JOIN {schema}.ledger_incident AS old ON old.inc = said->>'inc'
    WINDOW chain AS (PARTITION BY said->>'inc' ORDER BY new.seq)
  )
  SELECT array_agg(told.leaf ORDER BY told.seq), bool_or(told.wrong) INTO leaves, wrong FROM told;
  IF wrong IS NOT FALSE THEN
    RAISE EXCEPTION 'ledger_entry continues what is there';
  END IF;
  FOR number IN 1 .. (octet_length(head.frontier) - 8) / 32 LOOP
    edge := edge || substr(head.frontier, 32 * number - 23, 32);
  END LOOP;
  grown := head.size;
  FOREACH one IN ARRAY leaves LOOP
    edge := edge || one;
    rest := grown;
    WHILE rest & 1 = 1 LOOP
      last := cardinality(edge);
      edge := edge[1:last - 2] || sha256('\x01'::bytea || edge[last - 1] || edge[last]);
      rest := rest >> 1;
    END LOOP;
    grown := grown + 1;
  END LOOP;
  packed := int8send(grown);
  FOREACH one IN ARRAY edge LOOP
    packed := packed || one;
  END LOOP;
  UPDATE {schema}.ledger_head AS it SET size = grown, frontier = packed WHERE it.id = head.id;
  RETURN grown;
END $$
"""


def upgrade() -> None:
    """Apply."""
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    schema = bind.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    for function in (LOCK, APPEND):
        bind.exec_driver_sql(function.format(schema=schema))
    for name in ("ledger_lock(text[])", "ledger_append(bytea[])"):
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")  # functions are everybody's unless one says otherwise


def downgrade() -> None:
    """There is no way back: the desk's role would need rights that it must not have."""
    raise Untrusted("migration_one_way")
