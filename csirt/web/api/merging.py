"""Incidents that are one, or are two after all."""

from fastapi import APIRouter

from csirt.bootstrap import Desk
from csirt.response import merging
from csirt.store.queries import cases
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.detections import RequestKey
from csirt.web.api.shapes import IncidentGiven, MergeTaken, UnmergeTaken
from csirt.web.api.words import Words
from csirt.web.session import SignedIn, Visit

router = APIRouter(prefix=f"{API}/incidents", tags=["incidents"])


@router.post("/{name}/merge")
def merge(name: str, taken: MergeTaken, who: SignedIn, key: RequestKey = None) -> IncidentGiven:
    """Merge this open incident into another one; given is the one that stays."""
    gone, into = _both(who.desk, name, taken.into)
    who.desk.commit(who.actor, merging.merge, gone, into, taken.reason, request_key=_own(who, key))
    return who.desk.look(_given, who, into)


@router.post("/{name}/unmerge")
def unmerge(name: str, taken: UnmergeTaken, who: SignedIn, key: RequestKey = None) -> IncidentGiven:
    """Undo the merge of this incident; it is open again, with the detections that it brought along."""
    gone = who.desk.look(resolve_incident, name)
    who.desk.commit(who.actor, merging.unmerge, gone, taken.reason, request_key=_own(who, key))
    return who.desk.look(_given, who, gone)


def _both(desk: Desk, *names: str) -> list[str]:
    return [desk.look(resolve_incident, name) for name in names]


def _own(who: Visit, key: str | None) -> str | None:
    return f"{who.actor.id}:{key}" if key else None


def _given(look: Look, who: Visit, incident: str) -> IncidentGiven:
    return Words(who.desk, look, who).incident(cases.incident(look, incident))
