"""Sealed incidents: sealing, their readers, lifting the seal, and break-glass."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from csirt.errors import NotFound
from csirt.response import glass, secrecy
from csirt.store.queries import sealing as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.sealing import SealView
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import Code, Given, Taken, Text
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix=API, tags=["sealed"])


class SealTaken(Taken):
    """Who may read the incident from now on, by id or account, besides whoever seals it."""

    readers: list[Code] = Field(default=[], max_length=secrecy.MOST_READERS)
    reason: Text = ""


class ReaderTaken(Taken):
    """Somebody by their id or account."""

    person: Code


class ReasonTaken(Taken):
    """Why."""

    reason: Text


class ReaderGiven(Given):
    """A reader of a sealed incident."""

    person: str
    name: str
    named_by: str
    named_at: datetime


class OpeningGiven(Given):
    """Somebody who opened it without having been named."""

    person: str
    name: str
    auth: str
    opened_at: datetime
    until: datetime
    reason: str


class SealGiven(Given):
    """A sealed incident."""

    incident: str
    sealed_by: str
    sealed_at: datetime
    readers: list[ReaderGiven]
    openings: list[OpeningGiven]


class GlassGiven(Given):
    """Until when the incident can be seen."""

    until: datetime


@router.get("/sealed")
def list_sealed(reader: IncidentReader) -> list[SealGiven]:
    """The sealed incidents that the reader sees, newest first."""

    def question(look: Look) -> list[SealGiven]:
        words = Words(reader.desk, look, reader)
        return [_given(view, words) for view in questions.sealed_seen(look)]

    return reader.desk.look(question)


@router.get("/incidents/{name}/seal")
def show_seal(name: str, reader: IncidentReader) -> SealGiven:
    """Who may read a sealed incident, and who opened it; 404 where it is not sealed."""

    def question(look: Look) -> SealGiven:
        view = questions.seal_of(look, resolve_incident(look, name))
        if view is None:
            raise NotFound("incident_not_sealed", incident=name[:40])
        return _given(view, Words(reader.desk, look, reader))

    return reader.desk.look(question)


@router.post("/incidents/{name}/seal", status_code=204)
def seal(name: str, taken: SealTaken, who: SignedIn) -> None:
    """Seal an incident: its readers see it, and nobody else. Whoever seals it is one of them."""
    incident = who.desk.look(resolve_incident, name)
    readers = [person_of(who, one) for one in taken.readers]
    who.desk.commit(who.actor, secrecy.seal, incident, readers, taken.reason)


@router.post("/incidents/{name}/seal/readers", status_code=204)
def name_reader(name: str, taken: ReaderTaken, who: SignedIn) -> None:
    """Name one more reader."""
    incident = who.desk.look(resolve_incident, name)
    who.desk.commit(who.actor, secrecy.name_reader, incident, person_of(who, taken.person))


@router.delete("/incidents/{name}/seal/readers/{person}", status_code=204)
def unname_reader(name: str, person: str, who: SignedIn) -> None:
    """Take a reader away; the last one stays."""
    incident = who.desk.look(resolve_incident, name)
    who.desk.commit(who.actor, secrecy.unname_reader, incident, person_of(who, person))


@router.post("/incidents/{name}/seal/lift", status_code=204)
def lift(name: str, taken: ReasonTaken, who: SignedIn) -> None:
    """Lift the seal, with a reason: everybody who reads incidents sees it again."""
    incident = who.desk.look(resolve_incident, name)
    who.desk.commit(who.actor, secrecy.lift, incident, taken.reason)


@router.post("/incidents/{name}/break-glass", status_code=201)
def break_glass(name: str, taken: ReasonTaken, who: SignedIn) -> GlassGiven:
    """Open a sealed incident for an hour without having been named, with a reason; its readers are told at once."""
    return GlassGiven(until=who.desk.commit(who.actor, glass.break_glass, name, taken.reason))


def person_of(who: Visit, given: str) -> str:
    """The id of somebody who is named by id or account; what is neither is left for the use case to refuse."""
    known = who.known.by_uid(given)
    return known.id if known else given


def _given(view: SealView, words: Words) -> SealGiven:
    return SealGiven(
        incident=view.incident,
        sealed_by=view.sealed_by,
        sealed_at=view.sealed_at,
        readers=[
            ReaderGiven(person=one.person, name=words.name(one.person), named_by=one.named_by, named_at=one.named_at)
            for one in view.readers
        ],
        openings=[
            OpeningGiven(
                person=one.person,
                name=words.name(one.person),
                auth=one.auth,
                opened_at=one.opened_at,
                until=one.until,
                reason=one.reason,
            )
            for one in view.openings
        ],
    )
