"""Steps that are not done after all: skipped or cancelled, with a reason."""

from typing import Literal

from fastapi import APIRouter

from csirt.response import setting_aside
from csirt.store.queries import cases, work
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import StepGiven
from csirt.web.api.step_shapes import StepSetAsideTaken
from csirt.web.api.words import Words
from csirt.web.session import SignedIn, Visit

router = APIRouter(prefix=f"{API}/incidents", tags=["incidents"])


@router.post("/{name}/steps/{step}/{act}")
def set_aside(
    name: str, step: str, act: Literal["skip", "cancel"], taken: StepSetAsideTaken, who: SignedIn
) -> StepGiven:
    """Skip an open step, or take it back: 409 `step_not_open` once it has its outcome."""
    incident = who.desk.look(resolve_incident, name)
    use_case = setting_aside.skip if act == "skip" else setting_aside.cancel
    who.desk.commit(who.actor, use_case, incident, step, taken.reason)
    return who.desk.look(_given, who, incident, step)


def _given(look: Look, visit: Visit, incident: str, key: str) -> StepGiven:
    (found,) = [step for step in work.steps(look, incident) if step.key == key]
    return Words(visit.desk, look, visit).step(found, cases.incident(look, incident).playbook)
