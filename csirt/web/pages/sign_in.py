"""Signing in and out, and the language of the pages."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import CsirtError, DirectoryUnavailable, Forbidden, NotSignedIn
from csirt.response import access
from csirt.texts.catalogs import LANGUAGES
from csirt.web.pages.drawing import go, keep_language, own_path, reader_language, safe_path, show
from csirt.web.pages.forms import Faults, Fields, SentForm, kept_of
from csirt.web.pages.second_factor import way_on
from csirt.web.session import MaybeSignedIn, check_csrf, desk_of, drop_cookie, set_cookie
from csirt.web.sign_in import sign_in
from csirt.web.views.frame import Form, SignIn

router = APIRouter(include_in_schema=False)

UID_MOST = 256
PASSWORD_MOST = 1024


@router.get("/sign-in")
def show_sign_in(request: Request, visit: MaybeSignedIn, back: str = "/") -> Response:
    """The page to sign in; who is signed in goes on."""
    if visit is not None:
        return go(request, safe_path(back))
    return show(request, None, SignIn(back=safe_path(back), oidc=desk_of(request).provider is not None))


@router.post("/sign-in")
def take_sign_in(request: Request, fields: Fields) -> Response:
    """Sign in and go on to where the reader wanted to."""
    typed = {name: values[-1] for name, values in fields.items()}
    back = safe_path(typed.get("back", "/"))
    uid, password = typed.get("uid", ""), typed.get("password", "")
    language = reader_language(request, None)
    faults = Faults()
    if not uid.strip():
        faults.add("uid", "uid_missing")
    if not password:
        faults.add("password", "password_missing")
    if faults.errors:
        return _again(request, typed, back, faults, 422)
    if len(uid) > UID_MOST or len(password) > PASSWORD_MOST:
        faults.add("form", "sign_in_failed")
        return _again(request, typed, back, faults, NotSignedIn.http)
    try:
        _, new = sign_in(request, uid, password, language)
    except (Forbidden, DirectoryUnavailable) as error:
        faults.add("form", error.code, **error.params)
        answer = _again(request, typed, back, faults, error.http)
        return _with_wait(answer, error)
    answer = go(request, way_on(new.stage, back))
    set_cookie(answer, desk_of(request), new.cookie)
    return answer


def _again(request: Request, typed: dict[str, str], back: str, faults: Faults, status: int) -> Response:
    form = Form(typed=kept_of(typed), errors=faults.errors, params=faults.params)
    return show(
        request,
        None,
        SignIn(form=form, back=back, oidc=desk_of(request).provider is not None),
        status=status,
        path="/sign-in",
    )


def _with_wait(answer: Response, error: CsirtError) -> Response:
    if seconds := error.params.get("seconds"):
        answer.headers["Retry-After"] = str(seconds)
    return answer


@router.post("/sign-out")
def take_sign_out(request: Request, sent: SentForm) -> Response:
    """End the session."""
    sent.visit.desk.commit(sent.visit.actor, access.sign_out, sent.visit.cookie)
    answer = go(request, "/sign-in", "signed_out")
    drop_cookie(answer, sent.visit.desk)
    keep_language(answer, request, sent.visit.language)
    return answer


@router.post("/language")
def take_language(request: Request, fields: Fields, visit: MaybeSignedIn) -> Response:
    """Switch the language: kept with the session, or with the browser while nobody is signed in."""
    typed = {name: values[-1] for name, values in fields.items()}
    language, back = typed.get("language", ""), typed.get("back", "/")
    answer = go(request, own_path(back))
    if language not in LANGUAGES:
        return answer
    if visit is None:
        keep_language(answer, request, language)
    else:
        check_csrf(visit, typed.get("csrf", ""))
        visit.desk.commit(visit.actor, access.touch, visit.cookie, language)
    return answer
