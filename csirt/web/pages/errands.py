"""Work beside the playbook: the form by which it is asked for, its waiver, and its rows on the page of the incident."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import AlreadyAnswered, Conflict, Invalid, NotFound
from csirt.model.authority import ALLOWED, Permission, may_answer, must
from csirt.model.step import StepKind
from csirt.response import asking, errands, people
from csirt.store.queries import cases
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.sealing import sealed_of
from csirt.store.queries.work import AssignmentView
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, SentForm, moment_of, new_key
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.errands import AskErrand, ErrandRow
from csirt.web.views.frame import Form, Option

router = APIRouter(include_in_schema=False)
NAMES = frozenset({"text", "who", "due", "necessary"})


@router.get("/incidents/{name}/errands/new")
def show_form(request: Request, name: str, reader: IncidentReader) -> Response:
    """The form, for those who assign work."""
    must(reader.actor, Permission.ASSIGN_STEP)
    return show(request, reader, reader.desk.look(_page, reader, name, Form(key=new_key())), "incident")


@router.post("/incidents/{name}/errands")
def take_errand(request: Request, name: str, sent: SentForm) -> Response:
    """Ask for it; a faulty form comes back with what was typed. Sent twice, it is asked once."""
    visit, faults = sent.visit, Faults()
    incident = visit.desk.look(resolve_incident, name)
    if not sent.text("who"):
        faults.add("who", "choice_missing")
    faults.check("due", lambda: moment_of(sent.text("due")))
    faults.check_text("text", sent.text("text"), asking.TEXT_LIMIT)
    if not faults.errors:
        due, needed = moment_of(sent.text("due")), sent.text("necessary") == "yes"
        try:
            visit.desk.commit(
                visit.actor, asking.ask, incident, sent.text("text"), sent.line("who"), due, necessary=needed,
                request_key=sent.request_key,
            )  # fmt: skip
            return go(request, f"/incidents/{incident}#errands", "errand_asked")
        except (Invalid, Conflict, NotFound) as error:
            faults.of(error, NAMES)
    page = visit.desk.look(_page, visit, incident, sent.again(faults.errors, faults.params))
    return show(request, visit, page, "incident", status=Invalid.http, path=f"/incidents/{incident}/errands/new")


@router.post("/assignments/{id}/waiver")
def take_waiver(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """It need not be done after all; said twice, it counts once."""
    try:
        sent.visit.desk.commit(sent.visit.actor, errands.waive, id, sent.text("reason"))
    except AlreadyAnswered:
        return go(request, f"/assignments/{id}")
    return go(request, f"/assignments/{id}", "errand_waived")


def rows_of(words: Words, found: Sequence[AssignmentView]) -> tuple[ErrandRow, ...]:
    """What was asked beside the playbook of an incident, out of all its assignments; open ones first."""
    asked = [view for view in found if view.kind is StepKind.ERRAND]
    return tuple(_row(words, view) for view in sorted(asked, key=lambda view: view.closed_at is not None))


def _row(words: Words, view: AssignmentView) -> ErrandRow:
    answer = view.answer if isinstance(view.answer, dict) else {}
    state = "open" if view.closed_at is None else "done" if view.choice == errands.DONE.code else "cancelled"
    return ErrandRow(
        href=f"/assignments/{view.id}",
        text=view.text,
        who=words.name(view.who),
        asked_by=words.name(view.asked_by or "system"),
        state=state,
        necessary=view.necessary,
        due=view.due_at,
        taken_by=words.name(view.taken_by) if view.taken_by and state == "open" else "",
        by=words.name(view.answered_by) if view.answered_by else "",
        at=view.closed_at,
        reason=str(answer.get("reason") or ""),
    )


def _page(look: Look, visit: Visit, name: str, form: Form) -> AskErrand:
    words = Words(visit.desk, look, visit)
    case = cases.named(look, name)
    known = visit.known
    readers = sealed_of(look.session, {case.id}).get(case.id)
    able = [
        one
        for one in known.people.values()
        if (readers is None or one.id in readers) and may_answer(people.actor_of(one, known, "asked"), one.id)
    ]
    roles = [f"role:{role.value}" for role in sorted(ALLOWED[Permission.ANSWER_STEP])]
    parties = [*roles, *(f"post:{post}" for post in sorted(known.posts))]
    return AskErrand(
        incident_id=case.id,
        incident=words.number(case.fiscal_year, case.ordinal, drill=case.drill),
        incident_title=case.title,
        parties=tuple(Option(value=one, label=words.name(one)) for one in parties),
        people=tuple(
            Option(value=one.id, label=words.name.person(one.id))
            for one in sorted(able, key=lambda one: (one.kana, one.name))
        ),
        form=form,
        drill=case.drill,
    )
