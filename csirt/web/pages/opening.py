"""通報票: one form that opens an incident, filled in during a call. `guided` asks the same in four short steps."""

from collections.abc import Callable, Iterable, Mapping
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
from csirt.web.views.opening import OpenIncident

router = APIRouter(include_in_schema=False)

CHANNELS = frozenset({"phone", "counter", "staff", "mail"})
ANSWERS = frozenset({"yes", "no", "unknown"})
TYPES = frozenset(type_.value for type_ in IncidentType)
NAMES = ("channel", "title", "account", "host", "noticed", "personal_data", "type")
PATH = "/incidents/report"


@router.get(PATH)
def show_form(request: Request, visit: SignedIn) -> Response:
    """An empty form."""
    must(visit.actor, Permission.OPEN_INCIDENT)
    return show(request, visit, OpenIncident(form=Form(typed={"channel": "phone"}, key=new_key())), "open_incident")


@router.post("/incidents")
def take_report(request: Request, sent: SentForm) -> Response:
    """Open an incident. The same form again leads to the same incident; a faulty one comes back with all it held."""
    visit = sent.visit
    must(visit.actor, Permission.OPEN_INCIDENT)
    faults = faults_of(sent, NAMES)
    if not faults.errors:
        try:
            report = report_of(sent)
            made = visit.desk.commit(visit.actor, incidents.open_by_report, report, request_key=sent.request_key)
            return go(request, f"/incidents/{made}", "opened")
        except Invalid as error:
            faults.of(error, frozenset(NAMES))
    view = OpenIncident(form=sent.again(faults.errors, faults.params))
    return show(request, visit, view, "open_incident", status=Invalid.http, path=PATH)


def faults_of(sent: Sent, names: Iterable[str]) -> Faults:
    """What is wrong with these fields of a report."""
    faults = Faults()
    for name in names:
        _CHECKS[name](sent, faults)
    return faults


def _check_chosen(name: str, known: frozenset[str], code: str = "choice_missing") -> Callable[[Sent, Faults], None]:
    def check(sent: Sent, faults: Faults) -> None:
        if sent.text(name) not in known:
            faults.add(name, code)

    return check


def _check_text(name: str, most: int, missing: str = "") -> Callable[[Sent, Faults], None]:
    def check(sent: Sent, faults: Faults) -> None:
        if missing and not sent.text(name):
            faults.add(name, missing)
        faults.check_text(name, sent.text(name), most)

    return check


_CHECKS: Mapping[str, Callable[[Sent, Faults], None]] = {
    "channel": _check_chosen("channel", CHANNELS),
    "title": _check_text("title", LINE_MOST, "title_missing"),
    "account": _check_text("account", 4000, "text_missing"),
    "host": _check_text("host", LINE_MOST),
    "noticed": lambda sent, faults: faults.check("noticed", lambda: _noticed(sent)),
    "personal_data": _check_chosen("personal_data", ANSWERS),
    "type": _check_chosen("type", TYPES | {""}, "choice_unknown"),
}


def _noticed(sent: Sent) -> datetime | None:
    """When it was noticed, which cannot be later than now."""
    at = moment_of(sent.text("noticed"))
    if at is not None and at > sent.visit.desk.clock.now():
        raise Invalid("time_in_future")
    return at


def report_of(sent: Sent) -> Report:
    """The report that a form without faults holds."""
    return Report(
        title=sent.line("title"),
        type=IncidentType(sent.text("type") or IncidentType.UNDECIDED),
        account=sent.text("account"),
        channel=sent.text("channel"),
        host=sent.line("host"),
        personal_data=sent.text("personal_data"),
        noticed=_noticed(sent),
        sealed=sent.text("sealed") == "yes",
        drill=sent.text("drill") == "yes" or sent.text("type") == IncidentType.DRILL,
    )
