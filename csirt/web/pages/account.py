"""One's own access: sessions, the second factor, and proving again who one is."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import DirectoryUnavailable, Forbidden
from csirt.model.authority import Permission, may
from csirt.response import access, second_factor
from csirt.store.tables.access import SessionRow
from csirt.store.tx import Look
from csirt.web.pages.drawing import go, keep_language, safe_path, show
from csirt.web.pages.forms import Faults, SentForm
from csirt.web.pages.second_factor import CODE_MOST
from csirt.web.session import SignedIn, Visit, drop_cookie
from csirt.web.sign_in import prove
from csirt.web.views.account import Account, SessionLine, StepUp
from csirt.web.views.frame import EMPTY_FORM, Form

router = APIRouter(include_in_schema=False)

PASSWORD_MOST = 1024


@router.get("/account")
def show_account(request: Request, visit: SignedIn) -> Response:
    """Where one is signed in, and the second factor."""
    return show(request, visit, visit.desk.look(_account, visit), "account")


@router.post("/account/sign-out")
def take_sign_out_everywhere(request: Request, sent: SentForm) -> Response:
    """End all sessions of one's own, this one too."""
    visit = sent.visit
    visit.desk.commit(visit.actor, access.end_all, visit.person.id)
    answer = go(request, "/sign-in", "signed_out_everywhere")
    drop_cookie(answer, visit.desk)
    keep_language(answer, request, visit.language)
    return answer


@router.get("/step-up")
def show_step_up(request: Request, visit: SignedIn, back: str = "/") -> Response:
    """The page that asks again who one is."""
    return show(request, visit, _step_up(visit, safe_path(back), EMPTY_FORM))


@router.post("/step-up")
def take_step_up(request: Request, sent: SentForm) -> Response:
    """Password, and code where there is a second factor: back to where it was needed."""
    back, faults = safe_path(sent.text("back")), Faults()
    password = sent.typed.get("password", "")
    if not password:
        faults.add("password", "password_missing")
        return _again(request, sent.visit, back, faults, 422)
    try:
        prove(request, sent.visit, password[: PASSWORD_MOST + 1], sent.text("code")[:CODE_MOST])
    except (Forbidden, DirectoryUnavailable) as error:
        place = "code" if error.code == "second_factor_wrong" else "form"
        faults.add(place, error.code, **error.params)
        answer = _again(request, sent.visit, back, faults, 422 if error.http == 401 else error.http)
        if seconds := error.params.get("seconds"):
            answer.headers["Retry-After"] = str(seconds)
        return answer
    return go(request, back, "proved")


def _again(request: Request, visit: Visit, back: str, faults: Faults, status: int) -> Response:
    form = Form(errors=faults.errors, params=faults.params)
    path = f"/step-up?{urlencode({'back': back})}"
    return show(request, visit, _step_up(visit, back, form), status=status, path=path)


def _step_up(visit: Visit, back: str, form: Form) -> StepUp:
    with_code = visit.desk.look(lambda look: second_factor.is_enrolled(look.session, visit.person.id))
    oidc = visit.desk.provider is not None
    return StepUp(form=form, back=back, with_code=with_code, uid=visit.person.uid, oidc=oidc)


def _account(look: Look, visit: Visit) -> Account:
    rows = access.sessions_of(look.session, visit.person.id, visit.desk.clock.now())
    return Account(
        sessions=tuple(line_of(row, visit) for row in rows),
        has_factor=second_factor.is_enrolled(look.session, visit.person.id),
        may_administer=may(visit.actor, Permission.ADMINISTER) or may(visit.actor, Permission.RESET_SECOND_FACTOR),
    )


def line_of(row: SessionRow, visit: Visit, person: str = "", uid: str = "") -> SessionLine:
    """A session as a line of a list."""
    here = row.sid == visit.actor.sid
    return SessionLine(opened_at=row.opened_at, last_at=row.last_at, auth=row.auth, here=here, person=person, uid=uid)
