"""Work beside the playbook: the officer asks a named person, a post or a role to do something by a time.

It is answered like a step, stands on the same list, and is reminded of before its time and when it is up.
"""

from datetime import datetime, timedelta

from sqlmodel import col, select

from csirt.errors import Conflict, Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model.authority import Permission, may_answer, must
from csirt.model.incident import IncidentStatus
from csirt.model.people import Actor, Role
from csirt.model.step import StepKind
from csirt.record.entry import EntryKind
from csirt.response import locks, people, reaching, repeats
from csirt.response.errands import DONE, STEP
from csirt.store.ledger import Code
from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Tx, new_id

BEFORE = timedelta(minutes=30)  # the first reminder; the second comes when the time is up
TEXT_LIMIT = 1000


def ask(
    tx: Tx, incident: str, text: str, who: str, due_at: datetime | None, *, necessary: bool = False,
    request_key: str | None = None,
) -> str:  # fmt: skip
    """Ask for something; returns the assignment's id. `who` is `role:…`, `post:…`, or a person's opaque id.

    The same `request_key` again asks for nothing.

    Raises:
        Forbidden: this actor may not assign work.
        NotFound: no such case; `person_unknown`: nobody has this id, or they may not see the case.
        Conflict: the case is closed.
        Invalid: no text, a 個人番号 in it, a time that is past, or a party that may not answer anything.
    """
    must(tx.actor, Permission.ASSIGN_STEP)
    if known := repeats.recorded(tx, request_key):
        return str(known["assignment"])
    _must_be_open(tx, incident)
    _check(tx, incident, text, who, due_at)
    row = AssignmentRow(
        id=new_id("a"), incident=incident, step=STEP, kind=StepKind.ERRAND.value, who=who,
        choices=[[DONE.code, DONE.needs_reason]], opened_at=tx.now, due_at=due_at, asked_by=tx.actor.id,
        necessary=necessary, remind_at=max(tx.now, due_at - BEFORE) if due_at else None,
    )  # fmt: skip
    out: dict[str, Code | list[str]] = {"assignment": row.id, "who": who, "necessary": necessary}
    if due_at:
        out["until"] = due_at.isoformat(timespec="minutes")
    cid = repeats.cid_of(request_key)
    sealed = tx.record(
        EntryKind.ERRAND_ASKED, incident=incident, step=STEP, cid=cid, out=out, texts={"text": text.strip()}
    )
    row.text_c = sealed["text"]
    tx.session.add(row)
    tx.session.flush()
    _tell(tx, row, (who,))
    return row.id


def _must_be_open(tx: Tx, incident: str) -> None:
    locks.hold(tx, incident)
    case = tx.session.get(IncidentRow, incident, with_for_update=True, populate_existing=True)
    if case is None:
        raise NotFound("incident_unknown", incident=incident[:40])
    if case.status != IncidentStatus.OPEN.value:
        raise Conflict("incident_closed", incident=incident)


def _check(tx: Tx, incident: str, text: str, who: str, due_at: datetime | None) -> None:
    if not text.strip():
        raise Invalid("text_missing", field="text")
    if len(text) > TEXT_LIMIT:
        raise Invalid("text_too_long", field="text", limit=TEXT_LIMIT)
    refuse_my_number(text, field="text")
    if due_at is not None and due_at <= tx.now:
        raise Invalid("time_past", field="due")
    known = people.roster(tx.session, tx.vault)
    person = known.people.get(who)
    if person is not None:
        readers = sealed_of(tx.session, {incident}).get(incident)
        if readers is not None and who not in readers:
            raise NotFound("person_unknown")
        if not may_answer(people.actor_of(person, known, "asked"), who):
            raise Invalid("person_may_not", field="who")
        return
    kind, _, name = who.partition(":")
    named = name in known.posts if kind == "post" else kind == "role" and _answers(name)
    if not named:
        raise Invalid("party_malformed", field="who", party=who[:80])


def _answers(role: str) -> bool:
    if role not in {known.value for known in Role}:
        return False
    return may_answer(Actor("p-", "asked", roles=frozenset({Role(role)})), f"role:{role}")


def remind(tx: Tx, limit: int = 200, only: str | None = None) -> int:
    """Remind of what is due soon, and when its time is up also the officers; returns how many."""
    due = select(AssignmentRow.id, AssignmentRow.incident).where(col(AssignmentRow.remind_at) <= tx.now)
    if only is not None:
        due = due.where(AssignmentRow.id == only)
    found = tx.session.exec(due.order_by(col(AssignmentRow.remind_at), col(AssignmentRow.id)).limit(limit)).all()
    free = locks.hold_free(tx, {incident for _, incident in found})
    for id_, incident in found:
        if incident in free:
            _remind(tx, tx.session.get_one(AssignmentRow, id_, with_for_update=True, populate_existing=True))
    return sum(incident in free for _, incident in found)


def _remind(tx: Tx, row: AssignmentRow) -> None:
    """Who has it in hand, or everybody whom it was asked of; at its time the officers as well."""
    late = row.due_at is not None and row.due_at <= tx.now
    row.remind_at = None if late else row.due_at
    tx.session.add(row)
    parties = (row.taken_by or row.who, *(("role:officer",) if late and row.who != "role:officer" else ()))
    out: dict[str, Code | list[str]] = {"assignment": row.id, "parties": list(parties), "overdue": late}
    tx.record(EntryKind.ERRAND_REMINDED, incident=row.incident, step=STEP, out=out)
    tx.session.flush()
    _tell(tx, row, parties)


def _tell(tx: Tx, row: AssignmentRow, parties: tuple[str, ...]) -> None:
    due = row.due_at.isoformat() if row.due_at else ""
    reaching.notify(tx, row.incident, None, STEP, parties, ("mail",), "assignment", assignment=row.id, due=due)
