"""報告等の義務と期限: the strip on the pages of an incident, and the page where reports and decisions are recorded."""

from collections.abc import Mapping
from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Conflict, Invalid
from csirt.model.authority import Permission, may
from csirt.model.duty import DutyState
from csirt.model.incident import Level
from csirt.response import duties, incidents
from csirt.response.duties import CHANNELS, Sent, is_theirs
from csirt.store.queries import cases
from csirt.store.queries import duties as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.duties import DutyView, ReportView
from csirt.store.tx import Look
from csirt.texts.duties import DutyWords
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, SentForm, moment_of, new_key
from csirt.web.pages.report_views import drafts_for
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.assignment import DutyTodo
from csirt.web.views.duties import DutyPage, DutyRow, ReportRow, UpcomingRow
from csirt.web.views.frame import Form, Option, Window

router = APIRouter(include_in_schema=False)

REPORT_NAMES = frozenset({"channel", "at", "acknowledged_at", "receipt"})
DUTIES_A_PAGE = 20  # duties of all incidents that one page lists
LEVELS = {str(int(level)): level for level in Level}


@router.get("/incidents/{name}/duties")
def show_duties(request: Request, name: str, reader: IncidentReader) -> Response:
    """The duties of one incident."""
    return show(request, reader, reader.desk.look(_page, reader, name, {}), "incident")


@router.post("/duties/{id}/reports")
def take_report(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """Record a report; a faulty form comes back."""
    visit, faults = sent.visit, Faults()
    incident = visit.desk.look(questions.duty, id).incident
    if sent.text("channel") not in CHANNELS:
        faults.add("channel", "choice_missing")
    for field in ("at", "acknowledged_at"):
        faults.check(field, lambda field=field: moment_of(sent.text(field)))  # type: ignore[misc]
    if not faults.errors:
        at = moment_of(sent.text("at")) or visit.desk.clock.now()
        made = Sent(sent.text("channel"), at, moment_of(sent.text("acknowledged_at")), sent.line("receipt"))
        try:
            visit.desk.commit(visit.actor, duties.report, id, made, request_key=sent.request_key)
            return go(request, f"/incidents/{incident}/duties", "duty_reported")
        except (Invalid, Conflict) as error:
            faults.of(error, REPORT_NAMES)
    form = sent.again(faults.errors, faults.params)
    view = visit.desk.look(_page, visit, incident, {f"report:{id}": form})
    return show(request, visit, view, "incident", status=Invalid.http, path=f"/incidents/{incident}/duties")


@router.post("/duties/{id}/waiver")
def take_waiver(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """Decide against a duty; a form without reason comes back."""
    visit, faults = sent.visit, Faults()
    incident = visit.desk.look(questions.duty, id).incident
    faults.check_text("reason", sent.text("reason"))
    if not faults.errors:
        try:
            visit.desk.commit(visit.actor, duties.waive, id, sent.text("reason"), request_key=sent.request_key)
            return go(request, f"/incidents/{incident}/duties", "duty_waived")
        except (Invalid, Conflict) as error:
            faults.of(error, frozenset({"reason"}))
    form = sent.again(faults.errors, faults.params)
    view = visit.desk.look(_page, visit, incident, {f"waive:{id}": form})
    return show(request, visit, view, "incident", status=Invalid.http, path=f"/incidents/{incident}/duties")


@router.post("/incidents/{name}/level")
def take_level(request: Request, name: str, sent: SentForm) -> Response:
    """Set the level, with a reason."""
    visit = sent.visit
    incident = visit.desk.look(resolve_incident, name)
    level = LEVELS.get(sent.text("level"))
    if level is None:
        raise Invalid("choice_missing", field="level")
    key = sent.request_key
    visit.desk.commit(visit.actor, incidents.set_level, incident, level, sent.text("reason"), request_key=key)
    return go(request, f"/incidents/{incident}", "level_set")


def may_set_level(visit: Visit) -> bool:
    """May the reader set any level at all?"""
    posts = set(visit.desk.door.city.level_setters.values())
    return may(visit.actor, Permission.SET_LEVEL) and not posts.isdisjoint(visit.actor.posts)


def strip_of(look: Look, visit: Visit, words: Words, incident: str) -> tuple[DutyRow, ...]:
    """The open duties of an incident, soonest end first."""
    return tuple(_row(one, visit, words, {}) for one in questions.duties(look, incident, open_only=True))


def todo_of(look: Look, visit: Visit, words: Words, page: int) -> tuple[tuple[DutyTodo, ...], Window | None]:
    """One page of the open duties of all incidents that the reader's posts see to, or may decide against."""
    theirs = {(rule.id, rule.edition): rule for rule in visit.desk.door.city.law.rules if is_theirs(rule, visit.actor)}
    first = (page - 1) * DUTIES_A_PAGE
    found = questions.open_duties(look, theirs.keys(), offset=first, limit=DUTIES_A_PAGE)
    total = questions.count_open_duties(look, theirs.keys()) if page > 1 or len(found) == DUTIES_A_PAGE else len(found)
    titles = {one.id: one.title for one in cases.incidents_of(look, {case.id for _, case in found})}
    rows = tuple(
        DutyTodo(
            label=rule.label(visit.language),
            incident=words.number(case.fiscal_year, case.ordinal, drill=case.drill),
            incident_title=titles[case.id],
            href=f"/incidents/{case.id}/duties#{view.id}",
            in_charge=words.name.post(rule.in_charge),
            due=view.due_at,
            uncertain=view.uncertain,
            drill=case.drill,
        )
        for view, case in found
        for rule in (theirs[view.rule, view.edition],)
    )
    return rows, _todo_window(page, len(rows), total) if total > DUTIES_A_PAGE else None


def _todo_window(page: int, shown: int, total: int) -> Window:
    first = (page - 1) * DUTIES_A_PAGE
    return Window(
        first=first + 1,
        last=first + shown,
        total=total,
        newer=f"/assignments?duties={page - 1}#duties" if page > 1 else "",
        older=f"/assignments?duties={page + 1}#duties" if first + shown < total else "",
    )


def _page(look: Look, visit: Visit, name: str, forms: Mapping[str, Form]) -> DutyPage:
    view = cases.named(look, name)
    words = Words(visit.desk, look, visit)
    speak = words.name.words
    return DutyPage(
        id=view.id,
        fiscal_year=view.fiscal_year,
        ordinal=view.ordinal,
        title=view.title,
        drill=view.drill,
        duties=tuple(
            replace(
                _row(one, visit, words, forms),
                drafts=drafts_for(visit, one.rule, view.type.value) if one.state is DutyState.OPEN else (),
            )
            for one in questions.duties(look, view.id)
        ),
        channels=tuple(Option(value=one, label=speak.gettext(f"report_channel.{one}")) for one in CHANNELS),
        upcoming=tuple(
            UpcomingRow(label=one.label(visit.language), start=one.start, latest=one.latest, source=one.source)
            for one in visit.desk.door.city.law.upcoming
        ),
    )


def _row(view: DutyView, visit: Visit, words: Words, forms: Mapping[str, Form]) -> DutyRow:
    book, speak = visit.desk.door.city.law, words.name.words
    tell, rule = DutyWords(book, speak), book.rule(view.rule, view.edition)
    stands = view.state is DutyState.OPEN
    return DutyRow(
        id=view.id,
        label=tell.label(view.rule),
        addressee=speak.gettext(f"addressee.{rule.addressee}") if rule else "",
        state=view.state,
        reasons=tell.reasons(view.reasons),
        binding=speak.gettext(f"binding.{rule.binding.value}") if rule else "",
        basis=rule.basis if rule else "",
        edition=view.edition,
        doubt=tell.doubt(rule),
        uncertain=view.uncertain,
        clock=view.clock,
        target=view.target_day,
        last_day=view.last_day,
        due=view.due_at,
        waived_by=words.name.post(rule.waived_by) if rule else "",
        in_charge=words.name.post(rule.in_charge) if rule else "",
        reason=view.reason,
        reports=tuple(_report(one, words) for one in view.reports),
        may_report=view.state is not DutyState.LAPSED and may(visit.actor, Permission.REPORT_DUTY),
        may_waive=stands and rule is not None and rule.waived_by in visit.actor.posts,
        report_form=forms.get(f"report:{view.id}") or Form(key=new_key()),
        waive_form=forms.get(f"waive:{view.id}") or Form(key=new_key()),
    )


def _report(one: ReportView, words: Words) -> ReportRow:
    return ReportRow(
        version=one.version, channel=words.name.words.gettext(f"report_channel.{one.channel}"), at=one.sent_at,
        acknowledged_at=one.acknowledged_at, receipt=one.receipt, by=words.name(one.by),
    )  # fmt: skip
