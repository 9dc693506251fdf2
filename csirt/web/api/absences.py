"""Who is away."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import AwareDatetime

from csirt.response import absences
from csirt.store.queries.absences import absences as question
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import Given, IdGiven, Taken
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix=f"{API}/people/absences", tags=["people"])


class AbsenceGiven(Given):
    """An absence, under way or to come."""

    id: str
    person: str
    person_name: str
    from_at: datetime
    until_at: datetime


class AbsenceTaken(Taken):
    """Who is away from when until when; without `person`, whoever asks."""

    person: str | None = None
    from_at: AwareDatetime
    until_at: AwareDatetime


@router.get("")
def list_absences(reader: IncidentReader) -> list[AbsenceGiven]:
    """Absences under way and to come, soonest first."""
    return reader.desk.look(_absences, reader)


def _absences(look: Look, visit: Visit) -> list[AbsenceGiven]:
    words = Words(visit.desk, look, visit)
    return [
        AbsenceGiven(
            id=one.id, person=one.person, person_name=words.name(one.person), from_at=one.from_at, until_at=one.until_at
        )
        for one in question(look, visit.desk.clock.now())
    ]


@router.post("", status_code=201)
def enter_absence(taken: AbsenceTaken, who: SignedIn) -> IdGiven:
    """Somebody is away: their deputy is called meanwhile."""
    person = taken.person or who.actor.id
    return IdGiven(id=who.desk.commit(who.actor, absences.enter, person, taken.from_at, taken.until_at))


@router.post("/{id}/end", status_code=204)
def end_absence(id: str, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """They are back, or were never away."""
    who.desk.commit(who.actor, absences.end, id)
