"""Recurrence prevention: measures have an owner and a due date, and stay on the list after their incident closed.

What is done is checked for its effect by somebody else; what had none is open again. Open ones are reminded of, before
their due date and after it, further up each time.
"""

from datetime import date, timedelta

from sqlmodel import col, select

from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model import counting
from csirt.model.authority import Permission, must
from csirt.model.measure import MeasureState
from csirt.record.entry import EntryKind
from csirt.response import locks, people, reaching, reasons, repeats
from csirt.store.ledger import Code
from csirt.store.tables.cases import IncidentRow, MeasureRow
from csirt.store.tx import Tx, new_id

TEMPLATE = "measure_reminder"


def add(tx: Tx, incident: str, text: str, owner: str, due: date, *, request_key: str | None = None) -> str:
    """Add a measure to an incident, open or closed; `owner` is a post. Returns its id.

    The same `request_key` again adds nothing.

    Raises:
        Invalid: no text, no such post, or a 個人番号 in the text.
    """
    must(tx.actor, Permission.ADD_MEASURE)
    if known := repeats.recorded(tx, request_key):
        return str(known["measure"])
    if tx.session.get(IncidentRow, incident, with_for_update=True) is None:
        raise NotFound("incident_unknown", incident=incident)
    if not text.strip():
        raise Invalid("text_missing", field="text")
    refuse_my_number(text, field="text")
    _check_owner(tx, owner)
    measure = new_id("m")
    out = {"measure": measure, "owner": owner, "due": due.isoformat()}
    sealed = tx.record(
        EntryKind.MEASURE_ADDED, incident=incident, cid=repeats.cid_of(request_key), out=out,
        texts={"text": text.strip()},
    )  # fmt: skip
    row = MeasureRow(
        id=measure, incident=incident, text_c=sealed["text"], owner=owner, due=due,
        state=MeasureState.OPEN.value, created_by=tx.actor.id, created_at=tx.now,
    )  # fmt: skip
    _remind_later(tx, row)
    return measure


def _check_owner(tx: Tx, owner: str) -> None:
    if not people.has_post(tx.session, owner):
        raise Invalid("post_unknown", field="owner", post=owner[:64])


def change(tx: Tx, measure: str, owner: str, due: date, reason: str) -> None:
    """Give an open measure another owner or due date, with a reason; whoever hears of it hears of the new date.

    Raises:
        Conflict: it is not open.
        Invalid: no reason, no such post, or a 個人番号 in the reason.
    """
    must(tx.actor, Permission.ADD_MEASURE)
    row = _locked(tx, measure, MeasureState.OPEN)
    reasons.given(reason)
    _check_owner(tx, owner)
    row.owner, row.due, row.rung = owner, due, 0
    _remind_later(tx, row)
    out = {"measure": measure, "owner": owner, "due": due.isoformat()}
    tx.record(EntryKind.MEASURE_CHANGED, incident=row.incident, out=out, texts={"reason": reason.strip()})


def end(tx: Tx, measure: str, state: MeasureState, reason: str) -> None:
    """A measure is done, or dropped with a reason.

    Raises:
        Conflict: it is not open.
        Invalid: dropped without a reason, or a 個人番号 in it.
    """
    must(tx.actor, Permission.ADD_MEASURE)
    row = _locked(tx, measure, MeasureState.OPEN)
    if state not in {MeasureState.DONE, MeasureState.DROPPED}:
        raise Invalid("choice_unknown", field="state", choice=state.value)
    if state is MeasureState.DROPPED and not reason.strip():
        raise Invalid("reason_missing", field="reason")
    refuse_my_number(reason, field="reason")
    out = {"measure": measure, "state": state.value}
    texts = {"reason": reason.strip()} if reason.strip() else None
    sealed = tx.record(EntryKind.MEASURE_ENDED, incident=row.incident, out=out, texts=texts)
    row.state, row.ended_at, row.ended_by, row.ended_c = state.value, tx.now, tx.actor.id, sealed.get("reason")
    _remind_later(tx, row)


def check(tx: Tx, measure: str, found: str, *, effective: bool) -> None:
    """Somebody else than who did it looks at its effect: it is checked, or open again with what was found.

    Raises:
        Forbidden: whoever said that it was done looks at it.
        Conflict: it is not done.
        Invalid: nothing was found, or a 個人番号 in it.
    """
    must(tx.actor, Permission.CHECK_MEASURE)
    row = _locked(tx, measure, MeasureState.DONE)
    if row.ended_by == tx.actor.id:
        raise Forbidden("four_eyes", step=measure)
    reasons.given(found)
    out: dict[str, Code | list[str]] = {"measure": measure, "effective": effective}
    sealed = tx.record(EntryKind.MEASURE_CHECKED, incident=row.incident, out=out, texts={"reason": found.strip()})
    row.state = (MeasureState.CHECKED if effective else MeasureState.OPEN).value
    row.checked_at, row.checked_by, row.effect_c = tx.now, tx.actor.id, sealed["reason"]
    if not effective:
        row.ended_at, row.ended_by, row.ended_c, row.rung = None, None, None, 0
    _remind_later(tx, row)


def _locked(tx: Tx, measure: str, state: MeasureState) -> MeasureRow:
    found = tx.session.get(MeasureRow, measure)
    if found is None:
        raise NotFound("measure_unknown", measure=measure[:40])
    locks.hold(tx, found.incident)
    row = tx.session.get_one(MeasureRow, measure, with_for_update=True, populate_existing=True)
    if row.state != state.value:
        raise Conflict("measure_ended" if state is MeasureState.OPEN else "measure_not_done", measure=measure)
    return row


# --------------------------------------------------------------------------------------------------------- reminders


def _remind_later(tx: Tx, row: MeasureRow) -> None:
    """Set the next reminder, in the commit that changes the measure; none for one that is not open."""
    end_ = counting.end_of(row.due)
    is_open = row.state == MeasureState.OPEN.value
    found = tx.city.reminders.next_of_measure(end_, row.rung, tx.now) if is_open else None
    row.remind_at = found[1] if found else None
    tx.session.add(row)


def remind(tx: Tx, limit: int = 200, only: str | None = None) -> int:
    """Send the reminders of measures that are due, or that of `only` this one; returns how many."""
    due = select(MeasureRow.id, MeasureRow.incident).where(col(MeasureRow.remind_at) <= tx.now)
    if only is not None:
        due = due.where(MeasureRow.id == only)
    found = tx.session.exec(due.order_by(col(MeasureRow.remind_at), col(MeasureRow.id)).limit(limit)).all()
    free = locks.hold_free(tx, {incident for _, incident in found})
    for id_, incident in found:
        if incident in free:
            _remind(tx, tx.session.get_one(MeasureRow, id_, with_for_update=True, populate_existing=True))
    return sum(incident in free for _, incident in found)


def _remind(tx: Tx, row: MeasureRow) -> None:
    book, end_ = tx.city.reminders, counting.end_of(row.due)
    found = book.next_of_measure(end_, row.rung, tx.now)
    number = found[0] if found else row.rung
    rung = book.measures[number] if found else None
    parties = rung.parties(row.owner) if rung else (f"post:{row.owner}",)
    out: dict[str, Code | list[str]] = {
        "measure": row.id, "rung": number + 1, "parties": list(parties), "due": row.due.isoformat(),
        "overdue": end_ <= tx.now,
    }  # fmt: skip
    tx.record(EntryKind.MEASURE_REMINDED, incident=row.incident, out=out)
    row.rung = number + 1
    _remind_later(tx, row)
    tx.session.flush()
    until = (end_ - timedelta(minutes=1)).isoformat()
    by = rung.by if rung else ("mail",)
    reaching.notify(tx, row.incident, None, "measure", parties, by, TEMPLATE, due=until)
