"""Who has an assignment in hand: claimed, handed to a named person, taken back, given back; and "I cannot do it".

Having it in hand gives no right and takes none away: whoever may answer still may, and nobody else. So a hand-over goes
only to somebody who could answer by their own role or post, and four eyes hold for them as for everybody.
"""

from sqlmodel import col, select

from csirt.errors import AlreadyAnswered, Conflict, Forbidden, Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model.authority import GOES_UP, Permission, may, may_answer, must
from csirt.model.people import Person, Roster
from csirt.model.step import StepKind
from csirt.record.entry import EntryKind
from csirt.response import assignments, locks, people, reaching, reasons
from csirt.store.ledger import Code
from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Look, Tx


def claim(tx: Tx, assignment: str, instead_of: str = "") -> None:
    """Take an assignment in hand: others see who. `instead_of`: from whom it is taken over, as the actor saw it.

    Claimed twice by the same person, it counts once.

    Raises:
        NotFound: no such assignment.
        AlreadyAnswered: it has its answer.
        Forbidden: the actor may not answer it.
        Conflict: `assignment_taken`: somebody else (`by`) was faster.
    """
    row = _open(tx, assignment)
    assignments.check_actor(tx, row)
    if row.taken_by == tx.actor.id:
        return
    if row.taken_by and row.taken_by != instead_of:
        raise Conflict("assignment_taken", by=row.taken_by, step=row.step)
    _record(tx, row, EntryKind.STEP_CLAIMED, {"person": row.taken_by} if row.taken_by else {})
    _hold(tx, row, tx.actor.id)


def hand_over(tx: Tx, assignment: str, to: str, note: str = "") -> None:
    """Hand an assignment to a named person, who is told by mail. Sent twice, it counts once.

    Raises as `claim`, and:
        Conflict: `assignment_taken`: somebody else has it in hand, and the actor does not assign others' work.
        NotFound: `person_unknown`: nobody has this id, or they may not see the case.
        Invalid: `person_may_not`: they could not answer it themselves; `person_away`; a 個人番号 in the note.
        Forbidden: `four_eyes`: they asked for what is to be approved.
    """
    row = _open(tx, assignment)
    if (row.taken_by, row.handed_by) == (to, tx.actor.id):
        return
    if not may(tx.actor, Permission.ASSIGN_STEP):
        assignments.check_actor(tx, row)
        if row.taken_by not in {None, tx.actor.id}:
            raise Conflict("assignment_taken", by=row.taken_by, step=row.step)
    _check_recipient(tx, row, to)
    text = _checked(note, "note")
    sealed = _record(tx, row, EntryKind.STEP_HANDED_OVER, {"person": to}, text=text)
    _hold(tx, row, to, by=tx.actor.id, note_c=sealed.get("text"))
    tx.session.flush()
    reaching.notify(tx, row.incident, row.run, row.step, (to,), ("mail",), "assignment")


def take_back(tx: Tx, assignment: str) -> None:
    """Take back what the actor handed over. Raises as `claim`, and `Conflict` (`not_handed_by_you`)."""
    row = _open(tx, assignment)
    if row.taken_by == tx.actor.id:
        return
    assignments.check_actor(tx, row)
    if row.handed_by != tx.actor.id:
        raise Conflict("not_handed_by_you", step=row.step)
    _record(tx, row, EntryKind.STEP_TAKEN_BACK, {"person": row.taken_by or ""})
    _hold(tx, row, tx.actor.id)


def give_back(tx: Tx, assignment: str) -> None:
    """Lay down what the actor has in hand: it is anybody's again.

    Raises as `claim`; `Conflict` (`assignment_taken`) where somebody else has it.
    """
    row = _open(tx, assignment)
    if row.taken_by is None:
        return
    if row.taken_by != tx.actor.id and not may(tx.actor, Permission.ASSIGN_STEP):
        raise Conflict("assignment_taken", by=row.taken_by, step=row.step)
    _record(tx, row, EntryKind.STEP_GIVEN_BACK, {"person": row.taken_by})
    _hold(tx, row, None)


def refer(tx: Tx, assignment: str, reason: str) -> None:
    """Say that it cannot be done, and why: it goes up to whoever decides what now. Sent twice, it counts once.

    Raises as `claim`, and:
        Invalid: no reason, or a 個人番号 in it.
        Conflict: `nobody_above`: there is nobody further up, or it is a call to be made.
    """
    row = _open(tx, assignment)
    up = above(StepKind(row.kind), row.referred_from or row.who)
    if row.referred_by == tx.actor.id and row.who == up:
        return
    assignments.check_actor(tx, row)
    up = above(StepKind(row.kind), row.who)
    if up is None or row.kind == StepKind.CALL.value:
        raise Conflict("nobody_above", step=row.step)
    text = reasons.given(reason)
    sealed = _record(tx, row, EntryKind.STEP_REFERRED, {"who": up, "party": row.who}, reason=text)
    row.referred_from, row.referred_by, row.referred_c = row.who, tx.actor.id, sealed["reason"]
    _pass(tx, row, up)


def send_back(tx: Tx, assignment: str, note: str) -> None:
    """Give it back down to whom it was asked of before, with a note on how it can be done after all.

    Raises as `claim`, and:
        Conflict: `not_referred`: nobody said that it cannot be done.
        Invalid: no note, or a 個人番号 in it.
    """
    row = _open(tx, assignment)
    assignments.check_actor(tx, row)
    if row.referred_from is None:
        raise Conflict("not_referred", step=row.step)
    text = reasons.given(note)
    down = row.referred_from
    _record(tx, row, EntryKind.STEP_RETURNED, {"who": down}, reason=text)
    row.referred_from = row.referred_by = row.referred_c = None
    _pass(tx, row, down)


def may_be_handed(known: Roster, person: Person, who: str) -> bool:
    """Could this person answer what is asked of `who`, by their own role or post? A hand-over gives no right."""
    return may_answer(people.actor_of(person, known, "handed"), who)


def candidates(look: Look, assignment: str) -> list[Person]:
    """Whom an assignment may be handed to now, by name; without whoever has it in hand."""
    row = look.session.get(AssignmentRow, assignment)
    if row is None:
        return []
    known = people.roster(look.session, look.vault)
    readers = sealed_of(look.session, {row.incident}).get(row.incident)
    asked = select(AssignmentRow.answered_by).where(
        AssignmentRow.run == row.run, col(AssignmentRow.step).in_(row.not_by or [""])
    )
    barred = {row.taken_by, *look.session.exec(asked)}
    found = [
        one
        for one in known.people.values()
        if one.id not in barred and (readers is None or one.id in readers) and may_be_handed(known, one, row.who)
    ]
    return sorted(found, key=lambda one: (one.kana, one.name))


def above(kind: StepKind, who: str) -> str | None:
    """Who is asked next. What a named person was asked beside the playbook goes back to the officers."""
    is_named = kind is StepKind.ERRAND and ":" not in who
    return "role:officer" if is_named else GOES_UP.get(who)


def _open(tx: Tx, assignment: str) -> AssignmentRow:
    row = locks.assignment(tx, assignment)
    if row.kind == StepKind.REVIEW.value:  # nobody can see it in another's place
        raise Forbidden("not_your_assignment", step=row.step, who=row.who)
    if row.closed_at is not None:
        raise AlreadyAnswered(assignments.why_closed(row), step=row.step)
    must(tx.actor, Permission.ANSWER_STEP if row.kind != StepKind.CALL.value else Permission.FILL_CALL_SHEET)
    return row


def _check_recipient(tx: Tx, row: AssignmentRow, to: str) -> None:
    known = people.roster(tx.session, tx.vault)
    person, readers = known.people.get(to), sealed_of(tx.session, {row.incident}).get(row.incident)
    if person is None or (readers is not None and to not in readers):
        raise NotFound("person_unknown")
    if not may_be_handed(known, person, row.who):
        raise Invalid("person_may_not", field="to")
    if row.not_by and to in assignments.answerers(tx, row.run or "", row.not_by):
        raise Forbidden("four_eyes", step=row.step)
    if to in people.roster(tx.session, tx.vault, at=tx.now).away:
        raise Invalid("person_away", field="to")


def _checked(text: str, field: str) -> str:
    if len(text) > reasons.MOST:
        raise Invalid("text_too_long", field=field, limit=reasons.MOST)
    refuse_my_number(text, field=field)
    return text.strip()


def _record(tx: Tx, row: AssignmentRow, kind: EntryKind, out: dict[str, Code], **texts: str) -> dict[str, str]:
    told = {name: text for name, text in texts.items() if text}
    return tx.record(
        kind, incident=row.incident, run=row.run, step=row.step, out={"assignment": row.id, **out}, texts=told
    )


def _hold(tx: Tx, row: AssignmentRow, who: str | None, *, by: str | None = None, note_c: str | None = None) -> None:
    row.taken_by, row.taken_at = who, tx.now if who else None
    row.handed_by, row.handed_c = by, note_c
    tx.session.add(row)


def _pass(tx: Tx, row: AssignmentRow, who: str) -> None:
    """It is asked of others from now on, who are told."""
    row.who = who
    _hold(tx, row, None)
    tx.session.flush()
    reaching.notify(tx, row.incident, row.run, row.step, (who,), ("mail",), "assignment")
