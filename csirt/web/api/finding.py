"""Search over incidents, remarks and detections."""

from typing import Annotated

from fastapi import APIRouter, Query

from csirt.store.queries import found
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.detection_shapes import DetectionGiven
from csirt.web.api.shapes import Given, IncidentGiven, NoteGiven
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader

router = APIRouter(prefix=API, tags=["incidents"])


class FoundNoteGiven(NoteGiven):
    """A remark that was found, with its incident."""

    incident: str


class FoundGiven(Given):
    """The newest hits of each kind, those only that the reader may see."""

    incidents: list[IncidentGiven]
    notes: list[FoundNoteGiven]
    detections: list[DetectionGiven]


@router.get("/search")
def search(reader: IncidentReader, q: Annotated[str, Query(min_length=1, max_length=200)]) -> FoundGiven:
    """What holds every part of `q`: widths, cases and kana folded, Japanese also inside longer words."""

    def question(look: Look) -> FoundGiven:
        words, got = Words(reader.desk, look, reader), found.found(look, q)
        notes = [
            FoundNoteGiven.model_validate({**words.note(one.note).model_dump(), "incident": one.incident})
            for one in got.notes
        ]
        return FoundGiven(
            incidents=[words.incident(view) for view in got.incidents],
            notes=notes,
            detections=[words.detection(view) for view in got.detections],
        )

    return reader.desk.look(question)
