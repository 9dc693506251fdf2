"""first tables."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import csirt.store.columns
from csirt.errors import Untrusted
from csirt.store.ledger import guards

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "cursor",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "detection_batch",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("received_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("format", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sealed_c", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("detections", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("not_detections", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("request_key", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_key"),
    )
    op.create_table(
        "heartbeat",
        sa.Column("process", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("process"),
    )
    op.create_table(
        "incident",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("type", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("title_c", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("proposed_level", sa.Integer(), nullable=False),
        sa.Column("occurred", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("noticed", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("known", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("received", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("opened_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("report_channel", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("personal_data", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("disposition", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("closing_c", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("closed_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("request_key", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_key"),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index("ix_incident_number", ["fiscal_year", "drill", "ordinal"], unique=True)
        batch_op.create_index(batch_op.f("ix_incident_status"), ["status"], unique=False)

    op.create_table(
        "incident_counter",
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("fiscal_year", "drill"),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.Column("at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("inc", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("inc_seq", sa.Integer(), nullable=True),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("cid", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("cid"),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_entry_actor"), ["actor"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_at"), ["at"], unique=False)
        batch_op.create_index("ix_ledger_entry_inc", ["inc", "inc_seq"], unique=True)
        batch_op.create_index(batch_op.f("ix_ledger_entry_kind"), ["kind"], unique=False)

    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "ledger_incident",
        sa.Column("inc", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("inc_seq", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("inc"),
    )
    op.create_table(
        "roster_person",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("gone_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "roster_post",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name_ja", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("holder", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("deputies", sa.JSON(), nullable=False),
        sa.Column("seen_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "session",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sid", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("person", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("auth", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("csrf", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("opened_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("last_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("ended_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_sid"), ["sid"], unique=False)

    op.create_table(
        "sign_in_try",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "token",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "vault_key",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("scope", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("erased_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("scope"),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("incident", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("run", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("who", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("not_by", sa.JSON(), nullable=False),
        sa.Column("showing", sa.JSON(), nullable=False),
        sa.Column("chain", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("delivery", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("opened_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("due_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("closed_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("answered_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("choice", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("answer_c", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident"],
            ["incident.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("delivery"),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assignment_closed_at"), ["closed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignment_incident"), ["incident"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignment_run"), ["run"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("incident", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("escalation", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("page_key", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("route", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("tier", sa.Integer(), nullable=True),
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("party", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("person", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("template", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("finished_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("acknowledged_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("reply", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident"],
            ["incident.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_escalation"), ["escalation"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_incident"), ["incident"], unique=False)
        batch_op.create_index("ix_delivery_page", ["escalation", "page_key"], unique=True)
        batch_op.create_index(batch_op.f("ix_delivery_state"), ["state"], unique=False)

    op.create_table(
        "detection",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fingerprint", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("batch", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("batch_index", sa.Integer(), nullable=False),
        sa.Column("format", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("native_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("severity_native", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("type", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("time_raw", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("time_utc", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("src_ip", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("dst_ip", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("host", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("user_name", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("attacked", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("attacker", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_seen", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("last_seen", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("incident", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["detection_batch.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fingerprint"),
    )
    with op.batch_alter_table("detection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_detection_attacked"), ["attacked"], unique=False)
        batch_op.create_index(batch_op.f("ix_detection_attacker"), ["attacker"], unique=False)
        batch_op.create_index(batch_op.f("ix_detection_batch"), ["batch"], unique=False)
        batch_op.create_index(batch_op.f("ix_detection_incident"), ["incident"], unique=False)
        batch_op.create_index(batch_op.f("ix_detection_state"), ["state"], unique=False)

    op.create_table(
        "escalation",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("incident", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("run", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("chain", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("template", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("routes", sa.JSON(), nullable=False),
        sa.Column("started_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("next_due", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("ended_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident"],
            ["incident.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("escalation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_escalation_incident"), ["incident"], unique=False)
        batch_op.create_index(batch_op.f("ix_escalation_next_due"), ["next_due"], unique=False)
        batch_op.create_index(batch_op.f("ix_escalation_run"), ["run"], unique=False)

    op.create_table(
        "measure",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("incident", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text_c", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("owner", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("ended_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident"],
            ["incident.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("measure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_measure_incident"), ["incident"], unique=False)
        batch_op.create_index(batch_op.f("ix_measure_state"), ["state"], unique=False)

    op.create_table(
        "note",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("incident", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text_c", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident"],
            ["incident.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_incident"), ["incident"], unique=False)

    op.create_table(
        "playbook_run",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("incident", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("playbook", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("ended_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("stopped_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident"],
            ["incident.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("incident"),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("batch_index", sa.Integer(), nullable=False),
        sa.Column("format", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("received_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["detection_batch.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quarantine_batch"), ["batch"], unique=False)

    op.create_table(
        "vault_payload",
        sa.Column("c", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("inc", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key"],
            ["vault_key.id"],
        ),
        sa.PrimaryKeyConstraint("c"),
    )
    with op.batch_alter_table("vault_payload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_payload_inc"), ["inc"], unique=False)
        batch_op.create_index(batch_op.f("ix_vault_payload_key"), ["key"], unique=False)

    op.create_table(
        "action_due",
        sa.Column("run", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("arguments_c", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("not_before", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("lease", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("lease_until", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run"],
            ["playbook_run.id"],
        ),
        sa.PrimaryKeyConstraint("run", "step"),
    )
    with op.batch_alter_table("action_due", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_due_not_before"), ["not_before"], unique=False)

    op.create_table(
        "delivery_due",
        sa.Column("delivery", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("not_before", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("lease", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("lease_until", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery"],
            ["delivery.id"],
        ),
        sa.PrimaryKeyConstraint("delivery"),
    )
    with op.batch_alter_table("delivery_due", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_due_not_before"), ["not_before"], unique=False)

    op.create_table(
        "run_due",
        sa.Column("run", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("wake", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("lease", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("lease_until", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("prefect_run", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"],
            ["playbook_run.id"],
        ),
        sa.PrimaryKeyConstraint("run"),
    )
    with op.batch_alter_table("run_due", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_due_ended"), ["ended"], unique=False)

    op.create_table(
        "step",
        sa.Column("run", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("opened_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("ended_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.Column("value_c", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"],
            ["playbook_run.id"],
        ),
        sa.PrimaryKeyConstraint("run", "key"),
    )
    op.create_table(
        "timer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("due_at", csirt.store.columns.UtcDateTime(), nullable=False),
        sa.Column("done_at", csirt.store.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run"],
            ["playbook_run.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("timer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_timer_done_at"), ["done_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_timer_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_timer_run"), ["run"], unique=False)
    op.execute(f"INSERT INTO ledger_head (id, size, frontier) VALUES (1, 0, {_zero()})")
    for guard in guards(op.get_bind().dialect.name):
        op.execute(sa.text(guard.replace(":", r"\:")))


def _zero() -> str:
    """An empty tree's frontier, in this database's words."""
    return "X'0000000000000000'" if op.get_bind().dialect.name == "sqlite" else r"'\x0000000000000000'::bytea"


def downgrade() -> None:
    """There is no way back from the first tables: the record would be lost."""
    raise Untrusted("migration_one_way")
