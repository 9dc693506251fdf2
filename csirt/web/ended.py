"""A form sent after its session ran out: kept as a draft for whoever that session belonged to, and for nobody else."""

from collections.abc import Mapping

from fastapi import Request

from csirt.bootstrap import Desk
from csirt.errors import CsirtError
from csirt.response import access, drafts
from csirt.store.tx import Look
from csirt.web.session import Visit, check_csrf, cookie_of, desk_of, who_is

_DRAFTS = "/drafts"


def keep_of_ended(request: Request, csrf: str, typed: Mapping[str, str], form: str = "") -> bool:
    """Keep what was typed into a form of a session that ran out, if the form shows that session's token.

    A script that keeps drafts sends them to an address of their own and names the form.
    """
    desk, place = desk_of(request), form if request.url.path == _DRAFTS else request.url.path
    if not drafts.is_place(place):
        return False
    try:
        visit = _ended_visit(desk, request)
        check_csrf(visit, csrf)
        desk.commit(visit.actor, drafts.keep, place, typed)
    except CsirtError:
        return False  # nobody's, or not theirs to send: the page gives back what was typed
    return True


def _ended_visit(desk: Desk, request: Request) -> Visit:
    """Whose session it was. Raises `NotSignedIn` where they ended it themselves, or are gone."""
    cookie = cookie_of(request)

    def question(look: Look) -> Visit:
        row = access.ended_session_of(look.session, cookie)
        known = request.app.state.rosters.of(look)
        person, actor = who_is(row, known.today, desk.clock.now())
        return Visit(desk, person, actor, known.today, known.ever, row.language, row.csrf, cookie)

    return desk.look(question)
