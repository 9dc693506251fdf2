"""An error as a page; for somebody who is not signed in, the way to the sign-in page and back."""

from urllib.parse import urlencode

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from csirt.errors import CsirtError, NotSignedIn, StepUpNeeded
from csirt.web.pages.drawing import HOME, go, path_of, safe_path, show
from csirt.web.session import SAFE, Visit, open_visit
from csirt.web.views.frame import Problem

_FORMS = ("/incidents/new/", "/assignments/", "/call-sheets/", "/waiting")  # their pages have the address of the form
_OUTSIDE_ROUTES = frozenset({"page_unknown", "method_unknown"})


def draw_problem(request: Request, error: CsirtError, reference: str) -> Response:
    """What a page says instead of what was asked for. What was typed into a form is given back to be copied."""
    away = isinstance(error, NotSignedIn)
    if away and request.method in SAFE:
        return go(request, _sign_in(safe_path(path_of(request))))
    if isinstance(error, StepUpNeeded) and request.method in SAFE:
        return go(request, step_up(safe_path(path_of(request))))
    visit = None if away else _visit(request, error)
    typed: dict[str, str] = getattr(request.state, "typed", {})
    problem = Problem(
        status=error.http,
        code=error.code,
        params=error.params,
        reference=reference,
        draft_kept=getattr(request.state, "draft_kept", False),
        kept=tuple(text for text in typed.values() if text.strip()),
        sign_in=_sign_in(_referrer(request)) if away else "",
        step_up=step_up(_referrer(request)) if isinstance(error, StepUpNeeded) else "",
    )
    return show(request, visit, problem, status=error.http)


def _sign_in(back: str) -> str:
    return "/sign-in" if back == HOME else f"/sign-in?{urlencode({'back': back})}"


def step_up(back: str) -> str:
    """The page to prove again who one is, and the way back."""
    return f"/step-up?{urlencode({'back': back})}"


def _referrer(request: Request) -> str:
    """Where the form stood, as far as its address tells: the page of the thing that it was sent to."""
    path = request.url.path
    if path == "/incidents":
        return "/incidents/report"
    for part in ("/notes", "/measures"):
        if path.startswith("/incidents/") and path.endswith(part):
            return safe_path(path.removesuffix(part))
    return safe_path(path) if path.startswith(_FORMS) else HOME


def _visit(request: Request, error: CsirtError) -> Visit | None:
    """Who asks; looked up where no route did, so that an unknown address still has its navigation."""
    found: Visit | None = getattr(request.state, "visit", None)
    if found is not None or error.code not in _OUTSIDE_ROUTES:
        return found
    try:
        return open_visit(request)
    except (CsirtError, SQLAlchemyError):
        return None
