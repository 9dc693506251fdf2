"""下書き: what people type is kept on the server while they type it, and shown again when they come back.

A small script sends it now and then; without one, a button does, and so does every form that comes back with errors. A
form sent after the session ran out is kept for whoever that session belonged to.
"""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from csirt.errors import CsirtError
from csirt.response import drafts
from csirt.store.queries.drafts import Draft, draft, drafts_at
from csirt.store.tx import Look
from csirt.texts.catalogs import catalog
from csirt.web.look import Phrasing
from csirt.web.pages.drawing import go, safe_path
from csirt.web.pages.forms import Sent, SentForm, kept_of, new_key
from csirt.web.session import Visit
from csirt.web.views.frame import Form

router = APIRouter(include_in_schema=False)


@router.post("/drafts")
def take_draft(request: Request, sent: SentForm) -> Response:
    """Keep what was typed. Field `draft` names the form; a script gets the sentence to show, others their page."""
    visit, place = sent.visit, sent.typed.get("draft", "")
    left_out = visit.desk.commit(visit.actor, drafts.keep, place, kept_of(sent.typed))
    words = catalog(visit.language)
    if "application/json" in request.headers.get("accept", ""):
        at = Phrasing(words).clock(visit.desk.clock.now())
        said = words.say("draft.kept_without" if left_out else "draft.kept", {"at": at})
        return JSONResponse({"said": said})
    return go(request, page_of(place), "draft_kept")


@router.post("/drafts/drop")
def take_drop(request: Request, sent: SentForm) -> Response:
    """Throw a draft away."""
    place = sent.typed.get("draft", "")
    sent.visit.desk.commit(sent.visit.actor, drafts.drop, place)
    return go(request, page_of(place), "draft_dropped")


def page_of(place: str) -> str:
    """The page on which a form stands."""
    for part in ("/notes", "/measures"):
        if place.endswith(part):
            return safe_path(place.removesuffix(part) + "#" + part[1:])
    return safe_path(place)


def begun(look: Look, visit: Visit, place: str) -> Form:
    """A form as it is opened: with what its reader has typed before, if they have."""
    return begun_at(look, visit, place)[0]


def begun_at(look: Look, visit: Visit, *places: str) -> list[Form]:
    """Several forms of one page, in this order."""
    found = drafts_at(look, visit.actor.id, places)
    return [_begun(place, found.get(place)) for place in places]


def _begun(place: str, found: Draft | None) -> Form:
    if found is None:
        return Form(key=new_key(), place=place)
    return Form(typed=found.fields, key=new_key(), place=place, drafted_at=found.saved_at)


def keep_faulty(sent: Sent, place: str) -> None:
    """A form came back with errors; what it held is not lost with the page."""
    try:
        sent.visit.desk.commit(sent.visit.actor, drafts.keep, place, kept_of(sent.typed))
    except CsirtError:
        return  # the page itself still shows all of it


def drop_sent(visit: Visit, place: str) -> None:
    """A form was sent: its draft is no longer needed."""
    if visit.desk.look(draft, visit.actor.id, place):
        visit.desk.commit(visit.actor, drafts.drop, place)
