"""検知元: the page of sources."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.store.queries import sources
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import show
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.sources import SourceList, SourceRow

router = APIRouter()


@router.get("/sources")
def show_sources(request: Request, reader: IncidentReader) -> Response:
    """Every source, when it was heard last, and what came of it."""
    return show(request, reader, reader.desk.look(_sources, reader), "sources")


def _sources(look: Look, visit: Visit) -> SourceList:
    desk, words = visit.desk, Words(visit.desk, look, visit)
    now = desk.clock.now()
    return SourceList(
        rows=tuple(
            SourceRow(
                name=one.source.name,
                owner=words.name.post(one.source.owner),
                way=one.source.way,
                per_minute=one.source.per_minute,
                flood_from=one.source.flood_from,
                silent_after=one.source.silent_after,
                ignore_fields=one.source.ignore_fields,
                last_seen=one.last_seen,
                silent_since=one.silent_since,
                records=one.records,
                detections=one.detections,
                quarantined=one.quarantined,
                tokens=sum(token.is_live(now) for token in one.tokens),
            )
            for one in sources.sources(look, desk.door.city.sources, now)
        )
    )
