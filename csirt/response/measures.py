"""Recurrence prevention: measures have an owner and a due date, and stay on the list after their incident closed."""

from datetime import date

from csirt.errors import Conflict, Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model.authority import Permission, must
from csirt.model.measure import MeasureState
from csirt.record.entry import EntryKind
from csirt.response import people, repeats
from csirt.store.tables.cases import IncidentRow, MeasureRow
from csirt.store.tx import Tx, new_id


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
    if not people.has_post(tx.session, owner):
        raise Invalid("post_unknown", field="owner", post=owner[:64])
    measure = new_id("m")
    out = {"measure": measure, "owner": owner, "due": due.isoformat()}
    sealed = tx.record(
        EntryKind.MEASURE_ADDED, incident=incident, cid=repeats.cid_of(request_key), out=out,
        texts={"text": text.strip()},
    )  # fmt: skip
    tx.session.add(
        MeasureRow(
            id=measure, incident=incident, text_c=sealed["text"], owner=owner, due=due,
            state=MeasureState.OPEN.value, created_by=tx.actor.id, created_at=tx.now,
        )
    )  # fmt: skip
    return measure


def end(tx: Tx, measure: str, state: MeasureState, reason: str) -> None:
    """A measure is done, or dropped with a reason."""
    must(tx.actor, Permission.ADD_MEASURE)
    row = tx.session.get(MeasureRow, measure, with_for_update=True)
    if row is None:
        raise NotFound("measure_unknown", measure=measure)
    if row.state != MeasureState.OPEN.value:
        raise Conflict("measure_ended", measure=measure)
    if state is MeasureState.DROPPED and not reason.strip():
        raise Invalid("reason_missing", field="reason")
    refuse_my_number(reason, field="reason")
    row.state, row.ended_at = state.value, tx.now
    tx.session.add(row)
    out = {"measure": measure, "state": state.value}
    texts = {"reason": reason.strip()} if reason.strip() else None
    tx.record(EntryKind.MEASURE_ENDED, incident=row.incident, out=out, texts=texts)
