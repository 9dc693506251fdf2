"""Signing in, and proving again who one is, on the page of the city's identity provider.

What only this browser may know lies sealed in a cookie of ten minutes until it comes back: state, nonce, verifier.
"""

import base64
import binascii
import hmac
from typing import TYPE_CHECKING, Annotated

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from csirt.bootstrap import Desk
from csirt.directory.entries import account_name
from csirt.errors import CsirtError, NotFound, NotSignedIn, Untrusted
from csirt.model.people import SYSTEM
from csirt.response import access
from csirt.web.pages.drawing import go, reader_language, safe_path, show
from csirt.web.pages.second_factor import way_on
from csirt.web.session import Visit, desk_of, is_tls, maybe_visit, set_cookie
from csirt.web.sign_in import enter_by_claims, tries_of, wait
from csirt.web.views.frame import Form, SignIn

if TYPE_CHECKING:
    from csirt.directory.oidc import Provider  # needs the extra `oidc`

router = APIRouter(include_in_schema=False)

BACK = "/sign-in/oidc/back"
LABEL = "oidc"
SECONDS = 600
Asked = Annotated[str, Query(max_length=2000)]


@router.get("/sign-in/oidc")
def begin_oidc(request: Request, back: str = "/", *, again: bool = False) -> Response:
    """On to the provider's page; `again` to prove who one is."""
    desk = desk_of(request)
    begun = _provider(desk).begin(_address(desk), again=again)
    answer = go(request, begun.url)
    kept = {"state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier, "back": safe_path(back),
            "again": again, "until": int(desk.clock.now().timestamp()) + SECONDS}  # fmt: skip
    sealed = base64.urlsafe_b64encode(desk.door.vault.wrap(orjson.dumps(kept), LABEL)).decode()
    answer.set_cookie(_cookie(desk), sealed, max_age=SECONDS, path="/", secure=is_tls(desk), httponly=True,
                      samesite="lax")  # fmt: skip
    return answer


@router.get(BACK)
def end_oidc(request: Request, state: Asked = "", code: Asked = "", iss: Asked = "", error: Asked = "") -> Response:
    """The browser is back with a code: a session begins, or a proof is noted. Each counts once."""
    desk = desk_of(request)
    try:
        answer = _enter(request, desk, state, code, iss, error)
    except CsirtError as wrong:
        if isinstance(wrong, NotSignedIn):
            desk.commit(SYSTEM, access.refuse, tries_of(request, LABEL), wrong.code)
        form = Form(errors={"form": wrong.code}, params=wrong.params)
        view = SignIn(form=form, oidc=True)
        answer = show(request, None, view, status=wrong.http, path="/sign-in")
    answer.delete_cookie(_cookie(desk), path="/", secure=is_tls(desk), httponly=True, samesite="lax")
    return answer


def _enter(request: Request, desk: Desk, state: str, code: str, iss: str, error: str) -> Response:
    provider, kept = _provider(desk), _kept(request, desk)
    wait(desk, tries_of(request, LABEL))
    issuer = provider.client.issuer
    ours = hmac.compare_digest(state.encode(), str(kept["state"]).encode())
    if error or not code or not ours or (iss and iss != issuer):
        raise NotSignedIn("oidc_refused")
    again = bool(kept["again"])
    begun = provider.begun(str(kept["state"]), str(kept["nonce"]), str(kept["verifier"]))
    claims = provider.finish(begun, code, _address(desk), again=again)
    if again:
        return _prove(request, desk, account_name(claims.uid) or "", str(kept["back"]))
    new = enter_by_claims(request, claims, reader_language(request, None))
    answer = go(request, way_on(new.stage, str(kept["back"])))
    set_cookie(answer, desk, new.cookie)
    return answer


def _prove(request: Request, desk: Desk, uid: str, back: str) -> Response:
    visit: Visit | None = maybe_visit(request)
    if visit is None or visit.person.uid.casefold() != uid.casefold():
        raise NotSignedIn("oidc_refused")
    desk.commit(visit.actor, access.prove, visit.cookie)
    return go(request, safe_path(back), "proved")


def _kept(request: Request, desk: Desk) -> dict[str, object]:
    """What this browser was given when it left. Raises `NotSignedIn` where there is nothing, or it is too old."""
    try:
        sealed = base64.urlsafe_b64decode(request.cookies.get(_cookie(desk), "")[:4000])
        kept: dict[str, object] = orjson.loads(desk.door.vault.unwrap(sealed, LABEL))
    except (Untrusted, ValueError, binascii.Error):
        raise NotSignedIn("oidc_refused") from None
    until = kept["until"]
    if not isinstance(until, int) or until < desk.clock.now().timestamp():
        raise NotSignedIn("oidc_refused")
    return kept


def _provider(desk: Desk) -> "Provider":
    if desk.provider is None:
        raise NotFound("page_unknown")
    return desk.provider


def _address(desk: Desk) -> str:
    """Where the provider sends the browser back to: our own address as people type it, never one from the request."""
    return f"{desk.door.city.base_url.rstrip('/')}{BACK}"


def _cookie(desk: Desk) -> str:
    return "__Host-csirt-oidc" if is_tls(desk) else "csirt-oidc"
