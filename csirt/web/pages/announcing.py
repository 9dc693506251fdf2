"""公表・広報: drafts, decisions, where and when it was said, calls to the hotline."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.era import parse_date
from csirt.errors import Conflict, Invalid
from csirt.model.announcement import DECIDERS, AnnouncementState, Ground, Outlet
from csirt.model.authority import Permission, may
from csirt.response import announcements
from csirt.response.announcements import Draft
from csirt.store.queries import announcements as questions
from csirt.store.queries import cases
from csirt.store.queries.announcements import AnnouncementView
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, Sent, SentForm, moment_of, new_key
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.announcements import AnnouncementPage, AnnouncementRow, ReleaseRow
from csirt.web.views.frame import Form, Option

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class _Doing:
    """One form of the page: its name on the page, what it does, and what is said then."""

    form: str
    names: frozenset[str]
    notice: str


_DRAFT = _Doing("draft", frozenset({"title", "body", "plain", "qa"}), "announcement_drafted")
_WITHHOLD = _Doing("withhold", frozenset({"ground", "reason"}), "announcement_withheld")
_CALLS = _Doing("calls", frozenset({"day", "calls"}), "hotline_counted")


@router.get("/incidents/{name}/announcements")
def show_announcements(request: Request, name: str, reader: IncidentReader) -> Response:
    """Every announcement of an incident, newest first, and the forms that the reader may use."""
    return show(request, reader, reader.desk.look(_page, reader, name, {}), "incident")


@router.post("/incidents/{name}/announcements")
def take_draft(request: Request, name: str, sent: SentForm) -> Response:
    """起案. A faulty form comes back with everything that was typed."""
    said = Draft(sent.line("title"), sent.text("body"), sent.text("plain"), sent.text("qa"))

    def deed(incident: str) -> None:
        sent.visit.desk.commit(sent.visit.actor, announcements.draft, incident, said, request_key=sent.request_key)

    return _take(request, sent, name, _DRAFT, deed)


@router.post("/incidents/{name}/withholding")
def take_withholding(request: Request, name: str, sent: SentForm) -> Response:
    """It is decided not to publish, with ground and reason."""

    def deed(incident: str) -> None:
        if sent.text("ground") not in set(Ground):
            raise Invalid("choice_missing", field="ground")
        ground = Ground(sent.text("ground"))
        sent.visit.desk.commit(sent.visit.actor, announcements.withhold, incident, ground, sent.text("reason"))

    return _take(request, sent, name, _WITHHOLD, deed)


@router.post("/incidents/{name}/hotline")
def take_calls(request: Request, name: str, sent: SentForm) -> Response:
    """How many calls the hotline took on a day."""

    def deed(incident: str) -> None:
        day, calls = _day(sent.text("day")), _number(sent.text("calls"))
        sent.visit.desk.commit(sent.visit.actor, announcements.count_calls, incident, day, calls)

    return _take(request, sent, name, _CALLS, deed)


@router.post("/announcements/{id}/decision")
def take_decision(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """決裁 or 差戻し, by CISO or mayor and never by the author."""
    visit = sent.visit

    def deed(_incident: str) -> None:
        try:
            if sent.text("decision") == "approve":
                visit.desk.commit(visit.actor, announcements.approve, id)
            else:
                visit.desk.commit(visit.actor, announcements.send_back, id, sent.text("reason"))
        except Conflict:
            if not visit.desk.look(_is_decided_so, incident, id, visit.actor.id, sent.text("decision")):
                raise

    doing, incident = _Doing(id, frozenset({"reason"}), "announcement_decided"), _incident_of(visit, id)
    return _take(request, sent, incident, doing, deed)


def _incident_of(visit: Visit, id_: str) -> str:
    return visit.desk.look(questions.incident_of_announcement, id_)


def _is_decided_so(look: Look, incident: str, id_: str, person: str, decision: str) -> bool:
    """Did this person decide so already? Then they pressed twice, and nobody was faster."""
    wanted = AnnouncementState.APPROVED if decision == "approve" else AnnouncementState.RETURNED
    found = next(one for one in questions.announcements(look, incident) if one.id == id_)
    return (found.decided_by, found.state) == (person, wanted)


@router.post("/announcements/{id}/releases")
def take_release(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """Where and when it was said."""
    visit = sent.visit

    def deed(_incident: str) -> None:
        if sent.text("outlet") not in set(Outlet):
            raise Invalid("choice_missing", field="outlet")
        at = moment_of(sent.text("at")) or visit.desk.clock.now()
        visit.desk.commit(visit.actor, announcements.release, id, Outlet(sent.text("outlet")), at)

    doing = _Doing(id, frozenset({"outlet", "at"}), "announcement_released")
    return _take(request, sent, visit.desk.look(questions.incident_of_announcement, id), doing, deed)


def _take(request: Request, sent: Sent, name: str, doing: _Doing, deed: Callable[[str], None]) -> Response:
    visit, faults = sent.visit, Faults()
    incident = visit.desk.look(resolve_incident, name)
    try:
        deed(incident)
        return go(request, f"/incidents/{incident}/announcements", doing.notice)
    except (Invalid, Conflict) as error:
        faults.of(error, doing.names)
    form = sent.again(faults.errors, faults.params)
    view = visit.desk.look(_page, visit, incident, {doing.form: form})
    return show(request, visit, view, "incident", status=Invalid.http, path=f"/incidents/{incident}/announcements")


def _day(text: str) -> date:
    if not text:
        raise Invalid("field_missing", field="day")
    try:
        return parse_date(text)
    except Invalid as error:
        raise Invalid(error.code, field="day") from error


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 7:
        raise Invalid("number_malformed", field="calls")
    return int(text)


def _page(look: Look, visit: Visit, name: str, forms: Mapping[str, Form]) -> AnnouncementPage:
    view = cases.named(look, name)
    words, me = Words(visit.desk, look, visit), visit.actor
    said = words.name.words.gettext
    calls = questions.hotline(look, view.id)
    decides = may(me, Permission.APPROVE_ANNOUNCEMENT) and not me.posts.isdisjoint(DECIDERS)
    return AnnouncementPage(
        id=view.id,
        fiscal_year=view.fiscal_year,
        ordinal=view.ordinal,
        title=view.title,
        drill=view.drill,
        rows=tuple(_row(one, visit, words, forms, decides=decides) for one in questions.announcements(look, view.id)),
        outlets=tuple(Option(value=one.value, label=said(f"outlet.{one.value}")) for one in Outlet),
        grounds=tuple(Option(value=one.value, label=said(f"ground.{one.value}")) for one in Ground),
        calls=tuple(calls.items()),
        calls_sum=sum(calls.values()),
        may_draft=may(me, Permission.DRAFT_ANNOUNCEMENT),
        may_withhold=decides,
        draft_form=forms.get("draft") or Form(key=new_key()),
        withhold_form=forms.get("withhold") or Form(key=new_key()),
        calls_form=forms.get("calls") or Form(key=new_key()),
    )


def _row(
    view: AnnouncementView, visit: Visit, words: Words, forms: Mapping[str, Form], *, decides: bool
) -> AnnouncementRow:
    said = words.name.words.gettext
    drafted, approved = view.state is AnnouncementState.DRAFTED, view.state is AnnouncementState.APPROVED
    return AnnouncementRow(
        id=view.id,
        number=view.number,
        state=view.state,
        title=view.title,
        body=view.body,
        plain=view.plain,
        qa=view.qa,
        ground=said(f"ground.{view.ground.value}") if view.ground else "",
        reason=view.reason,
        drafted_by=words.name(view.drafted_by),
        drafted_at=view.drafted_at,
        decided_by=words.name(view.decided_by) if view.decided_by else "",
        decided_at=view.decided_at,
        releases=tuple(
            ReleaseRow(outlet=said(f"outlet.{one.outlet.value}"), at=one.at, by=words.name(one.by))
            for one in view.releases
        ),
        may_decide=drafted and decides and view.drafted_by != visit.actor.id,
        may_release=approved and may(visit.actor, Permission.DRAFT_ANNOUNCEMENT),
        form=forms.get(view.id) or Form(key=new_key()),
        key=new_key(),
    )
