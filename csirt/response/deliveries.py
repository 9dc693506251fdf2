"""The outbox: messages are queued by the commit that decides them, sent outside any, and recorded again.

A message whose outcome is unknown (the line broke after the text, or its sender died) stays `unknown` until a channel
takes it: every further attempt is labelled as a possible repeat.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, or_, select

from csirt.errors import LeaseLost
from csirt.model.message import DeliveryState, Receipt, Recipient
from csirt.record.entry import EntryKind
from csirt.store.tables.outbox import DeliveryDueRow, DeliveryRow
from csirt.store.tx import Tx, new_id

LEASE = timedelta(seconds=60)
TRIES = 8
BACKOFF = (5, 15, 60, 180, 420, 900)  # seconds after the first, second, … failure

UNKNOWN_REPLY = "unknown"  # what a channel replies when a message may or may not have arrived

# These are not sent by us: a member of staff phones, faxes or goes, and fills in a call sheet.
CALL_SHEET_CHANNELS = frozenset({"phone", "fax", "visit"})


@dataclass(frozen=True, slots=True)
class Due:
    """A message to send now. `repeat`: an earlier attempt may have arrived."""

    delivery: str
    lease: str
    channel: str
    recipient: Recipient
    template: str
    facts: Mapping[str, str]
    queued_at: datetime
    repeat: bool


def queue(
    tx: Tx,
    incident: str,
    channel: str,
    recipient: Recipient,
    template: str,
    facts: Mapping[str, str],
    *,
    step: str | None = None,
    escalation: str | None = None,
    page: tuple[str, str, int] | None = None,
) -> str:
    """Put a message into the outbox; returns the delivery's id. `page` is (page key, route, tier) of an escalation."""
    row = DeliveryRow(
        id=new_id("d"), incident=incident, escalation=escalation, channel=channel, party=recipient.party,
        person=recipient.person, name=recipient.name, address=recipient.address, template=template,
        facts=dict(facts), state=DeliveryState.QUEUED.value, queued_at=tx.now,
    )  # fmt: skip
    if page:
        row.page_key, row.route, row.tier = page
    tx.session.add(row)
    tx.session.flush()
    if channel not in CALL_SHEET_CHANNELS:
        tx.session.add(DeliveryDueRow(delivery=row.id, not_before=tx.now))
        tx.woke = True
    if escalation is None:
        out = {"delivery": row.id, "channel": channel, "party": recipient.party, "template": template}
        tx.record(EntryKind.MESSAGE_QUEUED, incident=incident, step=step, out=out)
    return row.id


def claim(tx: Tx, limit: int = 20) -> list[Due]:
    """Lease what is due, so that no other sender takes it meanwhile."""
    due = tx.session.exec(
        select(DeliveryDueRow)
        .where(col(DeliveryDueRow.not_before) <= tx.now)
        .where(or_(col(DeliveryDueRow.lease_until).is_(None), col(DeliveryDueRow.lease_until) < tx.now))
        .order_by(col(DeliveryDueRow.not_before))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    claimed = []
    for row in due:
        message = tx.session.get_one(DeliveryRow, row.delivery)
        if row.lease is not None:  # leased before, and never finished: its sender may have died after sending
            _note_lost(tx, message, row.tries)
        row.lease, row.lease_until, row.tries = new_id("l"), tx.now + LEASE, row.tries + 1
        tx.session.add(row)
        recipient = Recipient(message.party, message.name, message.address, message.person)
        claimed.append(
            Due(
                message.id, row.lease, message.channel, recipient, message.template, message.facts, message.queued_at,
                message.state == DeliveryState.UNKNOWN.value,
            )
        )  # fmt: skip
    return claimed


def _note_lost(tx: Tx, message: DeliveryRow, attempt: int) -> None:
    """Nobody says any more what became of an attempt."""
    message.state = DeliveryState.UNKNOWN.value
    tx.session.add(message)
    code = "webhook_outcome_unknown" if message.channel == "webhook" else "mail_outcome_unknown"
    _record_failure(tx, message, code, UNKNOWN_REPLY, attempt, final=False)


def delivered(tx: Tx, due: Due, receipt: Receipt) -> None:
    """A channel took the message."""
    row, leased = _held(tx, due)
    row.state, row.finished_at, row.reply, row.attempts = (
        DeliveryState.SENT.value,
        tx.now,
        receipt.reply[:64],
        leased.tries,
    )
    tx.session.add(row)
    tx.session.delete(leased)
    out: dict[str, str | int | bool] = {
        "delivery": row.id,
        "channel": row.channel,
        "reply": code_of(receipt.reply),
        "attempt": leased.tries,
    }
    tx.record(EntryKind.MESSAGE_DELIVERED, incident=row.incident, out=out)


def failed(tx: Tx, due: Due, code: str, reply: str, *, permanent: bool) -> None:
    """A channel did not take it, or nobody knows (`reply` is `unknown`): try later, or never again."""
    row, leased = _held(tx, due)
    final = permanent or leased.tries >= TRIES
    if UNKNOWN_REPLY in {reply, row.state}:  # also later: what may have arrived once, may have arrived
        row.state = DeliveryState.UNKNOWN.value
    else:
        row.state = DeliveryState.REFUSED.value if final else DeliveryState.DEFERRED.value
    row.attempts, row.reply = leased.tries, reply[:64]
    if final:
        row.finished_at = tx.now
        tx.session.delete(leased)
    else:
        leased.not_before = tx.now + timedelta(seconds=BACKOFF[min(leased.tries, len(BACKOFF)) - 1])
        leased.lease, leased.lease_until = None, None
        tx.session.add(leased)
    tx.session.add(row)
    _record_failure(tx, row, code, reply, leased.tries, final=final)


def _record_failure(tx: Tx, row: DeliveryRow, code: str, reply: str, attempt: int, *, final: bool) -> None:
    out: dict[str, str | int | bool] = {
        "delivery": row.id,
        "channel": row.channel,
        "code": code,
        "reply": code_of(reply),
        "attempt": attempt,
        "final": final,
    }
    tx.record(EntryKind.DELIVERY_FAILED, incident=row.incident, out=out)


def cancel_queued(tx: Tx, rows: list[DeliveryRow]) -> None:
    """Take back what has not been tried yet, because the reason for calling is gone."""
    for row in rows:
        leased = tx.session.get(DeliveryDueRow, row.id, with_for_update=True)
        if row.state != DeliveryState.QUEUED.value or (leased and leased.lease):
            continue
        row.state, row.finished_at = DeliveryState.CANCELLED.value, tx.now
        tx.session.add(row)
        if leased:
            tx.session.delete(leased)


def _held(tx: Tx, due: Due) -> tuple[DeliveryRow, DeliveryDueRow]:
    leased = tx.session.get(DeliveryDueRow, due.delivery, with_for_update=True, populate_existing=True)
    if leased is None or leased.lease != due.lease:
        raise LeaseLost("lease_lost", delivery=due.delivery)
    return tx.session.get_one(DeliveryRow, due.delivery), leased


def code_of(reply: str) -> str:
    """The code of an outside system's reply, such as `250`; never its sentence."""
    head = reply.split(" ", 1)[0][:16]
    return head if head.isascii() and head.replace("_", "").replace(".", "").isalnum() else ""
