"""Evidence on the page: a file is attached, taken out, handed over. All of it works without a script."""

import re
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from csirt.errors import Invalid
from csirt.model.authority import Permission, must
from csirt.response import evidence
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.evidence import piece
from csirt.store.tx import Look
from csirt.web.downloads import give
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, Sent, SentForm, new_key
from csirt.web.pages.incident import incident_view
from csirt.web.session import SignedIn, Visit, check_csrf, open_visit
from csirt.web.uploads import Upload, take_form
from csirt.web.views.frame import Form
from csirt.web.views.incident import Incident

router = APIRouter(include_in_schema=False)

_STEP = re.compile(r"/assignments/a-[0-9a-z]{12}")  # a file may be attached where a step asks for it
HAND_OVER_NAMES = frozenset({"to", "reason"})


@router.post("/incidents/{name}/evidence")
async def take_evidence(request: Request, name: str, visit: Annotated[Visit, Depends(open_visit)]) -> Response:
    """Attach the file of a form; one that cannot be taken is told about on the incident's page."""
    must(visit.actor, Permission.COLLECT_EVIDENCE)
    incident = await run_in_threadpool(visit.desk.look, resolve_incident, name)

    def check(fields: dict[str, str]) -> None:
        check_csrf(visit, fields.get("csrf", ""))

    try:
        sent = await take_form(request, visit.desk.custody, incident, check)
        await run_in_threadpool(_collect, visit, incident, sent)
    except Invalid as error:
        form = Form(key=new_key(), errors={"file": error.code}, params=error.params)
        return await run_in_threadpool(_again, request, visit, incident, form)
    back = request.query_params.get("back", "")
    return go(request, back if _STEP.fullmatch(back) else f"/incidents/{incident}#evidence", "evidence_added")


def _collect(visit: Visit, incident: str, sent: Upload) -> None:
    key = Sent(visit, sent.fields, {}).request_key
    visit.desk.commit(visit.actor, evidence.collect, incident, sent.kept, sent.name, request_key=key)


def _again(request: Request, visit: Visit, incident: str, form: Form) -> Response:
    def question(look: Look) -> Incident:
        view = incident_view(look, visit, incident)
        return replace(view, evidence=replace(view.evidence, form=form))

    return show(request, visit, visit.desk.look(question), "incident", status=Invalid.http,
                path=f"/incidents/{incident}")  # fmt: skip


@router.get("/evidence/{evidence}")
def read_evidence(evidence: str, visit: SignedIn) -> Response:
    """The content, as a file to save; recorded."""
    return give(visit.desk, visit.actor, evidence)


@router.post("/evidence/{id}/hand-over")
def take_hand_over(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """A piece was given to somebody outside; a faulty form comes back."""
    visit = sent.visit
    incident = visit.desk.look(piece, id).incident
    faults = Faults()
    try:
        visit.desk.commit(
            visit.actor, evidence.hand_over, id, sent.line("to"), sent.text("reason"), request_key=sent.request_key
        )
        return go(request, f"/incidents/{incident}#evidence", "evidence_handed_over")
    except Invalid as error:
        faults.of(error, HAND_OVER_NAMES)
    form = sent.again(faults.errors, faults.params)

    def question(look: Look) -> Incident:
        view = incident_view(look, visit, incident)
        return replace(view, evidence=replace(view.evidence, hand_over_form=form, handing_over=id))

    return show(request, visit, visit.desk.look(question), "incident", status=Invalid.http,
                path=f"/incidents/{incident}")  # fmt: skip
