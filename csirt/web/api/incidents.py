"""Incidents: the list, one in full, opening one, its remarks and detections."""

from typing import Annotated

from fastapi import APIRouter, Query

from csirt.guard import clean_line
from csirt.model.incident import IncidentStatus, IncidentType
from csirt.response import incidents
from csirt.response.incidents import Report
from csirt.store.queries import cases, work
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.detection_shapes import DetectionGiven
from csirt.web.api.detections import RequestKey
from csirt.web.api.sealing import person_of
from csirt.web.api.shapes import (
    IdGiven,
    IncidentGiven,
    IncidentInFullGiven,
    NoteGiven,
    NoteTaken,
    ReportTaken,
)
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn

router = APIRouter(prefix=f"{API}/incidents", tags=["incidents"])

Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("")
def list_incidents(
    reader: IncidentReader, status: IncidentStatus | None = None, offset: Offset = 0, limit: Limit = cases.PAGE
) -> list[IncidentGiven]:
    """Incidents, newest first, one page."""

    def question(look: Look) -> list[IncidentGiven]:
        words = Words(reader.desk, look, reader)
        found = cases.incidents(look, status=status.value if status else None, offset=offset, limit=limit)
        return [words.incident(view) for view in found]

    return reader.desk.look(question)


@router.post("", status_code=201)
def open_incident(taken: ReportTaken, who: SignedIn, key: RequestKey = None) -> IncidentGiven:
    """Open an incident from a report. The same `Idempotency-Key` again gives the same incident."""
    said = {**taken.model_dump(), "title": clean_line(taken.title), "host": clean_line(taken.host)}
    readers = tuple(person_of(who, one) for one in taken.readers)
    report = Report(**{**said, "drill": taken.drill or taken.type is IncidentType.DRILL, "readers": readers})
    request_key = f"{who.actor.id}:{key}" if key else None
    made = who.desk.commit(who.actor, incidents.open_by_report, report, request_key=request_key)

    def question(look: Look) -> IncidentGiven:
        return Words(who.desk, look, who).incident(cases.incident(look, made))

    return who.desk.look(question)


@router.get("/{name}")
def show_incident(name: str, reader: IncidentReader) -> IncidentInFullGiven:
    """One incident by its id or number (`R8-12`, `FY2026-12`), with steps and open assignments."""

    def question(look: Look) -> IncidentInFullGiven:
        words = Words(reader.desk, look, reader)
        view = cases.named(look, name)
        steps = [words.step(step, view.playbook) for step in work.steps(look, view.id)]
        waiting = [words.assignment(one) for one in work.assignments(look, incident=view.id)]
        fields = words.incident_fields(view)
        return IncidentInFullGiven.model_validate({**fields, "steps": steps, "assignments": waiting})

    return reader.desk.look(question)


@router.get("/{name}/detections")
def list_detections(
    name: str, reader: IncidentReader, offset: Offset = 0, limit: Limit = cases.PAGE
) -> list[DetectionGiven]:
    """The detections of an incident, oldest first."""

    def question(look: Look) -> list[DetectionGiven]:
        found = cases.detections(look, resolve_incident(look, name), offset=offset, limit=limit)
        words = Words(reader.desk, look, reader)
        return [words.detection(view) for view in found]

    return reader.desk.look(question)


@router.get("/{name}/notes")
def list_notes(name: str, reader: IncidentReader) -> list[NoteGiven]:
    """The remarks on an incident, oldest first."""

    def question(look: Look) -> list[NoteGiven]:
        words = Words(reader.desk, look, reader)
        return [words.note(view) for view in cases.notes(look, resolve_incident(look, name))]

    return reader.desk.look(question)


@router.post("/{name}/notes", status_code=201)
def add_note(name: str, taken: NoteTaken, who: SignedIn) -> IdGiven:
    """Add a remark to an open incident."""
    incident = who.desk.look(resolve_incident, name)
    return IdGiven(id=who.desk.commit(who.actor, incidents.add_note, incident, taken.text))
