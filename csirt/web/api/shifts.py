"""Notes that one shift leaves for the next."""

from datetime import datetime

from fastapi import APIRouter

from csirt.response import shifts
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.shifts import ShiftNoteView, shift_notes
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import Given, IdGiven, Taken, Text
from csirt.web.api.step_shapes import PersonId
from csirt.web.session import IncidentReader, SignedIn

router = APIRouter(prefix=f"{API}/shift-notes", tags=["incidents"])


class ShiftNoteTaken(Taken):
    """A note for the next shift, about one incident (its id or number) or about all."""

    text: Text
    incident: PersonId = ""


class ShiftNoteGiven(Given):
    """A note for the next shift that nobody has seen yet."""

    id: str
    incident: str | None
    text: str
    by: str
    at: datetime


@router.get("")
def list_shift_notes(reader: IncidentReader) -> list[ShiftNoteGiven]:
    """Notes for the next shift that nobody has seen yet, the newest first."""

    def question(look: Look) -> list[ShiftNoteGiven]:
        return [_given(one) for one in shift_notes(look)]

    return reader.desk.look(question)


@router.post("", status_code=201)
def leave_shift_note(taken: ShiftNoteTaken, who: SignedIn) -> IdGiven:
    """Leave a note for the next shift; it stands on the board until somebody else has seen it."""
    about = who.desk.look(resolve_incident, taken.incident) if taken.incident else None
    return IdGiven(id=who.desk.commit(who.actor, shifts.leave, taken.text, about))


@router.post("/{note}/seen", status_code=204)
def see_shift_note(note: str, who: SignedIn) -> None:
    """Say that one has seen a note of somebody else."""
    who.desk.commit(who.actor, shifts.see, note)


def _given(one: ShiftNoteView) -> ShiftNoteGiven:
    return ShiftNoteGiven(id=one.id, incident=one.incident, text=one.text, by=one.by, at=one.at)
