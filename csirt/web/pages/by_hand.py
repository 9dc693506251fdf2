"""Where people decide about a case that no playbook leads: what kind it is, or that it is closed."""

from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Conflict, Invalid
from csirt.model.authority import Permission, may
from csirt.model.incident import Disposition, IncidentStatus, IncidentType
from csirt.response import by_hand
from csirt.store.queries import cases
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, SentForm, new_key
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.by_hand import ByHand
from csirt.web.views.frame import Form, Option

router = APIRouter(include_in_schema=False)

TYPE_NAMES = frozenset({"type", "reason"})
CLOSE_NAMES = frozenset({"disposition", "reason"})
TYPES = {one.value: one for one in IncidentType}
DISPOSITIONS = {one.value: one for one in Disposition}


@router.get("/incidents/{name}/by-hand")
def show_by_hand(request: Request, name: str, reader: IncidentReader) -> Response:
    """Both forms, as far as the reader may use them."""
    return show(request, reader, reader.desk.look(_page, reader, name), "incident")


@router.post("/incidents/{name}/type")
def take_type(request: Request, name: str, sent: SentForm) -> Response:
    """Say what kind of case it is; a faulty form comes back."""
    visit, faults = sent.visit, Faults()
    incident = visit.desk.look(resolve_incident, name)
    type_ = TYPES.get(sent.text("type"))
    if type_ is None:
        faults.add("type", "choice_missing")
    if type_ is not None and not faults.errors:
        try:
            reason, key = sent.text("reason"), sent.request_key
            visit.desk.commit(visit.actor, by_hand.set_type, incident, type_, reason, request_key=key)
            return go(request, f"/incidents/{incident}", "type_set")
        except (Invalid, Conflict) as error:
            faults.of(error, TYPE_NAMES)
    page = visit.desk.look(_page, visit, incident)
    form = sent.again(faults.errors, faults.params)
    path = f"/incidents/{incident}/by-hand"
    return show(request, visit, replace(page, type_form=form), "incident", status=Invalid.http, path=path)


@router.post("/incidents/{name}/closing")
def take_closing(request: Request, name: str, sent: SentForm) -> Response:
    """Close the case; a faulty form comes back. Sent twice, it is closed once."""
    visit, faults = sent.visit, Faults()
    incident = visit.desk.look(resolve_incident, name)
    how = DISPOSITIONS.get(sent.text("disposition"))
    if how is None:
        faults.add("disposition", "choice_missing")
    if how is not None and not faults.errors:
        try:
            visit.desk.commit(visit.actor, by_hand.close, incident, how, sent.text("reason"))
            return go(request, f"/incidents/{incident}", "closed")
        except Conflict as error:
            if error.code == "incident_closed":
                return go(request, f"/incidents/{incident}")
            faults.of(error, CLOSE_NAMES)
        except Invalid as error:
            faults.of(error, CLOSE_NAMES)
    page = visit.desk.look(_page, visit, incident)
    form = sent.again(faults.errors, faults.params)
    path = f"/incidents/{incident}/by-hand"
    return show(request, visit, replace(page, close_form=form), "incident", status=Invalid.http, path=path)


def _page(look: Look, visit: Visit, name: str) -> ByHand:
    words = Words(visit.desk, look, visit)
    case = cases.named(look, name)
    is_open = case.status is IncidentStatus.OPEN
    return ByHand(
        incident_id=case.id,
        incident=words.number(case.fiscal_year, case.ordinal, drill=case.drill),
        title=case.title,
        type=case.type,
        drill=case.drill,
        may_set_type=is_open and case.playbook is None and may(visit.actor, Permission.DECIDE_TRIAGE),
        may_close=is_open and may(visit.actor, Permission.CLOSE_INCIDENT),
        types=tuple(_option(visit, words, one) for one in IncidentType if one is not IncidentType.DRILL or case.drill),
        type_form=Form(key=new_key()),
        close_form=Form(key=new_key()),
    )


def _option(visit: Visit, words: Words, type_: IncidentType) -> Option:
    """A type, and the playbook that it would begin."""
    speak = words.name.words
    label, known = speak.gettext(f"type.{type_.value}"), visit.desk.door.city.playbooks.get(type_)
    if known:
        title = visit.desk.texts.playbook_title(known[0], words.language)
        label = speak.say("by_hand.begins", {"type": label, "playbook": title})
    return Option(value=type_.value, label=label)
