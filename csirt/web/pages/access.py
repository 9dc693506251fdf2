"""Looking after access: everybody's sessions, resets of second factors, the sealed account."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.model.authority import Permission, may
from csirt.response import access, sealed_account, second_factor
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.account import line_of
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, Sent, SentForm
from csirt.web.session import SignedIn, Visit
from csirt.web.views.account import Access, ResetLine
from csirt.web.views.frame import EMPTY_FORM, Form

router = APIRouter(include_in_schema=False)

HERE = "/access"


@router.get(HERE)
def show_access(request: Request, visit: SignedIn) -> Response:
    """Who is signed in, which resets wait, and whether there is a sealed account."""
    _must(visit)
    return show(request, visit, visit.desk.look(_access, visit, EMPTY_FORM), "account")


@router.post("/access/sessions/end")
def take_end(request: Request, sent: SentForm) -> Response:
    """End all sessions of somebody."""
    visit = sent.visit
    visit.desk.commit(visit.actor, access.end_all, _person(sent))
    return go(request, HERE, "sessions_ended")


@router.post("/access/resets")
def take_reset(request: Request, sent: SentForm) -> Response:
    """Ask that somebody's second factor be taken away."""
    visit, faults = sent.visit, Faults()
    try:
        visit.desk.commit(visit.actor, second_factor.ask_reset, _person(sent), sent.text("reason"))
    except (Invalid, NotFound, Conflict) as error:
        faults.of(error, frozenset({"uid", "reason"}))
        form = sent.again(faults.errors, faults.params)
        return show(request, visit, visit.desk.look(_access, visit, form), "account", status=Invalid.http, path=HERE)
    return go(request, HERE, "reset_asked")


@router.post("/access/resets/{id}")
def take_decision(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """A second person agrees, or does not."""
    agree = sent.text("decision") == "agree"
    sent.visit.desk.commit(sent.visit.actor, second_factor.decide_reset, id, agree=agree)
    return go(request, HERE, "reset_agreed" if agree else "reset_refused")


def _must(visit: Visit) -> None:
    if not (may(visit.actor, Permission.ADMINISTER) or may(visit.actor, Permission.RESET_SECOND_FACTOR)):
        raise Forbidden("not_permitted", permission=Permission.ADMINISTER.value)


def _person(sent: Sent) -> str:
    """The id of the person whose account was typed. Raises `NotFound`."""
    found = sent.visit.known.by_uid(sent.text("uid").casefold())
    if found is None:
        raise NotFound("person_unknown", field="uid")
    return found.id


def _access(look: Look, visit: Visit, form: Form) -> Access:
    words, me = Words(visit.desk, look, visit), visit.actor.id
    sealed = sealed_account.stored(look)
    ends = may(visit.actor, Permission.ADMINISTER)
    rows = access.sessions_of(look.session, None, visit.desk.clock.now()) if ends else []
    uids = {person.id: person.uid for person in visit.ever.people.values()}
    return Access(
        sessions=tuple(line_of(row, visit, words.name(row.person), uids.get(row.person, "")) for row in rows),
        resets=tuple(
            ResetLine(
                id=one.id, person=words.name(one.person), asked_by=words.name(one.asked_by), asked_at=one.asked_at,
                may_agree=me not in {one.asked_by, one.person},
            )
            for one in second_factor.waiting(look.session)
        ),
        sealed_made=sealed.made_at if sealed else None,
        sealed_used=sealed.used_at if sealed else None,
        may_end=ends,
        form=form,
    )  # fmt: skip
