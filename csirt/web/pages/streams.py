"""Event streams (SSE) of the board and of each incident: they say that something changed, and end with the session."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from csirt.errors import CsirtError
from csirt.response import access
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.live import ALL, MOST, Live
from csirt.web.refusals import TooFast
from csirt.web.session import IncidentReader, Visit

router = APIRouter()

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
    return StreamingResponse(_events(live, reader, name), media_type="text/event-stream")


async def _events(live: Live, reader: Visit, name: str) -> AsyncIterator[str]:
    yield f"retry: {RETRY}\n\n"
    async for changed in live.changes(name):
        if not await run_in_threadpool(_stands, reader):
            yield "event: ended\ndata: session\n\n"
            return
        yield "event: changed\ndata: record\n\n" if changed else ": still here\n\n"


def _stands(reader: Visit) -> bool:
    """Is the session still that of somebody who is signed in? Listening alone does not prolong it."""

    def question(look: Look) -> bool:
        access.session_of(look.session, reader.cookie, reader.desk.clock.now())
        return True

    try:
        return reader.desk.look(question)
    except CsirtError:
        return False
