"""Signing in and out, and whether all is well."""

from fastapi import APIRouter, Request, Response

from csirt.errors import Forbidden, NotSignedIn
from csirt.model.people import Person, Roster
from csirt.response import access, people
from csirt.web.addresses import API
from csirt.web.api.shapes import PersonGiven, SessionGiven, SignInTaken
from csirt.web.language import language_of
from csirt.web.session import AtDesk, SignedIn, drop_cookie, set_cookie
from csirt.web.sign_in import sign_in

router = APIRouter(prefix=API, tags=["session"])


@router.post("/session")
def open_session(request: Request, response: Response, taken: SignInTaken, desk: AtDesk) -> SessionGiven:
    """Sign in, with the code of the second factor where one is needed (401 `second_factor_needed`).

    Wrong passwords make the next try wait (429, `Retry-After`).
    """
    language = taken.language or language_of(request)
    person, new = sign_in(request, taken.uid, taken.password, language, taken.code)
    if new.stage is access.Stage.CODE:
        raise NotSignedIn("second_factor_needed")
    if new.stage is access.Stage.ENROL:
        raise Forbidden("second_factor_missing")
    set_cookie(response, desk, new.cookie)
    known = desk.look(lambda look: people.roster(look.session, look.vault))
    return SessionGiven(person=_person(person, known), csrf=new.csrf, language=language)


@router.get("/session")
def show_session(visit: SignedIn) -> SessionGiven:
    """Who is signed in, with the token that unsafe requests carry."""
    return SessionGiven(person=_person(visit.person, visit.known), csrf=visit.csrf, language=visit.language)


@router.delete("/session", status_code=204)
def close_session(response: Response, visit: SignedIn) -> None:
    """Sign out."""
    visit.desk.commit(visit.actor, access.sign_out, visit.cookie)
    drop_cookie(response, visit.desk)


def _person(person: Person, known: Roster) -> PersonGiven:
    return PersonGiven(
        id=person.id,
        uid=person.uid,
        name=person.name,
        title=person.title,
        roles=sorted(person.roles),
        posts=sorted(known.posts_of(person.id)),
    )
