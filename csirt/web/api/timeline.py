"""The timeline of an incident: as data, and as a document."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from csirt.documents import teller, timeline_document
from csirt.errors import NotFound
from csirt.model.authority import must_be_fresh
from csirt.model.incident import IncidentView
from csirt.reports.timeline import TimelineDocument, timeline_csv, timeline_pdf
from csirt.reports.timeline_xlsx import timeline_xlsx
from csirt.store.queries import cases
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.timeline import WINDOW, timeline
from csirt.store.tx import Look
from csirt.texts.catalogs import catalog
from csirt.web.addresses import API
from csirt.web.api.shapes import EntryGiven
from csirt.web.api.words import entry_given
from csirt.web.session import IncidentReader

router = APIRouter(prefix=API + "/incidents/{name}", tags=["incidents"])


class Form(StrEnum):
    """What a timeline can be had as."""

    PDF = "pdf"
    XLSX = "xlsx"
    CSV = "csv"


_MAKERS: Mapping[Form, tuple[Callable[[TimelineDocument], bytes], str]] = {
    Form.PDF: (timeline_pdf, "application/pdf"),
    Form.XLSX: (timeline_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    Form.CSV: (timeline_csv, "text/csv; charset=utf-8"),
}


@router.get("/timeline")
def show_timeline(
    name: str,
    reader: IncidentReader,
    after: Annotated[int, Query(ge=-1, lt=2**53)] = -1,
    limit: Annotated[int, Query(ge=1, le=1000)] = WINDOW,
) -> list[EntryGiven]:
    """The entries of an incident in order; `after` is the last `seq` that the reader has."""

    def question(look: Look) -> list[EntryGiven]:
        entries = timeline(look, resolve_incident(look, name), after=after, limit=limit)
        told = teller(reader.desk, look, reader.language, entries, reader.ever)
        return [entry_given(told, entry) for entry in entries]

    return reader.desk.look(question)


@router.get(
    "/timeline.{form}",
    response_class=Response,
    responses={200: {"content": {kind.partition(";")[0]: {} for _, kind in _MAKERS.values()}}},
)
def make_document(name: str, form: str, reader: IncidentReader) -> Response:
    """The timeline as a document for the file: `pdf`, `xlsx` or `csv`; after a proof of who one is, as any export."""
    if form not in set(Form):
        raise NotFound("page_unknown")
    must_be_fresh(reader.actor)  # a whole case leaves as a file
    incident = reader.desk.look(resolve_incident, name)
    make, kind = _MAKERS[Form(form)]
    told = timeline_document(reader.desk, incident, reader.language)
    document = make(told)
    named = _file_name(reader.desk.look(cases.incident, incident), told, form, reader.language)
    return Response(document, media_type=kind, headers={"Content-Disposition": named})


def _file_name(view: IncidentView, told: TimelineDocument, form: str, language: str) -> str:
    """What the file is called: by the number that people know, and in plain letters beside."""
    spoken = f"{catalog(language).gettext('incident.timeline')} {told.number_text}.{form}"
    plain = f"timeline-{'drill' if view.drill else 'FY'}{view.fiscal_year}-{view.ordinal}.{form}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(spoken, safe='')}"  # RFC 6266
