"""Work beside the playbook: asked for, and waived. It is answered like any assignment."""

from datetime import datetime

from fastapi import APIRouter

from csirt.response import asking, errands
from csirt.store.queries import work
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import AssignmentGiven, Taken, Text
from csirt.web.api.step_shapes import PersonId, ReasonTaken
from csirt.web.api.words import Words
from csirt.web.session import SignedIn, Visit

router = APIRouter(prefix=API, tags=["assignments"])


class ErrandTaken(Taken):
    """What is asked of whom (`role:…`, `post:…`, or a person's id), by when, and whether the case waits for it."""

    text: Text
    who: PersonId
    due_at: datetime | None = None
    necessary: bool = False


@router.post("/incidents/{name}/errands")
def ask_errand(name: str, taken: ErrandTaken, who: SignedIn) -> AssignmentGiven:
    """Ask a person, a post or a role for something beside the playbook; they are told by mail."""
    incident = who.desk.look(resolve_incident, name)
    made = who.desk.commit(
        who.actor, asking.ask, incident, taken.text, taken.who, taken.due_at, necessary=taken.necessary
    )
    return _given(who, made)


@router.post("/assignments/{id}/waiver")
def waive_errand(id: str, taken: ReasonTaken, who: SignedIn) -> AssignmentGiven:  # noqa: A002 - as elsewhere
    """Say that it need not be done after all, and why."""
    who.desk.commit(who.actor, errands.waive, id, taken.reason)
    return _given(who, id)


def _given(visit: Visit, id_: str) -> AssignmentGiven:
    def question(look: Look) -> AssignmentGiven:
        return Words(visit.desk, look, visit).assignment(work.assignment(look, id_))

    return visit.desk.look(question)
