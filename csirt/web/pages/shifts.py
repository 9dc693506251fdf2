"""引継ぎ書: the sheet for the next shift, the notes on it, and "I have seen it"."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from csirt.errors import Invalid, NotFound
from csirt.model.authority import Permission, may
from csirt.model.incident import IncidentView
from csirt.response import shifts
from csirt.store.queries import cases, duties, work
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.shifts import shift_notes
from csirt.store.tx import Look
from csirt.texts.duties import DutyWords
from csirt.texts.steps import titled
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, SentForm, new_key
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.frame import Form, Option
from csirt.web.views.shifts import DutyLine, OpenCase, ShiftNote, ShiftSheet, WaitingLine

router = APIRouter(include_in_schema=False)
NAMES = frozenset({"incident", "text"})
MOST = 50


@router.get("/shift-notes")
def show_sheet(
    request: Request, reader: IncidentReader, incident: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """The sheet of all open incidents, or of one."""
    form = Form(key=new_key(), typed={"incident": incident})
    return show(request, reader, reader.desk.look(_page, reader, form, incident), "board")


@router.post("/shift-notes")
def take_note(request: Request, sent: SentForm) -> Response:
    """Leave a note; a faulty one comes back. Sent twice, it is left once."""
    visit, faults = sent.visit, Faults()
    faults.check_text("text", sent.text("text"), shifts.TEXT_LIMIT)
    if not faults.errors:
        try:
            about = visit.desk.look(resolve_incident, sent.line("incident")) if sent.line("incident") else None
            visit.desk.commit(visit.actor, shifts.leave, sent.text("text"), about, request_key=sent.request_key)
            return go(request, "/shift-notes", "shift_note_left")
        except Invalid as error:
            faults.of(error, NAMES)
        except NotFound as error:
            faults.add("incident", error.code)
    page = visit.desk.look(_page, visit, sent.again(faults.errors, faults.params), "")
    return show(request, visit, page, "board", status=Invalid.http, path="/shift-notes")


@router.post("/shift-notes/{id}/seen")
def see_note(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """Say that one has seen it."""
    sent.visit.desk.commit(sent.visit.actor, shifts.see, id)
    return go(request, "/shift-notes", "shift_note_seen")


def notes_of(look: Look, visit: Visit, words: Words) -> tuple[ShiftNote, ...]:
    """The notes that nobody has seen yet, for the board as well."""
    found = shift_notes(look)
    named = cases.numbers(look, [one.incident for one in found if one.incident])
    may_see = may(visit.actor, Permission.ADD_NOTE)
    return tuple(
        ShiftNote(
            id=one.id, text=one.text, by=words.name(one.by), at=one.at,
            incident=words.number(*named[one.incident][:2], drill=named[one.incident][2]) if one.incident else "",
            href=f"/incidents/{one.incident}" if one.incident else "",
            may_see=may_see and one.by != visit.actor.id,
        )
        for one in found
    )  # fmt: skip


def _page(look: Look, visit: Visit, form: Form, about: str) -> ShiftSheet:
    words = Words(visit.desk, look, visit)
    one = [cases.named(look, about)] if about else []
    found = one or cases.incidents(look, status="open", limit=MOST + 1, gravest=True)
    return ShiftSheet(
        cases=tuple(_case(look, visit, words, one) for one in found[:MOST]),
        notes=notes_of(look, visit, words),
        more=len(found) > MOST,
        may_leave=may(visit.actor, Permission.ADD_NOTE),
        incidents=tuple(Option(value=one.id, label=f"{_number(words, one)} {one.title}") for one in found[:MOST]),
        form=form,
    )


def _number(words: Words, case: IncidentView) -> str:
    return words.number(case.fiscal_year, case.ordinal, drill=case.drill)


def _case(look: Look, visit: Visit, words: Words, case: IncidentView) -> OpenCase:
    tell = DutyWords(visit.desk.door.city.law, words.name.words)
    return OpenCase(
        href=f"/incidents/{case.id}",
        number=_number(words, case),
        title=case.title,
        level=case.level,
        proposed_level=case.proposed_level,
        waiting=tuple(
            WaitingLine(
                title=titled(words.step_text(one.playbook, one.step).title, one.kind, words.name.words, one.text),
                who=words.name(one.who),
                taken_by=words.name(one.taken_by) if one.taken_by else "",
                due=one.due_at,
            )
            for one in work.assignments(look, incident=case.id, limit=50)
        ),
        duties=tuple(
            DutyLine(label=tell.label(one.rule), due=one.due_at) for one in duties.duties(look, case.id, open_only=True)
        ),
        drill=case.drill,
    )
