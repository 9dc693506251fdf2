"""Event streams (SSE) of the board and of each incident: they say that something changed, and end with the session."""

from collections.abc import AsyncIterator
from typing import Protocol

from fastapi import APIRouter, Request
from sqlmodel import col, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from csirt.errors import CsirtError
from csirt.response import access
from csirt.store.queries.cases import resolve_incident
from csirt.store.tables.record import LedgerIncidentRow, LedgerRow
from csirt.store.tx import Look
from csirt.web.live import ALL, MOST, Live
from csirt.web.refusals import TooFast
from csirt.web.session import IncidentReader, Visit

router = APIRouter(include_in_schema=False)

RETRY = 5000  # milliseconds after which a browser comes again


@router.get("/live")
def stream_board(request: Request, reader: IncidentReader) -> Response:
    """Tells that something was recorded, whatever it was."""
    return _stream(request, reader, ALL)


@router.get("/incidents/{name}/live")
def stream_incident(request: Request, name: str, reader: IncidentReader) -> Response:
    """Tells that something was recorded of this incident."""
    return _stream(request, reader, reader.desk.look(resolve_incident, name))


def _stream(request: Request, reader: Visit, name: str) -> Response:
    live: Live = request.app.state.live
    if live.number >= MOST:
        raise TooFast("too_many_listen", limit=MOST, seconds=RETRY // 1000)
    return StreamingResponse(events(live, reader, name), media_type="text/event-stream")


class Source(Protocol):
    """What says when to look."""

    def changes(self, name: str) -> AsyncIterator[bool]:
        """One value whenever something may have changed."""
        ...


async def events(live: Source, reader: Visit, name: str) -> AsyncIterator[str]:
    """The lines of a stream, each after a look at what this reader may see."""
    yield f"retry: {RETRY}\n\n"
    seen = await run_in_threadpool(_seen, reader, name)
    async for _ in live.changes(name):
        before, seen = seen, await run_in_threadpool(_seen, reader, name)
        if seen is None:
            yield "event: ended\ndata: session\n\n"
            return
        yield "event: changed\ndata: record\n\n" if seen != before else ": still here\n\n"


def _seen(reader: Visit, name: str) -> int | None:
    """How far the record has come as this reader sees it; listening alone does not prolong their session.

    None: the session is no longer that of somebody who is signed in, or the incident is hidden from them by now.
    What happens in a case that they may not see is no news to them, not even that it happened.
    """

    def question(look: Look) -> int:
        access.session_of(look.session, reader.cookie, reader.desk.clock.now())
        newest = select(LedgerRow.seq).order_by(col(LedgerRow.seq).desc()).limit(1)
        if name != ALL:
            resolve_incident(look, name)
            newest = select(LedgerIncidentRow.inc_seq).where(LedgerIncidentRow.inc == name)
        return look.session.exec(newest).first() or 0

    try:
        return reader.desk.look(question)
    except CsirtError:
        return None
