"""Contact chains that are climbed: how far they are, and "I have seen it"."""

from typing import Annotated

from fastapi import APIRouter, Query

from csirt.response import escalations
from csirt.store.queries import work
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.api.shapes import EscalationGiven
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(tags=["escalations"])


@router.get("/escalations")
def list_escalations(
    reader: IncidentReader, incident: Annotated[str | None, Query(max_length=64)] = None
) -> list[EscalationGiven]:
    """Chains that are climbed now, or all of an incident."""
    return reader.desk.look(_escalations, reader, incident)


@router.get("/incidents/{name}/escalations")
def list_escalations_of(name: str, reader: IncidentReader) -> list[EscalationGiven]:
    """All chains of an incident, ended ones too."""
    return reader.desk.look(_escalations, reader, name)


def _escalations(look: Look, visit: Visit, name: str | None) -> list[EscalationGiven]:
    words = Words(visit.desk, look, visit)
    incident = resolve_incident(look, name) if name else None
    found = work.escalations(look, incident=incident, open_only=incident is None)
    return [words.escalation(view) for view in found]


@router.post("/escalations/{id}/acknowledge", status_code=204)
def acknowledge(id: str, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """Say that you have seen a call. Only who was called may."""
    who.desk.commit(who.actor, escalations.acknowledge, id)
