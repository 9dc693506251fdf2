"""Signing in: back-off, the directory's word, a session. Used by the page and by the API alike."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import Request

from csirt.bootstrap import Desk
from csirt.directory.entries import plain_account
from csirt.errors import DirectoryUnavailable, Forbidden, NotSignedIn
from csirt.model.people import SYSTEM, Person, Roster
from csirt.response import access, people, sealed_account, second_factor
from csirt.store.tx import Look
from csirt.texts.catalogs import catalog
from csirt.web.known import Rosters
from csirt.web.peers import address_of
from csirt.web.refusals import TooManyTries
from csirt.web.session import Visit

if TYPE_CHECKING:
    from csirt.directory.oidc import Claims  # needs the extra `oidc`

OIDC = "oidc"
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


def sign_in(request: Request, uid: str, password: str, language: str, code: str = "") -> tuple[Person, access.SignedIn]:
    """Check a password and begin a session; blocks while the directory answers, so call it in a thread.

    The session is not `full` yet where a second factor is still to come; a `code` that comes along makes it so.

    Raises:
        TooManyTries: too many wrong passwords for this account or from this address; `seconds` says how long to wait.
        NotSignedIn: `sign_in_failed`: no such account, or another password; `second_factor_wrong`: another code.
        Forbidden: `sign_in_no_role`: the person has neither role nor post, so there is nothing here for them.
        DirectoryUnavailable: no directory server answered.
    """
    desk: Desk = request.app.state.desk
    gate: Gate = request.app.state.gate
    account = plain_account(uid)
    keys = tries_of(request, account)
    with gate.enter(account):
        wait(desk, keys)
        try:
            if account == sealed_account.UID:
                return _open_seal(desk, password, language, keys)
            person, known = _by_directory(desk, request.app.state.rosters, uid, password)
        except Forbidden as error:
            desk.commit(SYSTEM, access.refuse, keys, error.code)
            raise
        actor = people.actor_of(person, known, desk.directory.name)
        stage = _stage(desk, person)
        if stage is access.Stage.CODE and code:
            use_code(request, person, code)
            stage = access.Stage.FULL
        return person, desk.commit(actor, access.sign_in, person.id, desk.directory.name, language, stage, keys)


def enter_by_claims(request: Request, claims: "Claims", language: str) -> access.SignedIn:
    """Begin a session for whom the city's identity provider names; the roster must know them.

    Where the provider tells groups, these give the roles of the session, by the same file as groups of the directory.

    Raises:
        NotSignedIn: `sign_in_failed`: nobody of that account.
        Forbidden: `sign_in_no_role`.
    """
    desk: Desk = request.app.state.desk
    known: Roster = desk.look(lambda look: request.app.state.rosters.of(look).today)
    person = known.by_uid(plain_account(claims.uid))
    if person is None:
        raise NotSignedIn("sign_in_failed")
    roles = None if claims.groups is None else desk.roles_of(claims.groups)
    person = person if roles is None else replace(person, roles=roles)
    if not person.roles and not known.posts_of(person.id):
        raise Forbidden("sign_in_no_role")
    actor, stage = people.actor_of(person, known, OIDC), _stage(desk, person)
    keys = tries_of(request, OIDC)
    return desk.commit(actor, access.sign_in, person.id, OIDC, language, stage, keys, roles)


def prove(request: Request, visit: Visit, password: str, code: str) -> None:
    """Somebody signed in shows again who they are: by password, and by a code where they have a second factor.

    Raises:
        TooManyTries: as `sign_in`.
        NotSignedIn: `sign_in_failed`, `second_factor_wrong`.
        DirectoryUnavailable: no directory server answered.
    """
    desk, gate = visit.desk, request.app.state.gate
    keys = tries_of(request, visit.person.uid)
    with gate.enter(visit.person.uid):
        wait(desk, keys)
        try:
            _check_again(desk, visit, password)
        except NotSignedIn as error:
            desk.commit(SYSTEM, access.refuse, keys, error.code)
            raise
        if desk.look(lambda look: second_factor.is_enrolled(look.session, visit.person.id)):
            use_code(request, visit.person, code)
        desk.commit(SYSTEM, access.forget_tries, keys)
        desk.commit(visit.actor, access.prove, visit.cookie)


def use_code(request: Request, person: Person, code: str) -> None:
    """A code of somebody's second factor. Wrong ones make the next wait, however often the password was right.

    Raises:
        TooManyTries: as `sign_in`.
        NotSignedIn: `second_factor_wrong`.
    """
    desk: Desk = request.app.state.desk
    keys = (f"code:{person.id}",)
    wait(desk, keys)
    try:
        desk.commit(SYSTEM, second_factor.use, person.id, code)
    except NotSignedIn as error:
        desk.commit(SYSTEM, access.refuse, keys, error.code)
        raise
    desk.commit(SYSTEM, access.forget_tries, keys)


def tries_of(request: Request, account: str) -> tuple[str, str]:
    """Under what wrong passwords are counted: the account, and the address that they come from."""
    return f"account:{account}", f"address:{address_of(request)}"


def _by_directory(desk: Desk, rosters: Rosters, uid: str, password: str) -> tuple[Person, Roster]:
    person = desk.directory.authenticate(uid, password)
    if person is None:
        raise NotSignedIn("sign_in_failed")
    known = _fresh_roster(desk, rosters, person)
    if not person.roles and not known.posts_of(person.id):
        raise Forbidden("sign_in_no_role")
    return person, known


def _check_again(desk: Desk, visit: Visit, password: str) -> None:
    if visit.actor.auth == sealed_account.AUTH:
        sealed_account.check(password, desk.look(lambda look: sealed_account.hash_of(look.session)))
        return
    found = desk.directory.authenticate(visit.person.uid, password)
    if found is None or found.id != visit.person.id:
        raise NotSignedIn("sign_in_failed")


def _open_seal(desk: Desk, password: str, language: str, keys: tuple[str, ...]) -> tuple[Person, access.SignedIn]:
    """The envelope with the sealed account's password was opened; whoever must know is told."""
    sealed_account.check(password, desk.look(lambda look: sealed_account.hash_of(look.session)))
    title = catalog(desk.settings.language).gettext("sealed_account.title")
    desk.commit(sealed_account.actor(), sealed_account.used, title)
    desk.commit(SYSTEM, access.forget_tries, keys)
    new = desk.commit(sealed_account.actor(), access.sign_in, sealed_account.ID, sealed_account.AUTH, language)
    return sealed_account.person(catalog(language).gettext("actor.sealed_account")), new


def _stage(desk: Desk, person: Person) -> access.Stage:
    """What is still to come after the password."""
    if desk.look(lambda look: second_factor.is_enrolled(look.session, person.id)):
        return access.Stage.CODE
    needed = second_factor.is_needed(desk.door.city, person.roles)
    return access.Stage.ENROL if needed else access.Stage.FULL


def wait(desk: Desk, keys: tuple[str, ...]) -> None:
    """Raises `TooManyTries` while the next try under these keys has to wait."""
    now = desk.clock.now()

    def question(look: Look) -> timedelta:
        return access.wait_before_try(look.session, keys, now)

    left = desk.look(question)
    if left > timedelta():
        raise TooManyTries("too_many_tries", seconds=int(left.total_seconds()) + 1)


def _fresh_roster(desk: Desk, rosters: Rosters, person: Person) -> Roster:
    """The roster, read anew from the directory if it does not know this person as they are now."""

    def question(look: Look) -> Roster:
        return rosters.of(look).today

    known = desk.look(question)
    if known.people.get(person.id) != person:
        listing = desk.directory.listing()
        with suppress(DirectoryUnavailable):  # it names too few: what was known is kept, and this person signs in
            desk.commit(SYSTEM, people.refresh, listing.people, listing.posts)
        known = desk.look(question)
    return known
