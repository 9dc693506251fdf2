"""What a search brings up, read through the session of who asks: what they may not see is not there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import col, select

from csirt.guard import refuse_my_number
from csirt.model.incident import IncidentView
from csirt.store import search
from csirt.store.queries import cases
from csirt.store.queries.cases import DetectionView
from csirt.store.tables.cases import NoteRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tx import Look

T = TypeVar("T")

PAGE = 25
_AT_ONCE = 500  # further hits that are looked at together, where some of the first were hidden, or gone


@dataclass(frozen=True, slots=True)
class FoundNote:
    """A remark with the case that it belongs to."""

    incident: str
    note: cases.NoteView


@dataclass(frozen=True, slots=True)
class Found:
    """The newest hits of each kind, at most `PAGE`. `cases` holds every case that a note or detection belongs to."""

    incidents: tuple[IncidentView, ...]
    notes: tuple[FoundNote, ...]
    detections: tuple[DetectionView, ...]
    cases: dict[str, IncidentView]


def found(look: Look, query: str) -> Found:
    """Incidents, notes and detections that hold every part of a query.

    Raises:
        Invalid: the query holds a 個人番号.
    """
    refuse_my_number(query, field="q")
    incidents = _incidents(look, query)
    notes, detections = _notes(look, query), _detections(look, query)
    around = {view.id: view for view in incidents}
    about = {one.incident for one in notes} | {one.incident for one in detections if one.incident}
    around |= {view.id: view for view in cases.incidents_of(look, about - around.keys())}
    return Found(incidents, tuple(one for one in notes if one.incident in around), detections, around)


def _seen(look: Look, kind: str, query: str, ask: Callable[[Sequence[str]], Mapping[str, T]]) -> list[T]:
    """The first `PAGE` of what the reader sees.

    Where some are hidden, or gone, the next ones are asked for until the page is full or nothing is left: a page that
    stays short would tell that there is something hidden.
    """
    seen: list[T] = []
    before, size = None, PAGE
    while True:
        hits = search.find(look.session, look.vault, kind, query, limit=size, before=before)
        known = ask([ref for _, ref in hits])
        seen += [known[ref] for _, ref in hits if ref in known]
        if len(hits) < size or len(seen) >= PAGE:
            return seen[:PAGE]
        before, size = hits[-1][0], _AT_ONCE


def _incidents(look: Look, query: str) -> tuple[IncidentView, ...]:
    def ask(some: Sequence[str]) -> Mapping[str, IncidentView]:
        return {view.id: view for view in cases.incidents_of(look, some)}

    return tuple(_seen(look, "incident", query, ask))


def _notes(look: Look, query: str) -> tuple[FoundNote, ...]:
    def ask(some: Sequence[str]) -> Mapping[str, NoteRow]:
        return {row.id: row for row in look.session.exec(select(NoteRow).where(col(NoteRow.id).in_(some)))}

    shown = _seen(look, "note", query, ask)
    texts = look.vault.texts(look.session, (row.text_c for row in shown))
    return tuple(
        FoundNote(row.incident, cases.NoteView(row.id, texts[row.text_c], row.by, row.at))
        for row in shown
        if row.text_c in texts
    )


def _detections(look: Look, query: str) -> tuple[DetectionView, ...]:
    def ask(some: Sequence[str]) -> Mapping[str, DetectionRow]:
        rows = look.session.exec(select(DetectionRow).where(col(DetectionRow.id).in_([int(ref) for ref in some])))
        return {str(row.id): row for row in rows}

    shown = _seen(look, "detection", query, ask)
    return tuple(cases.detection_views(look, shown))
