"""Sealed incidents: only named people see them. Sealing, naming and un-naming readers are entries of the record.

Who sees what is decided in `csirt.store.sight`. The insider case asks for it (内部不正): it may be about people of
the IT section, or of the window for reports itself.
"""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model.authority import Permission, may, must, must_be_fresh
from csirt.model.people import Role, Roster
from csirt.record.entry import EntryKind
from csirt.response import people, reasons
from csirt.store.queries.sealing import is_sealed
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.runs import RunRow
from csirt.store.tables.sealing import SealReaderRow, SealRow
from csirt.store.tx import Tx, new_id

MOST_READERS = 50


def seal(tx: Tx, incident: str, readers: Sequence[str], reason: str = "") -> None:
    """Seal an incident: from now on its readers see it, and nobody else. Whoever seals it is one of them.

    Raises:
        Forbidden: this actor may not seal.
        NotFound: there is no such incident, or it is sealed and hidden from the actor.
        Conflict: `incident_sealed` already.
        Invalid: nobody named, somebody who could not read it, or a 個人番号 in the reason.
    """
    must(tx.actor, Permission.SEAL_INCIDENT)
    if tx.session.get(IncidentRow, incident, with_for_update=True) is None:
        raise NotFound("incident_unknown", incident=incident[:40])
    if is_sealed(tx.session, incident):
        raise Conflict("incident_sealed", incident=incident)
    refuse_my_number(reason, field="reason")
    begin(tx, incident, readers, reason)
    for run in tx.session.exec(select(RunRow.id).where(RunRow.incident == incident, col(RunRow.ended_at).is_(None))):
        tx.wake(run)  # what Prefect's page says of it becomes neutral


def begin(tx: Tx, incident: str, readers: Sequence[str], reason: str = "") -> None:
    """The seal itself, in whatever commit asks for it. Raises `Invalid`."""
    known = people.roster(tx.session, tx.vault)
    own = [tx.actor.id] if tx.actor.id in known.people and tx.actor.auth != "local" else []
    named = list(dict.fromkeys([*readers, *own]))
    if not named:
        raise Invalid("readers_missing", field="readers")
    if len(named) > MOST_READERS:
        raise Invalid("too_many", field="readers", limit=MOST_READERS)
    for person in named:
        _check_reader(known, person)
    row = tx.session.get(SealRow, incident) or SealRow(incident=incident, sealed_by="", sealed_at=tx.now)
    row.sealed_by, row.sealed_at, row.lifted_at = tx.actor.id, tx.now, None
    tx.session.add(row)
    for person in named:
        _add(tx, incident, person)
    texts = {"reason": reason.strip()} if reason.strip() else None
    tx.record(EntryKind.INCIDENT_SEALED, incident=incident, out={"readers": named}, texts=texts)


def name_reader(tx: Tx, incident: str, person: str) -> None:
    """Name one more reader; naming somebody twice counts once.

    Raises:
        Forbidden: this actor may not name readers.
        StepUpNeeded: they proved too long ago who they are; sealing itself and taking readers away do not wait for it.
        NotFound: no such incident, or it is hidden from the actor.
        Conflict: it is not sealed.
        Invalid: nobody of this id, or somebody who could not read it.
    """
    readers = _readers(tx, incident)
    must_be_fresh(tx.actor)
    if person in readers:
        return
    if len(readers) >= MOST_READERS:
        raise Invalid("too_many", field="readers", limit=MOST_READERS)
    _check_reader(people.roster(tx.session, tx.vault), person)
    _add(tx, incident, person)
    tx.record(EntryKind.READER_NAMED, incident=incident, out={"person": person})


def unname_reader(tx: Tx, incident: str, person: str) -> None:
    """Take a reader away, oneself included; the last one stays.

    Raises:
        Forbidden: this actor may not.
        NotFound: no such incident, or this person is no reader of it.
        Conflict: `last_reader`, or it is not sealed.
    """
    readers = _readers(tx, incident)
    if person not in readers:
        raise NotFound("reader_unknown")
    if len(readers) == 1:
        raise Conflict("last_reader", incident=incident)
    readers[person].ended_at = tx.now
    tx.session.add(readers[person])
    tx.record(EntryKind.READER_UNNAMED, incident=incident, out={"person": person})


def lift(tx: Tx, incident: str, reason: str) -> None:
    """Lift the seal: everybody who reads incidents sees this one again, with all that was written meanwhile.

    Raises:
        Forbidden: this actor may not.
        StepUpNeeded: they proved too long ago who they are.
        NotFound: no such incident, or it is hidden from the actor.
        Conflict: it is not sealed.
        Invalid: no reason, or a 個人番号 in it.
    """
    _readers(tx, incident)
    must_be_fresh(tx.actor)
    reasons.given(reason)
    row = tx.session.get_one(SealRow, incident)
    row.lifted_at = tx.now
    tx.session.add(row)
    for reader in tx.session.exec(_open_rows(incident)).all():
        reader.ended_at = tx.now
        tx.session.add(reader)
    tx.record(EntryKind.SEAL_LIFTED, incident=incident, texts={"reason": reason.strip()})


def _readers(tx: Tx, incident: str) -> dict[str, SealReaderRow]:
    """The readers of a sealed incident, its row locked first."""
    must(tx.actor, Permission.SEAL_INCIDENT)
    if tx.session.get(IncidentRow, incident, with_for_update=True) is None:
        raise NotFound("incident_unknown", incident=incident[:40])
    if not is_sealed(tx.session, incident):
        raise Conflict("incident_not_sealed", incident=incident)
    return {row.person: row for row in tx.session.exec(_open_rows(incident))}


def _open_rows(incident: str) -> SelectOfScalar[SealReaderRow]:
    return select(SealReaderRow).where(SealReaderRow.incident == incident, col(SealReaderRow.ended_at).is_(None))


def _add(tx: Tx, incident: str, person: str) -> None:
    tx.session.add(
        SealReaderRow(id=new_id("x"), incident=incident, person=person, named_by=tx.actor.id, named_at=tx.now)
    )


def _check_reader(known: Roster, person: str) -> None:
    """Somebody who signs in and reads incidents at all, and does not administer the product."""
    found = known.people.get(person)
    if found is None:
        raise Invalid("person_unknown", field="readers")
    if Role.ADMINISTRATOR in found.roles:
        raise Invalid("reader_administers", field="readers")
    if not may(people.actor_of(found, known, "roster"), Permission.READ_INCIDENTS):
        raise Invalid("reader_reads_nothing", field="readers")


def must_be_mergeable(tx: Tx, one: str, other: str) -> None:
    """What is sealed does not flow into what is not. Raises `Forbidden` (`merge_with_sealed`)."""
    if is_sealed(tx.session, one) or is_sealed(tx.session, other):
        raise Forbidden("merge_with_sealed", incident=one)
