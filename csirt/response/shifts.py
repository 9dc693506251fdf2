"""引継ぎ書: what one shift leaves for the next, until somebody of the next says that they have seen it."""

from csirt.errors import Conflict, Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model.authority import Permission, must
from csirt.record.entry import EntryKind
from csirt.response import repeats
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.shifts import ShiftNoteRow
from csirt.store.tx import Tx, new_id

TEXT_LIMIT = 4000


def leave(tx: Tx, text: str, incident: str | None = None, *, request_key: str | None = None) -> str:
    """Leave a note for the next shift, about one incident or about all; returns its id.

    The same `request_key` again leaves nothing.

    Raises:
        Forbidden: this actor may not write notes.
        NotFound: no such incident.
        Invalid: no text, too long, or a 個人番号 in it.
    """
    must(tx.actor, Permission.ADD_NOTE)
    if known := repeats.recorded(tx, request_key):
        return str(known["note"])
    if incident is not None and tx.session.get(IncidentRow, incident, with_for_update=True) is None:
        raise NotFound("incident_unknown", incident=incident[:40])
    if not text.strip():
        raise Invalid("text_missing", field="text")
    if len(text) > TEXT_LIMIT:
        raise Invalid("text_too_long", field="text", limit=TEXT_LIMIT)
    refuse_my_number(text, field="text")
    note = new_id("s")
    sealed = tx.record(
        EntryKind.SHIFT_NOTE_LEFT, incident=incident, cid=repeats.cid_of(request_key), out={"note": note},
        texts={"text": text.strip()},
    )  # fmt: skip
    tx.session.add(ShiftNoteRow(id=note, incident=incident, text_c=sealed["text"], by=tx.actor.id, at=tx.now))
    return note


def see(tx: Tx, note: str) -> None:
    """Say that one has seen a note that somebody else left; said twice, it counts once.

    Raises:
        Forbidden: this actor may not write notes.
        NotFound: no such note.
        Conflict: `note_own`: it is for the next shift, not for its author.
    """
    must(tx.actor, Permission.ADD_NOTE)
    row = tx.session.get(ShiftNoteRow, note, with_for_update=True)
    if row is None:
        raise NotFound("shift_note_unknown", note=note[:40])
    if row.seen_at is not None:
        return
    if row.by == tx.actor.id:
        raise Conflict("note_own", note=note)
    row.seen_by, row.seen_at = tx.actor.id, tx.now
    tx.session.add(row)
    tx.record(EntryKind.SHIFT_NOTE_SEEN, incident=row.incident, out={"note": note})
