"""How the desk itself is: the page for people, and one word for whoever watches from outside."""

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from csirt.model.health import PartState, worst
from csirt.texts.catalogs import catalog
from csirt.texts.health import tell
from csirt.web.pages.drawing import show
from csirt.web.session import AtDesk, SignedIn
from csirt.web.views.health import Health
from csirt.wellness import check

router = APIRouter(include_in_schema=False)

KEPT = timedelta(seconds=2)  # anybody may ask: not more often than this is really looked


@router.get("/health")
def show_health(request: Request, visit: SignedIn) -> Response:
    """Each part, since when it is so, and what to do."""
    found = check(visit.desk)
    speech = catalog(visit.language)
    view = Health(whole=worst(found), parts=tuple(tell(speech, one) for one in found))
    return show(request, visit, view, "health")


@router.get("/healthz")
def say_health(request: Request, desk: AtDesk) -> Response:
    """`ok`, or `not ok` with 503: that much anybody may know."""
    now, kept = desk.clock.now(), request.app.state.health
    if kept is None or now - kept[0] > KEPT:
        kept = request.app.state.health = (now, worst(check(desk)) is not PartState.DOWN)
    return PlainTextResponse("ok\n") if kept[1] else PlainTextResponse("not ok\n", status_code=503)
