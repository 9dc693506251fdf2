"""Somebody on their way in: their password was right, their second factor is still to come."""

from dataclasses import dataclass

from fastapi import Request

from csirt.bootstrap import Desk
from csirt.errors import NotSignedIn
from csirt.model.people import Actor, Person
from csirt.response import access, people
from csirt.store.tables.access import SessionRow
from csirt.store.tx import Look
from csirt.web.session import cookie_of, desk_of


@dataclass(frozen=True, slots=True)
class HalfWay:
    """Who it will be, and the half session: its cookie, and the token that its forms carry."""

    desk: Desk
    person: Person
    actor: Actor
    cookie: str
    csrf: str
    language: str


def half_way(request: Request, stage: access.Stage) -> HalfWay:
    """Who has come so far. Raises `NotSignedIn`."""
    desk, cookie = desk_of(request), cookie_of(request)

    def question(look: Look) -> tuple[SessionRow, Person | None]:
        row = access.half_session_of(look.session, cookie, stage, desk.clock.now())
        return row, people.roster(look.session, look.vault).people.get(row.person)

    row, person = desk.look(question)
    if person is None:
        raise NotSignedIn("not_signed_in")
    return HalfWay(desk, person, Actor(person.id, row.auth), cookie, row.csrf, row.language)
