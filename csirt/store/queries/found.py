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

R = TypeVar("R", str, int)
T = TypeVar("T")

PAGE = 25
_AT_ONCE = 4 * PAGE  # candidates of each kind that are looked at: some may be hidden, or gone


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


def _refs(look: Look, kind: str, query: str) -> list[str]:
    return [ref for _, ref in search.find(look.session, look.vault, kind, query, limit=_AT_ONCE)]


def _seen(refs: Sequence[R], ask: Callable[[Sequence[R]], Mapping[R, T]]) -> list[T]:
    """The first `PAGE` of what the reader sees: the next ones are asked for only where some were hidden, or gone."""
    seen: list[T] = []
    for start in range(0, len(refs), PAGE):
        some = refs[start : start + PAGE]
        known = ask(some)
        seen += [known[ref] for ref in some if ref in known]
        if len(seen) >= PAGE:
            break
    return seen[:PAGE]


def _incidents(look: Look, query: str) -> tuple[IncidentView, ...]:
    def ask(some: Sequence[str]) -> Mapping[str, IncidentView]:
        return {view.id: view for view in cases.incidents_of(look, some)}

    return tuple(_seen(_refs(look, "incident", query), ask))


def _notes(look: Look, query: str) -> tuple[FoundNote, ...]:
    def ask(some: Sequence[str]) -> Mapping[str, NoteRow]:
        return {row.id: row for row in look.session.exec(select(NoteRow).where(col(NoteRow.id).in_(some)))}

    shown = _seen(_refs(look, "note", query), ask)
    texts = look.vault.texts(look.session, (row.text_c for row in shown))
    return tuple(
        FoundNote(row.incident, cases.NoteView(row.id, texts[row.text_c], row.by, row.at))
        for row in shown
        if row.text_c in texts
    )


def _detections(look: Look, query: str) -> tuple[DetectionView, ...]:
    def ask(some: Sequence[int]) -> Mapping[int, DetectionRow]:
        rows = look.session.exec(select(DetectionRow).where(col(DetectionRow.id).in_(some)))
        return {row.id: row for row in rows if row.id is not None}

    shown = _seen([int(ref) for ref in _refs(look, "detection", query)], ask)
    return tuple(cases.detection_views(look, shown))
