"""The page where an open step is skipped or cancelled, with a reason."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Conflict, Invalid, NotFound
from csirt.response import setting_aside
from csirt.store.queries import cases, work
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.work import StepView
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, SentForm, new_key
from csirt.web.pages.steps import acts_of, address_of, title_of
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.frame import Form
from csirt.web.views.set_aside import SetAside

router = APIRouter(include_in_schema=False)

_ACTS = {"skip": setting_aside.skip, "cancel": setting_aside.cancel}
NAMES = frozenset({"act", "reason"})


@router.get("/incidents/{name}/steps/{step}/set-aside")
def show_set_aside(request: Request, name: str, step: str, reader: IncidentReader) -> Response:
    """The form, or what forbids it."""
    page = reader.desk.look(_page, reader, name, step, Form(key=new_key()))
    return show(request, reader, page, "incident")


@router.post("/incidents/{name}/steps/{step}/set-aside")
def take_set_aside(request: Request, name: str, step: str, sent: SentForm) -> Response:
    """Skip or cancel; a faulty form comes back. Sent twice, it counts once."""
    visit, faults = sent.visit, Faults()
    incident = visit.desk.look(resolve_incident, name)
    chosen = _ACTS.get(sent.text("act"))
    if chosen is None:
        faults.add("act", "choice_missing")
    if not sent.text("reason"):
        faults.add("reason", "reason_missing")
    if chosen and not faults.errors:
        try:
            visit.desk.commit(visit.actor, chosen, incident, step, sent.text("reason"))
            return go(request, f"/incidents/{incident}", "set_aside")
        except Invalid as error:
            faults.of(error, NAMES)
        except Conflict:
            if visit.desk.look(_step, incident, step).state.value not in {"skipped", "cancelled"}:
                raise
            return go(request, f"/incidents/{incident}", "set_aside")
    page = visit.desk.look(_page, visit, incident, step, sent.again(faults.errors, faults.params))
    return show(request, visit, page, "incident", status=Invalid.http, path=address_of(incident, step))


def _step(look: Look, incident: str, key: str) -> StepView:
    found = [step for step in work.steps(look, incident) if step.key == key]
    if not found:
        raise NotFound("step_unknown", step=key[:80])
    return found[0]


def _page(look: Look, visit: Visit, name: str, key: str, form: Form) -> SetAside:
    words = Words(visit.desk, look, visit)
    case = cases.named(look, name)
    step = _step(look, case.id, key)
    return SetAside(
        incident_id=case.id,
        incident=words.number(case.fiscal_year, case.ordinal, drill=case.drill),
        incident_title=case.title,
        step=key,
        title=title_of(words.step_text(case.playbook, key)),
        href=address_of(case.id, key),
        acts=acts_of(visit.actor, step),
        opened_at=step.opened_at,
        mandatory=step.mandatory,
        form=form,
        drill=case.drill,
    )
