"""Contact chains that are climbed: how far they are, and "I have seen it"."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from csirt.response import escalations, triggers
from csirt.store.queries import work
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import CalledForGiven, EscalationGiven, IdGiven
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix=API, tags=["escalations"])


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


@router.get("/incidents/{name}/chains")
def list_called_for(name: str, reader: IncidentReader) -> list[CalledForGiven]:
    """The chains that the rules call for in an incident, and whether they were begun."""

    def question(look: Look) -> list[CalledForGiven]:
        found = triggers.called_for(look, reader.desk.door.city, resolve_incident(look, name))
        return [CalledForGiven.model_validate(asdict(one)) for one in found]

    return reader.desk.look(question)


@router.post("/incidents/{name}/chains/{chain}", status_code=201)
def start_chain(name: str, chain: str, who: SignedIn) -> IdGiven:
    """Begin a chain for an incident; once only, whoever asks."""
    incident = who.desk.look(resolve_incident, name)
    return IdGiven(id=who.desk.commit(who.actor, triggers.start, incident, chain))
