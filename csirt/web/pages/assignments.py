"""自分の作業: the to-do list, and the page of one step that waits for a person."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from csirt.errors import AlreadyAnswered, Invalid
from csirt.model.authority import Permission, may, may_answer
from csirt.model.incident import IncidentView
from csirt.model.people import parties_of
from csirt.model.step import StepKind
from csirt.record.entry import EntryKind
from csirt.reports.labels import shown_at
from csirt.response import escalations
from csirt.response.assignments import Reply
from csirt.store.queries import board, cases, timeline, work
from csirt.store.queries.work import AssignmentView, DeliveryView, EscalationView
from csirt.store.tx import Look
from csirt.texts.steps import titled
from csirt.web.api.words import Words
from csirt.web.pages import climbs
from csirt.web.pages.answering import CONFLICT, PREFIX, Asked, asked_of, read_fields, send
from csirt.web.pages.drafting import begun, drop_sent, keep_faulty
from csirt.web.pages.drawing import go, show
from csirt.web.pages.facts import Facts
from csirt.web.pages.fields import fields_of
from csirt.web.pages.forms import Faults, Sent, SentForm, new_key
from csirt.web.pages.in_hand import NOTHING_CAME, Came, part_of
from csirt.web.pages.obligations import todo_of
from csirt.web.pages.steps import acts_of, address_of, choice_text, title_of
from csirt.web.pages.trouble import step_up
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.assignment import (
    AnswerChoice,
    AssignmentPage,
    AssignmentRow,
    Assignments,
    CallRow,
)
from csirt.web.views.frame import Fact, Form, Window

router = APIRouter(include_in_schema=False)

_TEXTS_OF_CALLS = {"phone": "assignments.phone", "fax": "assignments.fax", "visit": "assignments.visit"}


@router.get("/assignments")
def show_assignments(
    request: Request,
    reader: IncidentReader,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    duties: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """What waits for the reader, by role and by post, soonest due first; calls to confirm before all of it."""
    return show(request, reader, reader.desk.look(_assignments, reader, page, duties), "assignments")


def _assignments(look: Look, visit: Visit, page: int = 1, duties: int = 1) -> Assignments:
    words, who, first = Words(visit.desk, look, visit), parties_of(visit.actor), (page - 1) * cases.PAGE
    found = work.assignments(look, who=who, offset=first, limit=cases.PAGE)
    total = len(found)
    if page > 1 or total == cases.PAGE:
        total = board.count_waiting(look, who)
    climbing = climbs.waiting_for(look, visit.actor)
    told = {view.incident for view in found} | {view.incident for view in climbing}
    about = {case.id: case for case in cases.incidents_of(look, told)}
    calls = {one.id: one for one in work.deliveries(look, ids=[view.delivery for view in found if view.delivery])}
    todo, todo_window = todo_of(look, visit, words, duties)
    return Assignments(
        rows=tuple(_row(visit, words, view, about[view.incident], calls.get(view.delivery or "")) for view in found),
        calls=tuple(_call(words, view, about[view.incident]) for view in climbing),
        duties=todo,
        duties_window=todo_window,
        window=_window(page, first, len(found), total) if total > cases.PAGE else None,
    )


def _window(page: int, first: int, shown: int, total: int) -> Window:
    return Window(
        first=first + 1,
        last=first + shown,
        total=total,
        newer=f"/assignments?page={page - 1}#steps" if page > 1 else "",
        older=f"/assignments?page={page + 1}#steps" if first + shown < total else "",
    )


def _row(
    visit: Visit, words: Words, view: AssignmentView, case: IncidentView, call: DeliveryView | None
) -> AssignmentRow:
    is_call = view.kind is StepKind.CALL
    return AssignmentRow(
        href=f"/call-sheets/{view.id}" if is_call else f"/assignments/{view.id}",
        title=_call_title(words, view, call) if is_call else _title(words, view),
        incident=words.number(case.fiscal_year, case.ordinal, drill=case.drill),
        incident_title=case.title,
        who=words.name(view.who),
        opened_at=view.opened_at,
        due=view.due_at,
        kind=view.kind,
        drill=case.drill,
        taken_by=words.name(view.taken_by) if view.taken_by else "",
        mine=view.taken_by == visit.actor.id,
        referred=view.referred_from is not None,
    )


def _title(words: Words, view: AssignmentView) -> str:
    return titled(title_of(words.step_text(view.playbook, view.step)), view.kind, words.name.words, view.text)


def _call_title(words: Words, view: AssignmentView, call: DeliveryView | None) -> str:
    if call is None:
        return title_of(words.step_text(view.playbook, view.step))
    return words.name.words.say(
        _TEXTS_OF_CALLS.get(call.channel, "assignments.phone"), {"party": words.name(call.person or call.party)}
    )


def _call(words: Words, view: EscalationView, case: IncidentView) -> CallRow:
    return CallRow(
        id=view.id,
        about=title_of(words.step_text(case.playbook, view.step)),
        incident=words.number(case.fiscal_year, case.ordinal, drill=case.drill),
        incident_title=case.title,
        href=f"/incidents/{case.id}",
        at=view.started_at,
        drill=case.drill,
    )


@router.post("/escalations/{id}/acknowledge")
def take_acknowledgement(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """Say that you have seen a call; said twice, it counts once."""
    visit = sent.visit
    visit.desk.commit(visit.actor, escalations.acknowledge, id)
    return go(request, f"/incidents/{visit.desk.look(work.incident_of_escalation, id)}", "acknowledged")


# ------------------------------------------------------------------------------------------------- one step


@router.get("/assignments/{id}")
def show_assignment(request: Request, id: str, reader: IncidentReader) -> Response:  # noqa: A002 - as above
    """One step: what to do, what is known, and the form, or the answer that stands. Links in mails lead here."""
    view = reader.desk.look(work.assignment, id)
    if view.kind is StepKind.CALL:
        return go(request, f"/call-sheets/{id}")
    page = reader.desk.look(_fresh_page, reader, id)
    return show(request, reader, page, "assignments")


@router.post("/assignments/{id}")
def take_answer(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - as above
    """Answer a step. Who was slower sees the answer that stands and keeps what they typed."""
    visit, faults = sent.visit, Faults()
    view = visit.desk.look(work.assignment, id)
    if view.kind is StepKind.CALL:
        return go(request, f"/call-sheets/{id}")
    named = {name: f"{PREFIX}{name}" for name in view.fields}
    names = frozenset({"choice", "reason", *named.values()})
    formed = {one.name for one in view.form}
    fields = read_fields(sent, {name: place for name, place in named.items() if name not in formed}, faults)
    fields |= {name: sent.text(named[name]) for name in formed}
    _check(sent, view, faults)
    try:
        if not faults.errors and send(
            sent, view, Reply(sent.text("choice"), sent.text("reason"), fields), faults, names, PREFIX
        ):
            drop_sent(visit, f"/assignments/{id}")
            return go(request, f"/incidents/{view.incident}", "answered")
    except AlreadyAnswered:
        return _show_page(request, sent, id, faults, CONFLICT)
    status = CONFLICT if view.closed_at else Invalid.http
    return _show_page(request, sent, id, faults, status)


def _check(sent: Sent, view: AssignmentView, faults: Faults) -> None:
    choices = {choice.code: choice.needs_reason for choice in view.choices}
    choice = sent.text("choice")
    if choice not in choices:
        faults.add("choice", "choice_missing")
    elif choices[choice] and not sent.text("reason"):
        faults.add("reason", "reason_missing")
    faults.check_text("reason", sent.text("reason"))


def _show_page(request: Request, sent: Sent, id_: str, faults: Faults, status: int) -> Response:
    keep_faulty(sent, f"/assignments/{id_}")
    form = sent.again({} if status == CONFLICT else faults.errors, faults.params)
    page = sent.visit.desk.look(page_of, sent.visit, id_, form, conflict=status == CONFLICT)
    return show(request, sent.visit, page, "assignments", status=status, path=f"/assignments/{id_}")


def _fresh_page(look: Look, visit: Visit, id_: str) -> AssignmentPage:
    return page_of(look, visit, id_, begun(look, visit, f"/assignments/{id_}"))


def page_of(
    look: Look, visit: Visit, id_: str, form: Form, *, conflict: bool = False, came: Came = NOTHING_CAME
) -> AssignmentPage:
    """The page of one step. `form` is its answer, `came` a form about who has it in hand that came back."""
    asked = asked_of(look, visit, id_)
    view = asked.view
    return AssignmentPage(
        id=view.id,
        incident_id=view.incident,
        incident=asked.number,
        incident_title=asked.incident_title,
        title=_title(asked.words, view),
        who=asked.words.name(view.who),
        opened_at=view.opened_at,
        choices=tuple(
            AnswerChoice(
                code=one.code, label=choice_text(asked.words, asked.text, one.code), needs_reason=one.needs_reason
            )
            for one in view.choices
        ),
        instruction=view.text or asked.text.instruction,
        facts=tuple(_facts(look, asked)),
        fields=tuple(fields_of(look, asked)),
        due=view.due_at,
        form=form,
        given=asked.given,
        conflict=conflict,
        may_answer=may(visit.actor, Permission.ANSWER_STEP) and may_answer(visit.actor, view.who),
        drill=asked.drill,
        step_up=step_up(f"/assignments/{view.id}") if view.kind is StepKind.APPROVE and not visit.actor.fresh else "",
        may_collect=may(visit.actor, Permission.COLLECT_EVIDENCE),
        evidence_key=new_key(),
        set_aside=_set_aside(look, visit, view),
        hand=part_of(look, visit, asked.words, view, came),
    )


def _set_aside(look: Look, visit: Visit, view: AssignmentView) -> str:
    """Where the reader may skip or cancel the step, because it cannot or need not be done."""
    step = next((one for one in work.steps(look, view.incident) if one.key == view.step), None)
    return address_of(view.incident, view.step) if step and acts_of(visit.actor, step) else ""


def _shown(words: Words, made: AssignmentView) -> str:
    return shown_at(made.closed_at or made.opened_at, "ja" if words.language == "ja" else "en")


def _decided(look: Look, asked: Asked) -> list[Fact]:
    """What a deputy decided, for the holder who is to see it."""
    view, say = asked.view, asked.words.name.words.gettext
    made = next(
        one
        for one in work.assignments(look, incident=view.incident, open_only=False, limit=10_000)
        if one.step == view.step and one.proxy_for == view.who.partition(":")[2]
    )
    answer = made.answer if isinstance(made.answer, dict) else {}
    return [
        Fact(label=say("review.by"), value=asked.words.name(made.answered_by or "")),
        Fact(label=say("answer.at"), value=_shown(asked.words, made)),
        Fact(label=say("answer.choice"), value=choice_text(asked.words, asked.text, made.choice)),
        *([Fact(label=say("form.reason"), value=str(answer["reason"]))] if answer.get("reason") else []),
    ]


def _facts(look: Look, asked: Asked) -> list[Fact]:
    """What the playbook shows with this question; where it shows the detections, also what a person reported."""
    view, shown = asked.view, []
    if view.kind is StepKind.REVIEW:
        return _decided(look, asked)
    if "gather_facts" in view.showing:
        opened = timeline.explore(look, incident=view.incident, kind=EntryKind.INCIDENT_OPENED.value, limit=1)
        if account := opened[0].texts.get("account") if opened else None:
            caption = asked.words.name.words.gettext("fact.account")
            shown.append(Fact(label=caption, value=account))
    if view.run and view.showing:
        values = work.step_values(look, view.run, view.showing)
        shown += Facts(asked.words, view.playbook).of(view.showing, values)
    return shown
