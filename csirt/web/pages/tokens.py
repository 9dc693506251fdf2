"""APIトークン: list, make (shown once), exchange with an overlap, revoke."""

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Conflict, Invalid
from csirt.model.authority import Permission, Scope, must
from csirt.response import tokens
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, Sent, SentForm
from csirt.web.session import SignedIn, Visit
from csirt.web.views.frame import EMPTY_FORM, Form
from csirt.web.views.tokens import TokenRow, Tokens

router = APIRouter(include_in_schema=False)

HERE = "/access/tokens"
NAMES = frozenset({"name", "scopes", "days", "addresses", "overlap"})
_SCOPES = tuple(scope.value for scope in Scope)


@router.get(HERE)
def show_tokens(request: Request, visit: SignedIn) -> Response:
    """Every token there ever was, and the form that makes one."""
    must(visit.actor, Permission.ADMINISTER)
    return show(request, visit, visit.desk.look(_tokens, visit), "account")


@router.post(HERE)
def take_token(request: Request, sent: SentForm) -> Response:
    """Make a token and show it, this once; a faulty form comes back."""
    visit, faults = sent.visit, Faults()
    must(visit.actor, Permission.ISSUE_TOKEN)
    lives, addresses = _days(sent, "days", faults), sent.text("addresses").replace(",", " ").split()
    if not faults.errors:
        try:
            _, secret = visit.desk.commit(
                visit.actor, tokens.make, sent.text("name"), sent.many.get("scopes", ()), lives=lives,
                addresses=addresses,
            )  # fmt: skip
            return show(request, visit, visit.desk.look(_tokens, visit, secret=secret), "account", path=HERE)
        except (Invalid, Conflict) as error:
            faults.of(error, NAMES)
    chosen, form = frozenset(sent.many.get("scopes", ())), sent.again(faults.errors, faults.params)
    view = visit.desk.look(_tokens, visit, form=form, chosen=chosen)
    return show(request, visit, view, "account", status=Invalid.http, path=HERE)


@router.post("/access/tokens/{id}/rotation")
def take_rotation(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """Make another token like it and show it, this once; the old ones go on for a day."""
    visit = sent.visit
    _, secret = visit.desk.commit(visit.actor, tokens.rotate, id, lives=timedelta(days=365), overlap=timedelta(days=1))
    return show(request, visit, visit.desk.look(_tokens, visit, secret=secret), "account", path=HERE)


@router.post("/access/tokens/{id}/revocation")
def take_revocation(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - as above
    """Make a token worthless at once."""
    sent.visit.desk.commit(sent.visit.actor, tokens.revoke, id)
    return go(request, HERE, "token_revoked")


def _days(sent: Sent, name: str, faults: Faults) -> timedelta:
    text = sent.text(name)
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= tokens.LONGEST.days):
        faults.add(name, "expiry_invalid")
        return timedelta()
    return timedelta(days=int(text))


def _tokens(
    look: Look, visit: Visit, *, secret: str = "", form: Form = EMPTY_FORM, chosen: frozenset[str] = frozenset()
) -> Tokens:
    words, now = Words(visit.desk, look, visit), visit.desk.clock.now()
    return Tokens(
        rows=tuple(
            TokenRow(
                id=one.id, name=one.name, scopes=one.scopes, addresses=one.addresses,
                created_by=words.name(one.created_by), created_at=one.created_at, expires_at=one.expires_at,
                revoked=one.revoked_at is not None, live=one.is_live(now),
            )
            for one in tokens.all_of(look)
        ),
        scopes=_SCOPES,
        chosen=chosen,
        secret=secret,
        form=form,
    )  # fmt: skip
