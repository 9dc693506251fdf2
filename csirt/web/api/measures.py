"""Recurrence prevention: measures with owner and due date, their effect, and the review of a closed case."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from csirt.documents import measures_document
from csirt.era import jst_date
from csirt.errors import Invalid
from csirt.model.measure import MeasureFilter, MeasureState
from csirt.reports.measures_xlsx import measures_xlsx
from csirt.response import measures, reviews
from csirt.response.reviews import Review
from csirt.store.queries import measures as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.detections import RequestKey
from csirt.web.api.measure_shapes import (
    MeasureChangeTaken,
    MeasureCheckTaken,
    MeasureEndTaken,
    MeasureGiven,
    MeasureTaken,
    ReviewGiven,
    ReviewTaken,
    VersionGiven,
)
from csirt.web.api.shapes import IdGiven
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix=API, tags=["measures"])

State = Annotated[str, Query(max_length=16)]
Owner = Annotated[str, Query(max_length=64)]
Overdue = Annotated[str, Query(max_length=8)]
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def wanted_from(visit: Visit, state: str, owner: str, overdue: str) -> MeasureFilter:
    """A filter as an address has it; empty parts mean all. Raises `Invalid` for a state that we do not have."""
    if state and state not in set(MeasureState):
        raise Invalid("choice_unknown", field="state", choice=state)
    today = jst_date(visit.desk.clock.now())
    late = overdue in {"1", "true", "yes"}
    return MeasureFilter(state=MeasureState(state) if state else None, owner=owner, overdue=late, today=today)


def given_as_file(content: bytes) -> Response:
    """An Excel file to save."""
    return Response(content, media_type=_XLSX, headers={"Content-Disposition": 'attachment; filename="measures.xlsx"'})


@router.get("/measures")
def list_measures(
    reader: IncidentReader, state: State = "", owner: Owner = "", overdue: Overdue = ""
) -> list[MeasureGiven]:
    """Measures of all incidents, open ones first, soonest due first; `overdue=1` for those past their date."""
    return reader.desk.look(_measures, reader, wanted_from(reader, state, owner, overdue))


@router.get("/measures.xlsx", response_class=Response, responses={200: {"content": {_XLSX: {}}}})
def list_measures_as_file(
    reader: IncidentReader, state: State = "", owner: Owner = "", overdue: Overdue = ""
) -> Response:
    """The same list as an Excel file for the committee."""
    wanted = wanted_from(reader, state, owner, overdue)
    return given_as_file(measures_xlsx(reader.desk.look(measures_document, reader.desk, wanted, reader.language)))


@router.get("/incidents/{name}/measures")
def list_measures_of(name: str, reader: IncidentReader) -> list[MeasureGiven]:
    """Measures of one incident."""
    incident = reader.desk.look(resolve_incident, name)
    return reader.desk.look(_measures, reader, MeasureFilter(incident=incident))


def _measures(look: Look, visit: Visit, wanted: MeasureFilter) -> list[MeasureGiven]:
    words = Words(visit.desk, look, visit)
    return [words.measure(view) for view in questions.measures(look, wanted)]


@router.post("/incidents/{name}/measures", status_code=201)
def add_measure(name: str, taken: MeasureTaken, who: SignedIn) -> IdGiven:
    """Add a measure to an incident, open or closed."""
    incident = who.desk.look(resolve_incident, name)
    return IdGiven(id=who.desk.commit(who.actor, measures.add, incident, taken.text, taken.owner, taken.due))


@router.post("/measures/{id}/end", status_code=204)
def end_measure(id: str, taken: MeasureEndTaken, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """A measure is done, or dropped with a reason."""
    who.desk.commit(who.actor, measures.end, id, MeasureState(taken.state), taken.reason)


@router.post("/measures/{id}/change", status_code=204)
def change_measure(id: str, taken: MeasureChangeTaken, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """An open measure gets another owner or due date, with a reason."""
    who.desk.commit(who.actor, measures.change, id, taken.owner, taken.due, taken.reason)


@router.post("/measures/{id}/check", status_code=204)
def check_measure(id: str, taken: MeasureCheckTaken, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """Somebody else than who did it says whether it had the effect that was meant; if not, it is open again."""
    who.desk.commit(who.actor, measures.check, id, taken.found, effective=taken.effective)


@router.get("/incidents/{name}/review")
def list_reviews(name: str, reader: IncidentReader) -> list[ReviewGiven]:
    """Every version of the review of an incident, newest first."""
    found = reader.desk.look(lambda look: questions.reviews(look, resolve_incident(look, name)))
    return [ReviewGiven.model_validate(one, from_attributes=True) for one in found]


@router.post("/incidents/{name}/review", status_code=201)
def record_review(name: str, taken: ReviewTaken, who: SignedIn, key: RequestKey = None) -> VersionGiven:
    """Write the review of a closed incident down; a correction is a new version."""
    incident = who.desk.look(resolve_incident, name)
    review = Review(taken.held_on, taken.well, taken.cause, taken.badly, taken.lessons)
    request_key = f"{who.actor.id}:{key}" if key else None
    return VersionGiven(version=who.desk.commit(who.actor, reviews.record, incident, review, request_key=request_key))
