"""The announcement desk: drafts, decisions, where and when it was said, calls to the hotline."""

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import Field

from csirt.model.announcement import AnnouncementState, Ground, Outlet
from csirt.response import announcements
from csirt.response.announcements import Draft
from csirt.store.queries import announcements as questions
from csirt.store.queries.cases import resolve_incident
from csirt.web.addresses import API
from csirt.web.api.detections import RequestKey
from csirt.web.api.shapes import Day, Given, IdGiven, Line, Moment, Taken, Text
from csirt.web.session import IncidentReader, SignedIn

router = APIRouter(prefix=API, tags=["announcements"])


class DraftTaken(Taken):
    """What is to be said; `plain` is the same in plain Japanese, `qa` questions with answers."""

    title: Line
    body: Text
    plain: Text = ""
    qa: Text = ""


class ReasonTaken(Taken):
    """Why it is sent back."""

    reason: Text


class WithholdingTaken(Taken):
    """Why it is not published."""

    ground: Ground
    reason: Text


class ReleaseTaken(Taken):
    """Where and when it was said."""

    outlet: Outlet
    at: Moment


class CallsTaken(Taken):
    """Calls to the hotline on one day."""

    day: Day
    calls: int = Field(ge=0, le=1_000_000)


class ReleaseGiven(Given):
    """Said on one outlet."""

    outlet: Outlet
    at: datetime
    by: str


class AnnouncementGiven(Given):
    """One announcement with its texts. `reason`: why it was sent back, or is not published."""

    id: str
    incident: str
    number: int
    state: AnnouncementState
    title: str
    body: str
    plain: str
    qa: str
    ground: Ground | None
    reason: str
    drafted_by: str
    drafted_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    releases: list[ReleaseGiven]


class CallsGiven(Given):
    """Calls to the hotline on one day."""

    day: date
    calls: int


@router.get("/incidents/{name}/announcements")
def list_announcements(name: str, reader: IncidentReader) -> list[AnnouncementGiven]:
    """Every announcement of an incident, newest first."""
    found = reader.desk.look(lambda look: questions.announcements(look, resolve_incident(look, name)))
    return [AnnouncementGiven.model_validate(one, from_attributes=True) for one in found]


@router.post("/incidents/{name}/announcements", status_code=201)
def draft_announcement(name: str, taken: DraftTaken, who: SignedIn, key: RequestKey = None) -> IdGiven:
    """Draft the next announcement; an earlier draft that nobody decided on gives way to it."""
    incident = who.desk.look(resolve_incident, name)
    said = Draft(taken.title, taken.body, taken.plain, taken.qa)
    request_key = f"{who.actor.id}:{key}" if key else None
    return IdGiven(id=who.desk.commit(who.actor, announcements.draft, incident, said, request_key=request_key))


@router.post("/announcements/{id}/approve", status_code=204)
def approve_announcement(id: str, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """CISO or mayor decides to say it; never its author."""
    who.desk.commit(who.actor, announcements.approve, id)


@router.post("/announcements/{id}/return", status_code=204)
def return_announcement(id: str, taken: ReasonTaken, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """It is to be written anew, with the reason."""
    who.desk.commit(who.actor, announcements.send_back, id, taken.reason)


@router.post("/announcements/{id}/releases", status_code=201)
def release_announcement(id: str, taken: ReleaseTaken, who: SignedIn) -> IdGiven:  # noqa: A002 - the word of the address
    """It was said on an outlet; the first time meets the open duty to publish, a letter that to tell the persons."""
    return IdGiven(id=who.desk.commit(who.actor, announcements.release, id, taken.outlet, taken.at))


@router.post("/incidents/{name}/withholding", status_code=201)
def withhold_announcement(name: str, taken: WithholdingTaken, who: SignedIn) -> IdGiven:
    """It is decided not to publish, with ground and reason; open duties to publish are decided against."""
    incident = who.desk.look(resolve_incident, name)
    return IdGiven(id=who.desk.commit(who.actor, announcements.withhold, incident, taken.ground, taken.reason))


@router.get("/incidents/{name}/hotline")
def list_calls(name: str, reader: IncidentReader) -> list[CallsGiven]:
    """Calls to the hotline by day."""
    found = reader.desk.look(lambda look: questions.hotline(look, resolve_incident(look, name)))
    return [CallsGiven(day=day, calls=calls) for day, calls in found.items()]


@router.post("/incidents/{name}/hotline", status_code=201)
def count_calls(name: str, taken: CallsTaken, who: SignedIn) -> IdGiven:
    """How many calls the hotline took on a day; a later count of that day takes the place of the earlier."""
    incident = who.desk.look(resolve_incident, name)
    return IdGiven(id=who.desk.commit(who.actor, announcements.count_calls, incident, taken.day, taken.calls))
