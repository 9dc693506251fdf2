"""Duties that stand open are reminded of before they end: the post in charge first, then up, then a chain is climbed.

The next reminder is set in the commit that changes a duty (`duties.remind`); here it goes out, and what still calls
for a duty stops in the commit that ends it.
"""

from datetime import timedelta

from sqlmodel import col, select

from csirt.model.duty import step_of
from csirt.model.reminder import IN_CHARGE, Rung
from csirt.record.entry import EntryKind
from csirt.response import duties, escalations, locks, reaching
from csirt.store.ledger import Code
from csirt.store.tables.duties import DutyRow
from csirt.store.tables.outbox import EscalationRow
from csirt.store.tx import Tx

TEMPLATE = escalations.REMINDER
_ENDS = frozenset({EntryKind.DUTY_LAPSED, EntryKind.DUTY_REPORTED, EntryKind.DUTY_WAIVED})


def fire(tx: Tx, limit: int = 200, only: str | None = None) -> int:
    """Send the reminders that are due, or that of `only` this duty; returns how many.

    What belongs to a case that somebody works on just now waits for a moment.
    """
    due = select(DutyRow.id, DutyRow.incident).where(col(DutyRow.remind_at) <= tx.now)
    if only is not None:
        due = due.where(DutyRow.id == only)
    found = tx.session.exec(due.order_by(col(DutyRow.remind_at), col(DutyRow.id)).limit(limit)).all()
    free = locks.hold_free(tx, {incident for _, incident in found})
    for id_, incident in found:
        if incident in free:
            _remind(tx, tx.session.get_one(DutyRow, id_, with_for_update=True, populate_existing=True))
    return sum(incident in free for _, incident in found)


def _remind(tx: Tx, row: DutyRow) -> None:
    """One reminder, and the next one set."""
    rung, number = _rung(tx, row)
    rule = tx.city.law.rule(row.rule, row.edition)
    parties = rung.parties(rule.in_charge if rule else "csirt-head")
    out: dict[str, Code | list[str]] = {"duty": row.id, "rule": row.rule, "rung": number + 1, "parties": list(parties)}
    if row.last_day:
        out["due"] = row.last_day.isoformat()
    if rung.chain:
        out["chain"] = rung.chain
    tx.record(EntryKind.DUTY_REMINDED, incident=row.incident, step=step_of(row.rule), out=out)
    row.rung = number + 1
    duties.remind(tx, row)
    tx.session.flush()
    _tell(tx, row, rung, parties)


def _rung(tx: Tx, row: DutyRow) -> tuple[Rung, int]:
    """The reminder that is due and its number from 0; a mail, where the city's plans no longer have it."""
    book, clock = tx.city.reminders, row.clock or row.arose_at
    plan, found = book.plan_for(clock, row.due_at), book.next_rung(clock, row.due_at, row.rung, tx.now)
    if plan is None or found is None:
        return Rung(timedelta(), (IN_CHARGE,), ("mail",)), row.rung
    return plan.rungs[found[0]], found[0]


def _tell(tx: Tx, row: DutyRow, rung: Rung, parties: tuple[str, ...]) -> None:
    step = step_of(row.rule)
    if rung.chain in tx.city.chains:
        escalations.start(tx, row.incident, None, step, rung.chain, TEMPLATE)
        return
    if rung.chain:  # without the chain's file the heads are told by mail, and the record says that nobody else was
        out = {"code": "chain_unknown", "chain": rung.chain}
        tx.record(EntryKind.TIER_SKIPPED, incident=row.incident, step=step, out=out)
    reaching.notify(
        tx, row.incident, None, step, parties or ("post:csirt-head", "post:director"), rung.by or ("mail",), TEMPLATE
    )


def follow(tx: Tx) -> None:
    """Whoever is still called for a duty that this commit ended is called no longer."""
    ended = {
        (draft.incident, step_of(str(draft.out["rule"])))
        for draft in tx.drafts
        if draft.kind in _ENDS and draft.incident is not None
    }
    if not ended:
        return
    tx.session.flush()
    climbing = select(EscalationRow.incident, EscalationRow.step).where(
        col(EscalationRow.incident).in_({incident for incident, _ in ended}),
        EscalationRow.template == TEMPLATE,
        col(EscalationRow.ended_at).is_(None),
    )
    for incident, step in set(tx.session.exec(climbing).all()) & ended:
        locks.hold(tx, incident)
        escalations.call_off(tx, incident, step)
