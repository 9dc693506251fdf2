"""How a handler answers: a drawn page with its frame, or a redirect to the next page with a notice."""

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from csirt.bootstrap import Desk
from csirt.model.authority import Permission, may
from csirt.model.people import Actor, Role
from csirt.texts.catalogs import LANGUAGES
from csirt.web.language import language_of
from csirt.web.look import View, draw
from csirt.web.session import Visit, desk_of, is_tls
from csirt.web.views.frame import Frame

HOME = "/"
SEE_OTHER = 303  # after a form: the browser fetches the next page with GET (RFC 9110, section 15.4.4)
NOTICE = "csirt-notice"
NOTICE_SECONDS = 60
LANGUAGE = "csirt-language"
LANGUAGE_SECONDS = 365 * 24 * 3600
NOTICES = frozenset(
    {
        "acknowledged", "answered", "call_recorded", "chain_started", "decided", "evidence_added", "joined",
        "draft_dropped", "draft_kept", "seal_changed", "glass_broken", "ignore_rule_made", "ignore_rule_ended",
        "evidence_handed_over", "facts_stated", "quarantine_read", "erasure_proposed", "erasure_rejected", "erased",
        "measure_added", "measure_ended", "merged", "note_added", "closed", "opened", "run_moved", "type_set",
        "set_aside", "signed_out",
        "proved", "reset_agreed", "reset_asked", "reset_refused", "second_factor_enrolled", "sessions_ended",
        "signed_out_everywhere", "token_revoked", "duty_reported", "duty_waived", "level_set", "unmerged",
        "report_drafted", "report_queued", "report_returned", "report_sent", "report_stamped",
        "shift_note_left", "shift_note_seen", "absence_entered", "absence_ended", "errand_asked", "errand_waived",
        "step_claim", "step_hand_over", "step_take_back", "step_give_back", "step_cannot", "step_send_back",
        "handover_entered", "handover_cancelled", "contact_confirmed",
    }
)  # fmt: skip

# One slash, then anything but a second one: `//host` and `/\host` would lead to another site.
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,1000}")
_NO_RETURN = ("/sign-in", "/step-up", "/second-factor", "/account/", "/sign-out", "/language", "/api/", "/static/")


def own_path(path: str) -> str:
    """A path on this site, else the first page."""
    return path if _PATH.fullmatch(path) else HOME


def safe_path(path: str) -> str:
    """A page of ours to return to, else the first one."""
    return HOME if path.startswith(_NO_RETURN) else own_path(path)


def path_of(request: Request) -> str:
    """The address of a page that was asked for, without the host and without `lang`."""
    query = urlencode([pair for pair in parse_qsl(request.url.query) if pair[0] != "lang"])
    return own_path(quote(request.url.path) + (f"?{query}" if query else ""))


def reader_language(request: Request, visit: Visit | None) -> str:
    """The language of who reads: that of their session, or the one that their browser keeps or asks for."""
    if visit is not None:
        return visit.language
    return language_of(request, request.cookies.get(LANGUAGE))


def navigation(actor: Actor) -> tuple[str, ...]:
    """The main pages that somebody may use."""
    reads = may(actor, Permission.READ_INCIDENTS)
    allowed: Mapping[str, bool] = {
        "board": reads,
        "assignments": reads and may(actor, Permission.ANSWER_STEP),
        "open_incident": may(actor, Permission.OPEN_INCIDENT),
        "chains": reads,
        "playbooks": reads,
        "audit": may(actor, Permission.READ_RECORD),
        "administration": may(actor, Permission.ADMINISTER),
    }
    return tuple(name for name, shown in allowed.items() if shown)


def frame_of(request: Request, visit: Visit | None, here: str = "", path: str = "", notice: str = "") -> Frame:
    """What surrounds a page. `path` is where the language switch returns to, where that is not the page itself."""
    desk: Desk = desk_of(request)
    city = desk.door.city
    language = reader_language(request, visit)
    around = Frame(
        language=language,
        city=city.name_ja if language == "ja" else city.name_en,
        now=desk.clock.now(),
        path=path or (path_of(request) if request.method == "GET" else HOME),
        here=here,
        sample=city.sample,
        directory=desk.directory.name,
        notice=f"notice.{notice}" if notice else "",
    )
    if visit is None:
        return around
    return replace(
        around,
        csrf=visit.csrf,
        name=visit.person.name,
        roles=tuple(sorted(visit.actor.roles)),
        nav=navigation(visit.actor),
        read_only=Role.AUDITOR in visit.actor.roles,
        copy_since=visit.copy_since,
    )


def show(
    request: Request, visit: Visit | None, view: View, here: str = "", *, status: int = 200, path: str = ""
) -> Response:
    """A drawn page. A notice that the last deed left is shown with it, once."""
    kept = request.cookies.get(NOTICE, "")
    notice = kept if kept in NOTICES and status == 200 else ""
    page = HTMLResponse(draw(frame_of(request, visit, here, path, notice), view), status)
    if kept and status == 200:
        page.delete_cookie(NOTICE, path="/", httponly=True, samesite="lax")
    return page


def go(request: Request, path: str, notice: str = "") -> Response:
    """On to another page of ours, which says once what was done."""
    answer = RedirectResponse(path, SEE_OTHER)
    if notice:
        _keep(answer, request, NOTICE, notice, NOTICE_SECONDS)
    return answer


def keep_language(response: Response, request: Request, language: str) -> None:
    """Remember the language of a browser that nobody is signed in with."""
    if language in LANGUAGES:
        _keep(response, request, LANGUAGE, language, LANGUAGE_SECONDS)


def _keep(response: Response, request: Request, name: str, value: str, seconds: int) -> None:
    secure = is_tls(desk_of(request))
    response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")
