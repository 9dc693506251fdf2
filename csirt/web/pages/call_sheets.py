"""電話連絡票: whom to phone, what to read out, and what came of it."""

import re

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import AlreadyAnswered, Invalid, NotFound
from csirt.model.authority import Permission, may, may_answer, must
from csirt.model.discretion import neutral
from csirt.model.message import Recipient
from csirt.model.step import StepKind
from csirt.response.assignments import Reply
from csirt.store.queries import work
from csirt.store.queries.sealing import is_sealed
from csirt.store.queries.work import AssignmentView, DeliveryView
from csirt.store.tx import Look
from csirt.web.pages.answering import CONFLICT, Asked, asked_of, read_fields, send
from csirt.web.pages.drafting import begun, drop_sent, keep_faulty
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, Sent, SentForm
from csirt.web.pages.in_hand import NOTHING_CAME, Came, part_of
from csirt.web.pages.steps import title_of
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.assignment import CallSheet
from csirt.web.views.frame import Fact, Form, Option
from notifications.call_sheet import call_script

router = APIRouter(include_in_schema=False)

NAMES = frozenset({"choice", "number", "spoke_with", "spoke_at", "read_back", "reason"})
_HEADING = re.compile(r"[■*] (.+)")


@router.get("/call-sheets/{id}")
def show_sheet(request: Request, id: str, reader: IncidentReader) -> Response:  # noqa: A002 - the word of the address
    """The sheet, for who may phone."""
    must(reader.actor, Permission.FILL_CALL_SHEET)
    sheet = reader.desk.look(_fresh_sheet, reader, id)
    return show(request, reader, sheet, "assignments")


@router.post("/call-sheets/{id}")
def take_call(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - as above
    """Record a call; the chain stops or climbs on by what came of it."""
    visit, faults = sent.visit, Faults()
    must(visit.actor, Permission.FILL_CALL_SHEET)
    view = visit.desk.look(work.assignment, id)
    if view.kind is not StepKind.CALL:
        raise NotFound("assignment_unknown", assignment=id[:40])
    fields = read_fields(sent, {name: name for name in view.fields}, faults)
    _check(sent, faults)
    reply = Reply(sent.text("choice"), sent.text("reason"), fields)
    try:
        if not faults.errors and send(sent, view, reply, faults, NAMES, ""):
            drop_sent(visit, f"/call-sheets/{id}")
            return go(request, f"/incidents/{view.incident}", "call_recorded")
    except AlreadyAnswered:
        return _again(request, sent, id, faults, CONFLICT)
    return _again(request, sent, id, faults, CONFLICT if view.closed_at else Invalid.http)


def _check(sent: Sent, faults: Faults) -> None:
    choice = sent.text("choice")
    if choice not in {"reached", "not_reached"}:
        faults.add("choice", "choice_missing")
    needed = {"reached": ("spoke_with", "read_back"), "not_reached": ("reason",)}.get(choice, ())
    for name in needed:
        if not sent.text(name):
            faults.add(name, "reason_missing" if name == "reason" else "field_missing")
    faults.check_text("reason", sent.text("reason"))


def _again(request: Request, sent: Sent, id_: str, faults: Faults, status: int) -> Response:
    keep_faulty(sent, f"/call-sheets/{id_}")
    form = sent.again({} if status == CONFLICT else faults.errors, faults.params)
    sheet = sent.visit.desk.look(sheet_of, sent.visit, id_, form, conflict=status == CONFLICT)
    return show(request, sent.visit, sheet, "assignments", status=status, path=f"/call-sheets/{id_}")


def _fresh_sheet(look: Look, visit: Visit, id_: str) -> CallSheet:
    return sheet_of(look, visit, id_, begun(look, visit, f"/call-sheets/{id_}"))


def sheet_of(
    look: Look, visit: Visit, id_: str, form: Form, *, conflict: bool = False, came: Came = NOTHING_CAME
) -> CallSheet:
    """One sheet. `form` is what came of the call, `came` a form about who makes it that came back.

    Raises:
        NotFound: no such assignment, or it is no call.
        Forbidden: the reader may not phone.
    """
    must(visit.actor, Permission.FILL_CALL_SHEET)
    asked = asked_of(look, visit, id_)
    view = asked.view
    calls = work.deliveries(look, ids=[view.delivery]) if view.delivery else []
    if not calls:
        raise NotFound("assignment_unknown", assignment=id_[:40])
    call = calls[0]
    return CallSheet(
        id=view.id,
        incident_id=view.incident,
        incident=asked.number,
        party=asked.words.name(call.party),
        person=asked.words.name(call.person) if call.person else "",
        number=call.address,
        script=_script(visit, asked, call, sealed=is_sealed(look.session, view.incident)),
        due=view.due_at,
        form=form,
        given=asked.given,
        conflict=conflict,
        who=asked.words.name(view.who),
        may_answer=may(visit.actor, Permission.FILL_CALL_SHEET) and may_answer(visit.actor, view.who),
        drill=asked.drill,
        hand=part_of(look, visit, asked.words, view, came),
        same_call=() if view.closed_at else _in_the_same_call(look, visit, view, call),
    )


def _in_the_same_call(look: Look, visit: Visit, view: AssignmentView, call: DeliveryView) -> tuple[Option, ...]:
    """The other open sheets of the case for the same person at the same number, by what they are about.

    They stay sheets of their own, because each is the delivery of one chain, which stops or climbs by its own result.
    """
    calls = work.assignments(look, incident=view.incident, kind=StepKind.CALL)
    sheets = {one.delivery: one.id for one in calls if one.delivery and one.id != view.id}
    return tuple(
        Option(value=f"/call-sheets/{sheets[one.id]}", label=title_of(asked_of(look, visit, sheets[one.id]).text))
        for one in work.deliveries(look, ids=list(sheets))
        if (one.address, one.person or one.party) == (call.address, call.person or call.party)
    )


def _script(visit: Visit, asked: Asked, call: DeliveryView, *, sealed: bool) -> tuple[Fact, ...]:
    """The sheet's text in parts; what the page shows anyway (whom, which number, the link here) is left out."""
    desk, language = visit.desk, asked.words.language
    callee = asked.words.name(call.party)
    recipient = Recipient(call.party, callee, call.address, call.person)
    codes = neutral(call.facts) if sealed else call.facts
    facts = desk.wording.facts(codes, recipient, language, channel=call.channel, drill=asked.drill)
    _, text = call_script(desk.renderer, language, facts, channel=call.channel, callee=callee, number=call.address)
    parts = [block.strip("\n").splitlines() for block in re.split(r"\n\s*\n", text)]
    found = [(_HEADING.fullmatch(lines[0].strip()), lines[1:]) for lines in parts if lines]
    return tuple(
        Fact(label=heading[1], value="\n".join(line.strip() for line in lines)) for heading, lines in found if heading
    )
