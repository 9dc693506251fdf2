"""The page where an incident is merged into another one, or a merge is undone, with a reason."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from csirt.errors import Conflict, Invalid, NotFound
from csirt.model.authority import Permission, may, must
from csirt.model.incident import IncidentStatus
from csirt.response import merging
from csirt.store.queries import cases
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, SentForm, new_key
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.frame import Form
from csirt.web.views.merging import Merging

router = APIRouter(include_in_schema=False)

NAMES = frozenset({"into", "reason"})


@router.get("/incidents/{name}/merge")
def show_merging(
    request: Request, name: str, reader: IncidentReader, into: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """The form, or what forbids it; `into` stands in it already."""
    form = Form(key=new_key(), typed={"into": into})
    return show(request, reader, reader.desk.look(_page, reader, name, form), "incident")


@router.post("/incidents/{name}/merge")
def take_merge(request: Request, name: str, sent: SentForm) -> Response:
    """Merge into the incident that is named; a faulty form comes back."""
    visit, faults = sent.visit, Faults()
    must(visit.actor, Permission.MERGE_INCIDENTS)
    gone = visit.desk.look(resolve_incident, name)
    into = ""
    try:
        into = visit.desk.look(resolve_incident, sent.line("into"))
    except NotFound as error:
        faults.add("into", error.code)
    if not sent.text("reason"):
        faults.add("reason", "reason_missing")
    if not faults.errors:
        try:
            reason, key = sent.text("reason"), sent.request_key
            visit.desk.commit(visit.actor, merging.merge, gone, into, reason, request_key=key)
            return go(request, f"/incidents/{into}", "merged")
        except (Invalid, Conflict) as error:
            if isinstance(error, Conflict) and error.code != "merge_with_drill":
                raise
            faults.of(Invalid(error.code, **{**error.params, "field": error.params.get("field", "into")}), NAMES)
    page = visit.desk.look(_page, visit, gone, sent.again(faults.errors, faults.params))
    return show(request, visit, page, "incident", status=Invalid.http, path=f"/incidents/{gone}/merge")


@router.post("/incidents/{name}/unmerge")
def take_unmerge(request: Request, name: str, sent: SentForm) -> Response:
    """Undo a merge; a faulty form comes back."""
    visit, faults = sent.visit, Faults()
    gone = visit.desk.look(resolve_incident, name)
    if not sent.text("reason"):
        faults.add("reason", "reason_missing")
    if not faults.errors:
        try:
            visit.desk.commit(visit.actor, merging.unmerge, gone, sent.text("reason"), request_key=sent.request_key)
            return go(request, f"/incidents/{gone}", "unmerged")
        except Invalid as error:
            faults.of(error, NAMES)
    page = visit.desk.look(_page, visit, gone, sent.again(faults.errors, faults.params))
    return show(request, visit, page, "incident", status=Invalid.http, path=f"/incidents/{gone}/merge")


def _page(look: Look, visit: Visit, name: str, form: Form) -> Merging:
    words = Words(visit.desk, look, visit)
    case = cases.named(look, name)
    into = cases.incident(look, case.merged_into) if case.merged_into else None
    return Merging(
        incident_id=case.id,
        incident=words.number(case.fiscal_year, case.ordinal, drill=case.drill),
        title=case.title,
        drill=case.drill,
        is_open=case.status is IncidentStatus.OPEN,
        may=may(visit.actor, Permission.MERGE_INCIDENTS),
        merged_into=words.number(into.fiscal_year, into.ordinal, drill=into.drill) if into else "",
        merged_into_id=into.id if into else "",
        form=form,
    )
