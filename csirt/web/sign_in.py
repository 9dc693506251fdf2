"""Signing in: back-off, the directory's word, a session. Used by the page and by the API alike."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address

from fastapi import Request

from csirt.bootstrap import Desk
from csirt.errors import Forbidden, NotSignedIn
from csirt.model.people import SYSTEM, Person, Roster
from csirt.response import access, people
from csirt.store.tx import Look
from csirt.web.refusals import TooManyTries

AT_ONCE = 16  # sign-ins that may wait for the directory; the other threads go on serving


class Gate:
    """Lets one try at a time through for each account, so that no burst slips past the back-off."""

    def __init__(self) -> None:
        """One gate for each application."""
        self._lock = threading.Lock()
        self._inside: set[str] = set()

    @contextmanager
    def enter(self, account: str) -> Iterator[None]:
        """Raises `TooManyTries` while another try for this account is under way, or too many in all."""
        with self._lock:
            if account in self._inside or len(self._inside) >= AT_ONCE:
                raise TooManyTries("too_many_tries", seconds=1)
            self._inside.add(account)
        try:
            yield
        finally:
            with self._lock:
                self._inside.discard(account)


def sign_in(request: Request, uid: str, password: str, language: str) -> tuple[Person, access.SignedIn]:
    """Check a password and begin a session; blocks while the directory answers, so call it in a thread.

    Raises:
        TooManyTries: too many wrong passwords for this account or from this address; `seconds` says how long to wait.
        NotSignedIn: `sign_in_failed`: no such account, or another password.
        Forbidden: `sign_in_no_role`: the person has neither role nor post, so there is nothing here for them.
        DirectoryUnavailable: no directory server answered.
    """
    desk: Desk = request.app.state.desk
    gate: Gate = request.app.state.gate
    account = uid.strip().casefold()
    keys = (f"account:{account}", f"address:{address_of(request)}")
    with gate.enter(account):
        _wait(desk, keys)
        person = desk.directory.authenticate(uid, password)
        if person is None:
            desk.commit(SYSTEM, access.refuse, keys, "sign_in_failed")
            raise NotSignedIn("sign_in_failed")
        known = _fresh_roster(desk, person)
        actor = people.actor_of(person, known, desk.directory.name)
        if not actor.roles and not actor.posts:
            desk.commit(SYSTEM, access.refuse, keys, "sign_in_no_role")
            raise Forbidden("sign_in_no_role")
        desk.commit(SYSTEM, access.forget_tries, keys)
        return person, desk.commit(actor, access.sign_in, person, desk.directory.name, language)


def address_of(request: Request) -> str:
    """Where a request came from. A proxy on this machine, which `base_url` tells of, adds the address that it saw."""
    desk: Desk = request.app.state.desk
    peer = request.client.host if request.client else ""
    if desk.settings.base_url and is_loopback(peer):
        told = request.headers.get("x-forwarded-for", "").rsplit(",", 1)[-1].strip()
        return told[:64] or peer
    return peer


def is_loopback(host: str) -> bool:
    """Does this address, or name, mean this machine only?"""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _wait(desk: Desk, keys: tuple[str, ...]) -> None:
    now = desk.clock.now()

    def question(look: Look) -> timedelta:
        return access.wait_before_try(look.session, keys, now)

    left = desk.look(question)
    if left > timedelta():
        raise TooManyTries("too_many_tries", seconds=int(left.total_seconds()) + 1)


def _fresh_roster(desk: Desk, person: Person) -> Roster:
    """The roster, read anew from the directory if it does not know this person as they are now."""

    def question(look: Look) -> Roster:
        return people.roster(look.session, look.vault)

    known = desk.look(question)
    if known.people.get(person.id) != person:
        desk.commit(SYSTEM, people.refresh, desk.directory.people(), desk.directory.posts())
        known = desk.look(question)
    return known
