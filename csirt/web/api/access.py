"""Access: one's own sessions and second factor, and what those may do who look after everybody's."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import StringConstraints

from csirt.errors import NotFound
from csirt.model.authority import Permission, must
from csirt.response import access, second_factor
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import Given, IdGiven, Taken, Text
from csirt.web.session import SignedIn, Visit, drop_cookie
from csirt.web.sign_in import prove

router = APIRouter(prefix=API, tags=["access"])

Digits = Annotated[str, StringConstraints(max_length=20)]


class ProofTaken(Taken):
    """Who one is, once more. `code` where one has a second factor."""

    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    code: Digits = ""


class CodeTaken(Taken):
    """A code of the secret that is to become the second factor."""

    code: Digits


class SecretGiven(Given):
    """A new secret; `uri` is what authenticator applications read."""

    secret: str
    uri: str


class SessionLineGiven(Given):
    """A live session."""

    person: str
    auth: str
    opened_at: datetime
    last_at: datetime
    here: bool


class EndedGiven(Given):
    """How many sessions were ended."""

    sessions: int


class ResetTaken(Taken):
    """Why a second factor is to be taken away."""

    reason: Text


class ResetGiven(Given):
    """A reset that waits for a second person."""

    id: str
    person: str
    asked_by: str
    asked_at: datetime


class DecisionTaken(Taken):
    """Whether the second person agrees."""

    agree: bool


@router.post("/session/proof", status_code=204)
def prove_identity(request: Request, taken: ProofTaken, who: SignedIn) -> None:
    """Prove again who one is; grave acts ask for it (403 `step_up_needed`). It holds for five minutes."""
    prove(request, who, taken.password, taken.code)


@router.get("/session/all")
def list_own_sessions(who: SignedIn) -> list[SessionLineGiven]:
    """Where one is signed in."""
    return who.desk.look(_sessions, who, who.person.id)


@router.delete("/session/all")
def end_own_sessions(response: Response, who: SignedIn) -> EndedGiven:
    """Sign out everywhere, here too."""
    ended = who.desk.commit(who.actor, access.end_all, who.person.id)
    drop_cookie(response, who.desk)
    return EndedGiven(sessions=ended)


@router.post("/session/second-factor", status_code=201)
def begin_second_factor(who: SignedIn) -> SecretGiven:
    """Begin to enrol a second factor; it counts once a code of it was shown."""
    secret = who.desk.commit(who.actor, second_factor.begin)
    uri = second_factor.address_for(secret, who.person.uid, who.desk.door.city.name_ja)
    return SecretGiven(secret=secret, uri=uri)


@router.post("/session/second-factor/code", status_code=204)
def enrol_second_factor(taken: CodeTaken, who: SignedIn) -> None:
    """Show a code of the new secret: from now on it is the second factor."""
    who.desk.commit(who.actor, second_factor.enrol, taken.code)


@router.get("/access/sessions")
def list_sessions(who: SignedIn) -> list[SessionLineGiven]:
    """Everybody who is signed in, for the administrator."""
    must(who.actor, Permission.ADMINISTER)
    return who.desk.look(_sessions, who, None)


@router.delete("/access/sessions/{uid}")
def end_sessions(uid: str, who: SignedIn) -> EndedGiven:
    """End all sessions of an account."""
    must(who.actor, Permission.ADMINISTER)
    return EndedGiven(sessions=who.desk.commit(who.actor, access.end_all, _person(who, uid)))


@router.get("/access/resets")
def list_resets(who: SignedIn) -> list[ResetGiven]:
    """Resets of second factors that wait for a second person."""
    _must_look_after(who)
    return [ResetGiven.model_validate(one) for one in who.desk.look(lambda look: second_factor.waiting(look.session))]


@router.post("/access/resets/of/{uid}", status_code=201)
def ask_reset(uid: str, taken: ResetTaken, who: SignedIn) -> IdGiven:
    """Ask that an account's second factor be taken away: the telephone is gone."""
    _must_look_after(who)
    return IdGiven(id=who.desk.commit(who.actor, second_factor.ask_reset, _person(who, uid), taken.reason))


@router.post("/access/resets/{id}", status_code=204)
def decide_reset(id: str, taken: DecisionTaken, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """Agree, or do not. Whoever asked does not agree."""
    who.desk.commit(who.actor, second_factor.decide_reset, id, agree=taken.agree)


def _must_look_after(who: Visit) -> None:
    must(who.actor, Permission.RESET_SECOND_FACTOR)


def _person(who: Visit, uid: str) -> str:
    found = who.known.by_uid(uid.casefold())
    if found is None:
        raise NotFound("person_unknown")
    return found.id


def _sessions(look: Look, who: Visit, person: str | None) -> list[SessionLineGiven]:
    rows = access.sessions_of(look.session, person, who.desk.clock.now())
    return [
        SessionLineGiven(
            person=row.person, auth=row.auth, opened_at=row.opened_at, last_at=row.last_at,
            here=row.sid == who.actor.sid,
        )
        for row in rows
    ]  # fmt: skip
