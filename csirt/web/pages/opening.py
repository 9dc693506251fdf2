"""起票: one form that opens an incident."""

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Invalid
from csirt.model.authority import Permission, must
from csirt.model.incident import IncidentType
from csirt.response import incidents
from csirt.response.incidents import Report
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import LINE_MOST, Faults, Sent, SentForm, moment_of, new_key
from csirt.web.session import SignedIn
from csirt.web.views.frame import Form
from csirt.web.views.incident import OpenIncident

router = APIRouter()

CHANNELS = frozenset({"phone", "counter", "staff", "mail"})
ANSWERS = frozenset({"yes", "no", "unknown"})
TYPES = frozenset(type_.value for type_ in IncidentType)
NAMES = frozenset({"channel", "title", "account", "host", "noticed", "personal_data", "type"})
PATH = "/incidents/new"


@router.get(PATH)
def show_form(request: Request, visit: SignedIn) -> Response:
    """An empty form."""
    must(visit.actor, Permission.OPEN_INCIDENT)
    return show(request, visit, OpenIncident(form=Form(key=new_key())), "open_incident")


@router.post("/incidents")
@router.post(PATH)
def take_report(request: Request, sent: SentForm) -> Response:
    """Open an incident. The same form again leads to the same incident; a faulty one comes back with all it held."""
    visit = sent.visit
    must(visit.actor, Permission.OPEN_INCIDENT)
    faults = _faults(sent)
    if not faults.errors:
        try:
            report = _report(sent)
            made = visit.desk.commit(visit.actor, incidents.open_by_report, report, request_key=sent.request_key)
            return go(request, f"/incidents/{made}", "opened")
        except Invalid as error:
            faults.of(error, NAMES)
    view = OpenIncident(form=sent.again(faults.errors, faults.params))
    return show(request, visit, view, "open_incident", status=Invalid.http, path=PATH)


def _faults(sent: Sent) -> Faults:
    faults = Faults()
    if sent.text("channel") not in CHANNELS:
        faults.add("channel", "choice_missing")
    if not sent.text("title"):
        faults.add("title", "title_missing")
    if not sent.text("account"):
        faults.add("account", "text_missing")
    for name in ("title", "host"):
        faults.check_text(name, sent.text(name), LINE_MOST)
    faults.check_text("account", sent.text("account"))
    faults.check("noticed", lambda: _noticed(sent))
    if sent.text("personal_data") not in ANSWERS:
        faults.add("personal_data", "choice_missing")
    if sent.text("type") not in {"", *TYPES}:
        faults.add("type", "choice_unknown")
    return faults


def _noticed(sent: Sent) -> datetime | None:
    """When it was noticed, which cannot be later than now."""
    at = moment_of(sent.text("noticed"))
    if at is not None and at > sent.visit.desk.clock.now():
        raise Invalid("time_in_future")
    return at


def _report(sent: Sent) -> Report:
    return Report(
        title=sent.line("title"),
        type=IncidentType(sent.text("type") or IncidentType.UNDECIDED),
        account=sent.text("account"),
        channel=sent.text("channel"),
        host=sent.line("host"),
        personal_data=sent.text("personal_data"),
        noticed=_noticed(sent),
        drill=sent.text("drill") == "yes" or sent.text("type") == IncidentType.DRILL,
    )
