"""報告書: the list with the form to draft one, the page of one draft, its stamps and sendings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Conflict, CsirtError, Forbidden, Invalid, NotFound
from csirt.model.approval import Act
from csirt.response import approvals, report_sending, reports
from csirt.response.report_sending import Addressee
from csirt.store.queries import reports as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.api.reports import make_document, make_official
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, Sent, SentForm, moment_of
from csirt.web.pages.report_views import page_of, sheet_of
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.frame import Form
from csirt.web.views.reports import Report, ReportList

router = APIRouter(include_in_schema=False)
SEND_NAMES = frozenset({"duty", "office", "channel", "at", "acknowledged_at", "receipt"})

router.get("/reports/{report}/document.{suffix}", response_class=Response)(make_document)
router.get("/reports/{report}/official/{mapping}", response_class=Response)(make_official)


@router.get("/incidents/{name}/reports")
def show_reports(request: Request, name: str, reader: IncidentReader) -> Response:
    """The reports of one incident."""
    return show(request, reader, _list(reader, name), "incident")


@router.post("/incidents/{name}/reports")
def take_draft(request: Request, name: str, sent: SentForm) -> Response:
    """Draft a report; `form` holds the form and the kind, as `ppc_leak:final`."""
    visit = sent.visit
    incident = visit.desk.look(resolve_incident, name)
    form, _, kind = sent.text("form").partition(":")
    faults = Faults()
    if not form:
        faults.add("form", "choice_missing")
    else:
        try:
            made = visit.desk.commit(visit.actor, reports.draft, incident, form, kind, request_key=sent.request_key)
            return go(request, f"/reports/{made}", "report_drafted")
        except Invalid as error:
            faults.of(error, frozenset({"form"}))
    view = _list(visit, incident, sent.again(faults.errors, faults.params))
    return show(request, visit, view, "incident", status=Invalid.http, path=f"/incidents/{incident}/reports")


@router.get("/reports/{report}")
def show_report(request: Request, report: str, reader: IncidentReader) -> Response:
    """One draft."""
    return show(request, reader, _report(reader, report, {}), "incident")


@router.post("/reports/{report}/stamps")
def take_stamp(request: Request, report: str, sent: SentForm) -> Response:
    """合議, 決裁 or 代決, 後閲: as the button that was pressed says."""
    acts = {"consent": approvals.consent, "approve": approvals.decide, "review": approvals.review}
    act = acts.get(sent.text("act"))
    if act is None:
        raise NotFound("page_unknown")
    return _do(
        request, sent, report, _Deed("stamp", "report_stamped", frozenset({"text"})),
        lambda visit: visit.desk.commit(visit.actor, act, report, sent.text("text")),
    )  # fmt: skip


@router.post("/reports/{report}/return")
def take_return(request: Request, report: str, sent: SentForm) -> Response:
    """Send a draft back."""
    return _do(
        request, sent, report, _Deed("return", "report_returned", frozenset({"reason"})),
        lambda visit: visit.desk.commit(visit.actor, approvals.send_back, report, sent.text("reason")),
    )  # fmt: skip


@router.post("/reports/{report}/oral-approval")
def take_oral(request: Request, report: str, sent: SentForm) -> Response:
    """Write down a yes by phone."""

    def deed(visit: Visit) -> None:
        if not sent.text("who"):
            raise Invalid("choice_missing", field="who")
        at = _moment(sent, "at")
        visit.desk.commit(visit.actor, approvals.record_oral, report, sent.text("who"), sent.text("text"), at)

    return _do(request, sent, report, _Deed("oral", "report_stamped", frozenset({"who", "at", "text"})), deed)


@router.post("/reports/{report}/sendings")
def take_sending(request: Request, report: str, sent: SentForm) -> Response:
    """Record that it was sent."""

    def deed(visit: Visit) -> None:
        at = _moment(sent, "at") or visit.desk.clock.now()
        to = Addressee(sent.text("duty"), sent.text("office"))
        visit.desk.commit(
            visit.actor, report_sending.send, report, to, sent.text("channel"), at,
            acknowledged_at=_moment(sent, "acknowledged_at"), receipt=sent.line("receipt"),
            request_key=sent.request_key,
        )  # fmt: skip

    return _do(request, sent, report, _Deed("send", "report_sent", SEND_NAMES), deed)


@router.post("/reports/{report}/messages")
def take_message(request: Request, report: str, sent: SentForm) -> Response:
    """Put a message about it into the outbox."""

    def deed(visit: Visit) -> None:
        to = Addressee(sent.text("duty"), sent.text("office"))
        visit.desk.commit(
            visit.actor, report_sending.dispatch, report, to, sent.text("channel"), request_key=sent.request_key
        )

    return _do(request, sent, report, _Deed("mail", "report_queued", SEND_NAMES), deed)


@dataclass(frozen=True, slots=True)
class _Deed:
    """Which form of the page, which notice afterwards, and the fields that errors may stand at."""

    name: str
    notice: str
    fields: frozenset[str]


def _moment(sent: Sent, field: str) -> datetime | None:
    try:
        return moment_of(sent.text(field))
    except Invalid as error:
        raise Invalid(error.code, field=field) from error


def _do(request: Request, sent: Sent, report: str, deed: _Deed, act: Callable[[Visit], object]) -> Response:
    """Do it and go back to the page; what cannot be done is told in the form."""
    visit, faults = sent.visit, Faults()
    try:
        act(visit)
        return go(request, f"/reports/{report}", deed.notice)
    except (Invalid, Conflict, Forbidden) as error:
        if _is_of_the_door(error):
            raise
        if visit.desk.look(_is_stamped_so, report, visit.actor.id, sent.text("act") or deed.name):
            return go(request, f"/reports/{report}", deed.notice)
        faults.of(error, deed.fields)
        status = error.http
    view = _report(visit, report, {deed.name: sent.again(faults.errors, faults.params)})
    return show(request, visit, view, "incident", status=status, path=f"/reports/{report}")


_STAMPED = {
    "consent": {Act.CONSENT}, "approve": {Act.APPROVE, Act.PROXY}, "review": {Act.REVIEW}, "return": {Act.RETURN},
    "oral": {Act.ORAL},
}  # fmt: skip


def _is_stamped_so(look: Look, report: str, person: str, act: str) -> bool:
    """Is the last stamp this person's, of this kind? Then they pressed twice, and nobody was faster."""
    stamps = questions.report(look, report).stamps
    return bool(stamps) and stamps[-1].by == person and stamps[-1].act in _STAMPED.get(act, set())


def _is_of_the_door(error: CsirtError) -> bool:
    """Who may not do such things at all, or has to prove who they are, gets a page that says so."""
    return error.code in {"not_permitted", "step_up_needed"}


def _list(visit: Visit, name: str, form: Form | None = None) -> ReportList:
    def question(look: Look) -> ReportList:
        return sheet_of(look, visit, resolve_incident(look, name), form)

    return visit.desk.look(question)


def _report(visit: Visit, report: str, forms: dict[str, Form]) -> Report:
    return visit.desk.look(lambda look: page_of(look, visit, questions.report(look, report), forms))
