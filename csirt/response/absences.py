"""Who is away: meanwhile their deputy is called in their place; planned, not found out at night."""

from datetime import datetime, timedelta

from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.model.authority import Permission, may, must
from csirt.record.entry import EntryKind
from csirt.response import repeats
from csirt.store.tables.absences import AbsenceRow
from csirt.store.tables.access import RosterPersonRow
from csirt.store.tx import Tx, new_id

LONGEST = timedelta(days=400)  # longer ones are transfers, and belong into the directory


def enter(tx: Tx, person: str, from_at: datetime, until_at: datetime, *, request_key: str | None = None) -> str:
    """Somebody is away from `from_at` until just before `until_at`; returns the absence's id.

    Oneself, or for others by whom keeps the contacts. The same `request_key` again enters nothing.

    Raises:
        Forbidden: for somebody else, without the permission.
        NotFound: nobody has this id.
        Invalid: `absence_span`: it ends before it begins, has ended already, or is longer than 400 days.
    """
    _may(tx, person)
    if known := repeats.recorded(tx, request_key):
        return str(known["absence"])
    row = tx.session.get(RosterPersonRow, person)
    if row is None or row.gone_at is not None:
        raise NotFound("person_unknown")
    if from_at.utcoffset() is None or until_at.utcoffset() is None:
        raise Invalid("time_without_zone")
    if not from_at < until_at <= from_at + LONGEST or until_at <= tx.now:
        raise Invalid("absence_span", field="until")
    absence = new_id("w")
    tx.session.add(
        AbsenceRow(
            id=absence, person=person, from_at=from_at, until_at=until_at, entered_by=tx.actor.id, entered_at=tx.now
        )
    )
    out = {"absence": absence, "person": person, "from": from_at.isoformat(), "until": until_at.isoformat()}
    tx.record(EntryKind.ABSENCE_ENTERED, cid=repeats.cid_of(request_key), out=out)
    return absence


def end(tx: Tx, absence: str) -> None:
    """They are back, or were never away.

    Raises:
        NotFound: there is no such absence.
        Forbidden: it is somebody else's.
        Conflict: `absence_ended`.
    """
    must(tx.actor, Permission.ENTER_ABSENCE)
    row = tx.session.get(AbsenceRow, absence, with_for_update=True)
    if row is None:
        raise NotFound("absence_unknown", absence=absence[:40])
    _may(tx, row.person)
    if row.ended_at is not None or row.until_at <= tx.now:
        raise Conflict("absence_ended", absence=absence)
    row.ended_at = tx.now
    tx.session.add(row)
    tx.record(EntryKind.ABSENCE_ENDED, out={"absence": absence, "person": row.person})


def _may(tx: Tx, person: str) -> None:
    must(tx.actor, Permission.ENTER_ABSENCE)
    if tx.actor.id != person and not may(tx.actor, Permission.KEEP_CONTACTS):
        raise Forbidden("not_permitted", permission=Permission.KEEP_CONTACTS.value)
