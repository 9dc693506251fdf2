"""The second factor on its pages: its code at sign-in, and enrolling one."""

import io
from dataclasses import replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from csirt.errors import CsirtError, Forbidden, Invalid, NotFound, NotSignedIn
from csirt.model.people import Person
from csirt.response import access, second_factor
from csirt.store.tx import Look
from csirt.web.half_way import HalfWay, half_way
from csirt.web.look import View, draw
from csirt.web.pages.drawing import frame_of, go, safe_path, show
from csirt.web.pages.forms import Faults, Fields, kept_of
from csirt.web.session import Visit, check_token, open_visit, set_cookie
from csirt.web.sign_in import use_code
from csirt.web.views.account import CodePage, SecondFactorPage
from csirt.web.views.frame import Form

router = APIRouter(include_in_schema=False)

CODE, ENROL = "/sign-in/code", "/second-factor"
CODE_MOST = 20


def way_on(stage: access.Stage, back: str) -> str:
    """Where a sign-in that came so far goes on."""
    if stage is access.Stage.FULL:
        return back
    return f"{CODE if stage is access.Stage.CODE else ENROL}?{urlencode({'back': back})}"


@router.get(CODE)
def show_code(request: Request, back: str = "/") -> Response:
    """The page that asks for the code."""
    half = half_way(request, access.Stage.CODE)
    return _half(request, half, CodePage(back=safe_path(back)))


@router.post(CODE)
def take_code(request: Request, fields: Fields) -> Response:
    """The code came: a session begins."""
    half, typed = half_way(request, access.Stage.CODE), _typed(fields)
    check_token(half.csrf, typed.get("csrf", ""))
    back = safe_path(typed.get("back", "/"))
    try:
        use_code(request, half.person, typed.get("code", "")[:CODE_MOST])
    except (NotSignedIn, Forbidden) as error:
        page = CodePage(form=_wrong(typed, error), back=back)
        answer = _half(request, half, page, error.http)
        if seconds := error.params.get("seconds"):
            answer.headers["Retry-After"] = str(seconds)
        return answer
    return _enter(request, half, back)


@router.get(ENROL)
def show_enrol(request: Request, back: str = "/account") -> Response:
    """Enrolling a second factor, for who is signed in, and for who may not be before they have one."""
    who = _who(request)
    return _show(request, who, _page(who, safe_path(back)))


@router.post(ENROL)
def take_enrol(request: Request, fields: Fields) -> Response:
    """Begin with a new secret, or show a code of it."""
    who, typed = _who(request), _typed(fields)
    check_token(who.csrf, typed.get("csrf", ""))
    back = safe_path(typed.get("back", "/"))
    if typed.get("do") == "begin":
        who.desk.commit(who.actor, second_factor.begin)
        return go(request, f"{ENROL}?{urlencode({'back': back})}")
    try:
        who.desk.commit(who.actor, second_factor.enrol, typed.get("code", "")[:CODE_MOST])
    except (Invalid, NotFound) as error:
        page = replace(_page(who, back), form=_wrong(typed, error))
        return _show(request, who, page, error.http)
    if isinstance(who, HalfWay):
        return _enter(request, who, back)
    return go(request, "/account", "second_factor_enrolled")


def picture_of(secret: str, person: Person, city: str) -> str:
    """The QR code of a secret as an SVG, black on white in every look of the page, for it must be read."""
    import segno  # lazy: needed once in the life of an account

    code = segno.make(second_factor.address_for(secret, person.uid, city), error="m")
    out = io.BytesIO()
    code.save(out, kind="svg", xmldecl=False, svgns=False, scale=4, border=4, dark="#000", light="#fff", omitsize=True)
    return out.getvalue().decode()


def _who(request: Request) -> HalfWay | Visit:
    try:
        return half_way(request, access.Stage.ENROL)
    except NotSignedIn:
        return open_visit(request)


def _page(who: HalfWay | Visit, back: str) -> SecondFactorPage:
    def question(look: Look) -> tuple[str | None, bool]:
        return second_factor.pending(look, who.person.id), second_factor.is_enrolled(look.session, who.person.id)

    secret, has_one = who.desk.look(question)
    city = who.desk.door.city
    name = city.name_ja if who.language == "ja" else city.name_en
    return SecondFactorPage(
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)) if secret else "",
        picture=picture_of(secret, who.person, name) if secret else "",
        back=back,
        needed=isinstance(who, HalfWay),
        has_one=has_one,
    )


def _show(request: Request, who: HalfWay | Visit, page: SecondFactorPage, status: int = 200) -> Response:
    if isinstance(who, HalfWay):
        return _half(request, who, page, status)
    return show(request, who, page, "account", status=status, path=ENROL)


def _half(request: Request, half: HalfWay, view: View, status: int = 200) -> Response:
    frame = replace(frame_of(request, None, path="/sign-in"), csrf=half.csrf)
    return HTMLResponse(draw(frame, view), status)


def _enter(request: Request, half: HalfWay, back: str) -> Response:
    new = half.desk.commit(half.actor, access.complete, half.cookie)
    answer = go(request, back)
    set_cookie(answer, half.desk, new.cookie)
    return answer


def _typed(fields: Fields) -> dict[str, str]:
    return {name: values[-1] for name, values in fields.items()}


def _wrong(typed: dict[str, str], error: CsirtError) -> Form:
    faults = Faults()
    faults.add("code", error.code, **{name: value for name, value in error.params.items() if name != "field"})
    return Form(typed=kept_of(typed) | {"code": ""}, errors=faults.errors, params=faults.params)
