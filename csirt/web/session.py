"""Who is signed in: the cookie, the session behind it, the actor of a request, and the token that forms carry.

Pages and API use the same three dependencies: `visit` (signed in), `form_visit` (signed in, sending a form) and
`maybe_visit`. Every unsafe request must show the session's CSRF token: scripts in the header `X-CSRF-Token`, forms in
the field `csrf`.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Form, Request, Response

from csirt.bootstrap import Desk
from csirt.errors import Forbidden, NotSignedIn
from csirt.model.authority import Permission, may, must
from csirt.model.people import Actor, Person, Role, Roster
from csirt.model.source import Source
from csirt.response import access, people, sealed_account, tokens
from csirt.store.tables.access import SessionRow
from csirt.store.tx import Look
from csirt.texts.catalogs import catalog
from csirt.web.known import Known
from csirt.web.language import language_of
from csirt.web.peers import address_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TOUCH_EVERY = timedelta(minutes=1)
LIVE = "/live"  # how the addresses of event streams end
COOKIE_MOST = 200  # characters; ours has 43
TOKEN_MOST = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked to read: the address as routes write it, and its parts."""

    path: str
    parts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who is signed in. `known` is the roster of today, `ever` holds those who left too.

    `copy_since`: the directory does not answer since then, and the roster is what was kept of it.
    """

    desk: Desk
    person: Person
    actor: Actor
    known: Roster
    ever: Roster
    language: str
    csrf: str
    cookie: str
    copy_since: datetime | None = None


def desk_of(request: Request) -> Desk:
    """The desk that the application was made with."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]


def is_tls(desk: Desk) -> bool:
    """Do people reach us by https? A proxy before us speaks TLS, so the address that people type decides."""
    return desk.settings.base_url.startswith("https://") or desk.settings.tls_certificate is not None


def cookie_name(desk: Desk) -> str:
    """`__Host-csirt`, which browsers bind to host, path and TLS (RFC 6265bis, section 4.1.3.2); else `csirt`."""
    return "__Host-csirt" if is_tls(desk) else "csirt"


def set_cookie(response: Response, desk: Desk, cookie: str) -> None:
    """Give the session to the browser: gone with it, out of reach of scripts and of other sites' forms."""
    response.set_cookie(cookie_name(desk), cookie, path="/", secure=is_tls(desk), httponly=True, samesite="lax")


def drop_cookie(response: Response, desk: Desk) -> None:
    """Take the session back."""
    response.delete_cookie(cookie_name(desk), path="/", secure=is_tls(desk), httponly=True, samesite="lax")


def cookie_of(request: Request) -> str:
    """The session's cookie as it came, or nothing."""
    return request.cookies.get(cookie_name(desk_of(request)), "")[:COOKIE_MOST]


def open_visit(request: Request) -> Visit:
    """Who asks, without a look at tokens: for safe requests, or where the caller checks the token itself.

    Raises:
        NotSignedIn: there is no session, it has ended, or its person has left the directory.
    """
    if token := program_token(request):
        return _program(request, token)
    desk, cookie = desk_of(request), cookie_of(request)
    if not cookie:
        raise NotSignedIn("not_signed_in")
    now = desk.clock.now()

    def question(look: Look) -> tuple[SessionRow, Known]:
        return access.session_of(look.session, cookie, now), request.app.state.rosters.of(look)

    row, known = desk.look(question)
    person, actor = who_is(row, known.today, now)
    if now - row.last_at > TOUCH_EVERY and not is_automatic(request):
        desk.commit(actor, access.touch, cookie)
    language = language_of(request, row.language)
    # Whatever a page or a route asks of it, it is shown what this person may see.
    seen = desk.seen_by(actor, automatic=is_automatic(request))
    route = request.scope.get("route")  # an address that we do not have leads to none
    request.state.asked = Asked(route.path, request.path_params) if route and request.method == "GET" else None
    request.state.visit = visit = Visit(
        seen, person, actor, known.today, known.ever, language, row.csrf, cookie, known.copy_since
    )
    return visit


def program_token(request: Request) -> str:
    """The token of a program that a request for the API carries, or nothing."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    token = given.strip()[:TOKEN_MOST]
    of_api = request.url.path.startswith("/api/") and kind.lower() == "bearer"
    return token if of_api and tokens.is_ours(token) else ""


def _program(request: Request, token: str) -> Visit:
    """A program that reads; it has no cookie that another site could use, and so no token of a form.

    Raises:
        Forbidden: `token_refused`; `token_reads_only`, for everything but what brings detections in.
        TooFast: more questions a minute than a source may send records.
    """
    desk, now, address = desk_of(request), desk_of(request).clock.now(), address_of(request)

    def question(look: Look) -> tuple[Actor, Known]:
        return tokens.actor_by(look.session, token, address, now), request.app.state.rosters.of(look)

    actor, known = desk.look(question)
    if request.method not in SAFE:
        raise Forbidden("token_reads_only")
    source = Source(actor.id, "")
    request.app.state.throttle.must_have_room(source, now)
    request.app.state.throttle.add(source, 1, now)
    route = request.scope.get("route")
    request.state.asked = Asked(route.path, request.path_params) if route and request.method == "GET" else None
    seen, language = desk.seen_by(actor), language_of(request)
    request.state.visit = visit = Visit(
        seen, tokens.person(actor), actor, known.today, known.ever, language, "", "", known.copy_since
    )
    return visit


def who_is(row: SessionRow, known: Roster, now: datetime) -> tuple[Person, Actor]:
    """The person of a session, and them as actor. Raises `NotSignedIn` if they have left the directory."""
    fresh = access.is_fresh(row, now)
    if row.auth == sealed_account.AUTH:
        name = catalog(row.language).gettext("actor.sealed_account")
        return sealed_account.person(name), sealed_account.actor(row.sid, fresh=fresh)
    person = known.people.get(row.person)
    if person is None:
        raise NotSignedIn("not_signed_in")
    if row.roles is not None:  # as the identity provider said at sign-in
        person = replace(person, roles=frozenset(Role(one) for one in row.roles))
    return person, people.actor_of(person, known, row.auth, row.sid, fresh=fresh)


def is_automatic(request: Request) -> bool:
    """Did a page ask by itself, without anybody doing anything? Such a look keeps no session alive."""
    return "x-desk-live" in request.headers or request.url.path.endswith(LIVE)


def check_csrf(visit: Visit, given: str) -> None:
    """Raises `Forbidden` (`form_expired`) unless the token is the session's."""
    check_token(visit.csrf, given)


def check_token(own: str, given: str) -> None:
    """Raises `Forbidden` (`form_expired`) unless the token is ours."""
    if not hmac.compare_digest(given.encode(), own.encode()):
        raise Forbidden("form_expired")


def visit(request: Request) -> Visit:
    """Who is signed in. An unsafe request must carry the session's token in `X-CSRF-Token`.

    Raises:
        NotSignedIn: nobody is.
        Forbidden: `form_expired`: the token is another one.
    """
    found = open_visit(request)
    if request.method not in SAFE:
        check_csrf(found, request.headers.get("x-csrf-token", ""))
    return found


def form_visit(request: Request, csrf: Annotated[str, Form(max_length=200)] = "") -> Visit:
    """Who is signed in and sends a form, which carries the session's token in its field `csrf`. Raises as `visit`."""
    found = open_visit(request)
    check_csrf(found, csrf)
    return found


def maybe_visit(request: Request) -> Visit | None:
    """Who is signed in, or None; for what everybody may see, and for safe requests only."""
    try:
        return open_visit(request)
    except NotSignedIn:
        return None


SignedIn = Annotated[Visit, Depends(visit)]
SentForm = Annotated[Visit, Depends(form_visit)]
MaybeSignedIn = Annotated[Visit | None, Depends(maybe_visit)]


class Allowed:
    """A dependency: signed in, and permitted. `Annotated[Visit, Depends(Allowed(Permission.READ_INCIDENTS))]`."""

    def __init__(self, permission: Permission, *others: Permission) -> None:
        """`permission` is what the person must have, or one of `others` instead."""
        self.permission = permission
        self.others = others

    def __call__(self, request: Request) -> Visit:
        """The visit. Raises `NotSignedIn`, or `Forbidden` (`not_permitted`, `form_expired`)."""
        found = visit(request)
        if not any(may(found.actor, other) for other in self.others):
            must(found.actor, self.permission)
        return found


IncidentReader = Annotated[Visit, Depends(Allowed(Permission.READ_INCIDENTS))]
SourceReader = Annotated[Visit, Depends(Allowed(Permission.READ_INCIDENTS, Permission.TRY_SOURCE))]
RecordReader = Annotated[Visit, Depends(Allowed(Permission.READ_RECORD))]
