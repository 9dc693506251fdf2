"""Who is signed in, and which sensor is which: sessions, tokens, and the back-off after wrong passwords."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, select

from csirt.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn
from csirt.guard import mask, refuse_my_number
from csirt.model.authority import Permission, must
from csirt.model.people import Actor, Role
from csirt.model.token import is_whole, token_of
from csirt.record.entry import EntryKind
from csirt.store.tables.access import SessionRow, SignInTryRow, TokenRow
from csirt.store.tx import Tx, new_id

IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=8)
FRESH = timedelta(minutes=5)  # how long somebody who proved who they are need not do so again
HALF_WAY = timedelta(minutes=10)  # between the password and the second factor
FREE_TRIES = 3  # below what directories lock at, so that nobody can lock the city out through us
LONGEST_WAIT = timedelta(minutes=5)


class Stage(StrEnum):
    """How far a sign-in came."""

    FULL = "full"
    CODE = "code"  # the password was right; the second factor is still to come
    ENROL = "enrol"  # the password was right; they need a second factor and have none yet


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: what goes into the cookie, and the token that every form carries."""

    cookie: str
    csrf: str
    sid: str
    stage: Stage = Stage.FULL


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def sign_in(
    tx: Tx,
    person: str,
    auth: str,
    language: str,
    stage: Stage = Stage.FULL,
    tries: tuple[str, ...] = (),
    roles: frozenset[Role] | None = None,
) -> SignedIn:
    """Begin a session for somebody whose password was right; the actor of the commit is that person.

    Wrong passwords counted under `tries` are forgotten. A session that is not `full` yet stands for nobody: it only
    leads to the second factor, and is recorded once it is there. `roles`: those that an identity provider told, which
    hold for this session in place of the roster's.
    """
    forget_tries(tx, tries)
    new = SignedIn(secrets.token_urlsafe(32), secrets.token_urlsafe(24), new_id("s"), stage)
    tx.session.add(
        SessionRow(
            id=_hashed(new.cookie), sid=new.sid, person=person, auth=auth, csrf=new.csrf, language=language,
            opened_at=tx.now, last_at=tx.now, stage=stage.value, proved_at=tx.now,
            roles=None if roles is None else sorted(roles),
        )
    )  # fmt: skip
    if stage is Stage.FULL:
        tx.record(EntryKind.SIGNED_IN, out={"auth": auth, "session": new.sid})
    return new


def complete(tx: Tx, cookie: str) -> SignedIn:
    """The second factor came: another session takes the place of the half one, under a new id.

    Raises:
        NotSignedIn: `not_signed_in`: that one has ended.
    """
    half = tx.session.get(SessionRow, _hashed(cookie), with_for_update=True)
    if half is None:
        raise NotSignedIn("not_signed_in")
    tx.session.delete(half)
    roles = None if half.roles is None else frozenset(Role(one) for one in half.roles)
    return sign_in(tx, half.person, half.auth, half.language, roles=roles)


def session_of(session: Session, cookie: str, now: datetime) -> SessionRow:
    """The live session that a cookie stands for. Raises `NotSignedIn`."""
    row = _row_of(session, cookie)
    if row.stage != Stage.FULL:
        raise NotSignedIn("not_signed_in")
    if is_over(row, now):
        raise NotSignedIn("session_expired")
    return row


def half_session_of(session: Session, cookie: str, stage: Stage, now: datetime) -> SessionRow:
    """The session of somebody on their way in, who has come so far. Raises `NotSignedIn`."""
    row = _row_of(session, cookie)
    if row.stage != stage or now - row.opened_at > HALF_WAY:
        raise NotSignedIn("not_signed_in")
    return row


def _row_of(session: Session, cookie: str) -> SessionRow:
    row = session.get(SessionRow, _hashed(cookie))
    if row is None or row.ended_at is not None:
        raise NotSignedIn("not_signed_in")
    return row


def is_over(row: SessionRow, now: datetime) -> bool:
    """Was a session left alone for too long, or has it lasted too long?"""
    return now - row.last_at > IDLE or now - row.opened_at > ABSOLUTE


def is_fresh(row: SessionRow, now: datetime) -> bool:
    """Did they prove shortly before who they are?"""
    return row.proved_at is not None and now - row.proved_at <= FRESH


def prove(tx: Tx, cookie: str) -> None:
    """They proved again who they are: what needs it may be done for a while."""
    if row := tx.session.get(SessionRow, _hashed(cookie)):
        row.proved_at = tx.now
        tx.session.add(row)
        tx.record(EntryKind.IDENTITY_PROVED, out={"session": row.sid})


def sessions_of(session: Session, person: str | None, now: datetime) -> list[SessionRow]:
    """The live sessions of a person, or of everybody, the last used first."""
    query = select(SessionRow).where(col(SessionRow.ended_at).is_(None), SessionRow.stage == Stage.FULL.value)
    query = query.where(SessionRow.person == person) if person else query
    rows = session.exec(query.order_by(col(SessionRow.last_at).desc()))
    return [row for row in rows if not is_over(row, now)]


def end_all(tx: Tx, person: str) -> int:
    """End every session of a person: one's own, or those of somebody else by an administrator; returns how many."""
    if person != tx.actor.id:
        must(tx.actor, Permission.ADMINISTER)
    rows = sessions_of(tx.session, person, tx.now)
    for row in rows:
        row.ended_at = tx.now
        tx.session.add(row)
    tx.record(EntryKind.SESSIONS_ENDED, out={"person": person, "sessions": len(rows)})
    return len(rows)


def ended_session_of(session: Session, cookie: str) -> SessionRow:
    """The session that a cookie stood for, though it ran out; never one that its person ended. Raises `NotSignedIn`.

    For drafts only: it lets nobody see or do anything.
    """
    row = session.get(SessionRow, _hashed(cookie)) if cookie else None
    if row is None or row.ended_at is not None or row.stage != Stage.FULL.value:
        raise NotSignedIn("not_signed_in")
    return row


def touch(tx: Tx, cookie: str, language: str | None = None) -> None:
    """The session was used; idle time counts anew. Also where the reader's language is kept."""
    if row := tx.session.get(SessionRow, _hashed(cookie)):
        row.last_at = tx.now
        row.language = language or row.language
        tx.session.add(row)


def sign_out(tx: Tx, cookie: str) -> None:
    """End a session."""
    row = tx.session.get(SessionRow, _hashed(cookie), with_for_update=True)
    if row is None or row.ended_at is not None:
        return
    row.ended_at = tx.now
    tx.session.add(row)
    tx.record(EntryKind.SIGNED_OUT, out={"session": row.sid})


def wait_before_try(session: Session, keys: tuple[str, ...], now: datetime) -> timedelta:
    """How long the next try has to wait for this account and this address."""
    longest = timedelta()
    for key in keys:
        row = session.get(SignInTryRow, _hashed(key))
        if row and row.failures >= FREE_TRIES:
            pause = min(timedelta(seconds=2 ** (row.failures - FREE_TRIES + 1)), LONGEST_WAIT)
            longest = max(longest, row.last_at + pause - now)
    return longest


def refuse(tx: Tx, keys: tuple[str, ...], reason: str) -> None:
    """A sign-in failed: counted for account and address, and recorded without the name that was typed."""
    for key in keys:
        hashed = _hashed(key)
        row = tx.session.get(SignInTryRow, hashed) or SignInTryRow(key=hashed, failures=0, last_at=tx.now)
        row.failures, row.last_at = row.failures + 1, tx.now
        tx.session.add(row)
    tx.record(EntryKind.SIGN_IN_REFUSED, out={"code": reason})


def forget_tries(tx: Tx, keys: tuple[str, ...]) -> None:
    """A right password clears the count."""
    for key in keys:
        if row := tx.session.get(SignInTryRow, _hashed(key)):
            tx.session.delete(row)


def issue_token(tx: Tx, name: str) -> str:
    """A new token for a sensor: 256 random bits, shown once, kept hashed.

    Raises:
        Conflict: a sensor of this name has a token.
        Invalid: `my_number_refused`, `token_name_malformed` (a secret): the name stands in the record, and in the
            token itself.
    """
    must(tx.actor, Permission.ISSUE_TOKEN)
    refuse_my_number(name, field="name")
    if mask(name) != name:
        raise Invalid("token_name_malformed", field="name")
    if tx.session.exec(select(TokenRow).where(TokenRow.name == name)).first():
        raise Conflict("token_exists", name=name)
    token = token_of("csd", name, secrets.token_hex(32))
    tx.session.add(TokenRow(id=new_id("t"), name=name, hash=_hashed(token), created_by=tx.actor.id, created_at=tx.now))
    tx.record(EntryKind.TOKEN_ISSUED, out={"token": name})
    return token


def revoke_if_any(tx: Tx, name: str) -> None:
    """Make room for a new token of this name: the old one, if there is one, is revoked and gives up its name."""
    must(tx.actor, Permission.ISSUE_TOKEN)
    row = tx.session.exec(select(TokenRow).where(TokenRow.name == name)).first()
    if row is None:
        return
    row.name, row.revoked_at = f"{name}.{row.id}", row.revoked_at or tx.now
    tx.session.add(row)
    tx.record(EntryKind.TOKEN_REVOKED, out={"token": name})


def revoke_token(tx: Tx, name: str) -> None:
    """Make a sensor's token worthless."""
    must(tx.actor, Permission.ISSUE_TOKEN)
    row = tx.session.exec(select(TokenRow).where(TokenRow.name == name, col(TokenRow.revoked_at).is_(None))).first()
    if row is None:
        raise NotFound("token_unknown", name=name)
    row.revoked_at = tx.now
    tx.session.add(row)
    tx.record(EntryKind.TOKEN_REVOKED, out={"token": name})


def sensor_of(session: Session, token: str) -> Actor:
    """The sensor that a token stands for. Raises `Forbidden`."""
    if not is_whole(token):
        raise Forbidden("token_refused")
    query = select(TokenRow.name, TokenRow.revoked_at).where(TokenRow.hash == _hashed(token))  # asked at every request
    name, revoked_at = session.exec(query).first() or (None, None)
    if name is None or revoked_at is not None:
        raise Forbidden("token_refused")
    return Actor(f"sensor:{name}", "token", "", frozenset({Role.SENSOR}))
