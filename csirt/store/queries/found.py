"""What a search brings up, read through the session of who asks: what they may not see is not there."""

from dataclasses import dataclass

from sqlmodel import col, select

from csirt.guard import refuse_my_number
from csirt.model.incident import IncidentView
from csirt.store import search
from csirt.store.queries import cases
from csirt.store.queries.cases import DetectionView
from csirt.store.tables.cases import NoteRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tx import Look

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
    named = {view.id: view for view in cases.incidents_of(look, _refs(look, "incident", query))}
    incidents = tuple(named[ref] for ref in _refs(look, "incident", query) if ref in named)[:PAGE]
    notes, detections = _notes(look, query), _detections(look, query)
    about = {one.incident for one in notes} | {one.incident for one in detections if one.incident}
    around = {view.id: view for view in cases.incidents_of(look, about)}
    return Found(incidents, tuple(one for one in notes if one.incident in around), detections, around)


def _refs(look: Look, kind: str, query: str) -> list[str]:
    return [ref for _, ref in search.find(look.session, look.vault, kind, query, limit=_AT_ONCE)]


def _notes(look: Look, query: str) -> tuple[FoundNote, ...]:
    refs = _refs(look, "note", query)
    rows = {row.id: row for row in look.session.exec(select(NoteRow).where(col(NoteRow.id).in_(refs)))}
    shown = [rows[ref] for ref in refs if ref in rows][:PAGE]
    texts = look.vault.texts(look.session, (row.text_c for row in shown))
    return tuple(
        FoundNote(row.incident, cases.NoteView(row.id, texts[row.text_c], row.by, row.at))
        for row in shown
        if row.text_c in texts
    )


def _detections(look: Look, query: str) -> tuple[DetectionView, ...]:
    refs = [int(ref) for ref in _refs(look, "detection", query)]
    rows = {row.id: row for row in look.session.exec(select(DetectionRow).where(col(DetectionRow.id).in_(refs)))}
    return tuple(cases.detection_views(look, [rows[ref] for ref in refs if ref in rows][:PAGE]))
