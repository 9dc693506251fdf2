"""Recurrence prevention: measures with owner and due date."""

from typing import Annotated

from fastapi import APIRouter, Query

from csirt.model.measure import MeasureState
from csirt.response import measures
from csirt.store.queries import cases
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.api.shapes import IdGiven, MeasureEndTaken, MeasureGiven, MeasureTaken
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(tags=["measures"])


@router.get("/measures")
def list_measures(reader: IncidentReader, state: Annotated[MeasureState | None, Query()] = None) -> list[MeasureGiven]:
    """Measures of all incidents, soonest due first."""
    return reader.desk.look(_measures, reader, None, state)


@router.get("/incidents/{name}/measures")
def list_measures_of(name: str, reader: IncidentReader) -> list[MeasureGiven]:
    """Measures of one incident."""
    return reader.desk.look(_measures, reader, name, None)


def _measures(look: Look, visit: Visit, name: str | None, state: MeasureState | None) -> list[MeasureGiven]:
    words = Words(visit.desk, look, visit)
    incident = resolve_incident(look, name) if name else None
    found = cases.measures(look, incident_id=incident, state=state.value if state else None)
    return [words.measure(view) for view in found]


@router.post("/incidents/{name}/measures", status_code=201)
def add_measure(name: str, taken: MeasureTaken, who: SignedIn) -> IdGiven:
    """Add a measure to an incident, open or closed."""
    incident = who.desk.look(resolve_incident, name)
    return IdGiven(id=who.desk.commit(who.actor, measures.add, incident, taken.text, taken.owner, taken.due))


@router.post("/measures/{id}/end", status_code=204)
def end_measure(id: str, taken: MeasureEndTaken, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """A measure is done, or dropped with a reason."""
    who.desk.commit(who.actor, measures.end, id, MeasureState(taken.state), taken.reason)
