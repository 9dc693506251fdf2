"""検索: incidents, remarks and detections by what is written in them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from csirt.errors import Invalid
from csirt.model.incident import IncidentView
from csirt.model.sorting import told_host
from csirt.store.queries import found
from csirt.store.queries.cases import DetectionView
from csirt.store.queries.found import FoundNote
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import show
from csirt.web.pages.forms import Faults
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.found import FoundCase, FoundPage, FoundText
from csirt.web.views.frame import Form

router = APIRouter(include_in_schema=False)

LONGEST = 200


@router.get("/search")
def show_found(request: Request, reader: IncidentReader, q: Annotated[str, Query(max_length=LONGEST)] = "") -> Response:
    """What was found; without a query, the form alone."""
    form = Form(typed={"q": q})
    if not q.strip():
        return show(request, reader, FoundPage(form=form), "search")
    try:
        page = reader.desk.look(_page, reader, q, form)
    except Invalid as error:
        faults = Faults()
        faults.of(error, frozenset({"q"}))
        form = Form(typed={}, errors=faults.errors, params=faults.params)
        return show(request, reader, FoundPage(form=form), "search", status=Invalid.http, path="/search")
    return show(request, reader, page, "search")


def _page(look: Look, visit: Visit, query: str, form: Form) -> FoundPage:
    words = Words(visit.desk, look, visit)
    got = found.found(look, query)
    return FoundPage(
        form=form,
        asked=True,
        incidents=tuple(_case(view, words) for view in got.incidents),
        notes=tuple(_note(one, got.cases[one.incident], words) for one in got.notes),
        detections=tuple(_detection(one, got.cases.get(one.incident or ""), words) for one in got.detections),
        most=found.PAGE,
    )


def _number(view: IncidentView, words: Words) -> str:
    return words.number(view.fiscal_year, view.ordinal, drill=view.drill)


def _case(view: IncidentView, words: Words) -> FoundCase:
    return FoundCase(
        href=f"/incidents/{view.id}", number=_number(view, words), title=view.title, type=view.type, level=view.level,
        proposed_level=view.proposed_level, status=view.status, opened_at=view.clocks.received, drill=view.drill,
    )  # fmt: skip


def _note(one: FoundNote, case: IncidentView, words: Words) -> FoundText:
    return FoundText(
        text=one.note.text, at=one.note.at, who=words.name(one.note.by), number=_number(case, words), title=case.title,
        href=f"/incidents/{case.id}#notes",
    )  # fmt: skip


def _detection(view: DetectionView, case: IncidentView | None, words: Words) -> FoundText:
    said = FoundText(text=view.title, at=view.at, host=view.host or told_host(view.attacked))
    if case is None:
        return said
    return FoundText(
        text=said.text, at=said.at, host=said.host, number=_number(case, words), title=case.title,
        href=f"/incidents/{case.id}#detections",
    )  # fmt: skip
