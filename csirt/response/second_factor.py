"""The second factor: codes of an authenticator application (TOTP, RFC 6238), enrolled, used once each, and reset.

A reset takes two people: one asks, another one agrees. Nobody decides about their own.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlmodel import Session, col, select

from csirt.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn
from csirt.model.authority import Permission, must, must_be_fresh
from csirt.model.city import City
from csirt.model.people import Role
from csirt.record.entry import EntryKind
from csirt.response import reasons
from csirt.store.tables.access import FactorResetRow, SecondFactorRow
from csirt.store.tx import Look, Tx, new_id

PERIOD = 30  # seconds that a code lives
DRIFT = 1  # codes before and after the one of now that count: telephones' clocks differ
REASON_MOST = 400


@dataclass(frozen=True, slots=True)
class ResetAsked:
    """A reset that waits for a second person."""

    id: str
    person: str
    asked_by: str
    asked_at: datetime


def is_needed(city: City, roles: frozenset[Role]) -> bool:
    """Does one of these roles need a second factor in this city?"""
    return not city.second_factor.isdisjoint(roles)


def is_enrolled(session: Session, person: str) -> bool:
    """Has this person a second factor?"""
    return session.get(SecondFactorRow, person) is not None


def begin(tx: Tx) -> str:
    """A new secret for whoever acts, in base32. It counts once `enrol` has seen a code of it, an old one until then.

    Raises:
        StepUpNeeded: they have one already, and did not prove just now who they are.
    """
    if is_enrolled(tx.session, tx.actor.id):
        must_be_fresh(tx.actor)
    secret = pyotp.random_base32(32)
    key = _next(tx.actor.id)
    row = tx.session.get(SecondFactorRow, key) or SecondFactorRow(person=key, wrapped=b"", made_at=tx.now)
    row.wrapped, row.made_at = tx.vault.wrap(secret.encode(), _label(key)), tx.now
    tx.session.add(row)
    return secret


def pending(look: Look, person: str) -> str | None:
    """The secret that waits for its first code, or None."""
    row = look.session.get(SecondFactorRow, _next(person))
    return look.vault.unwrap(row.wrapped, _label(row.person)).decode() if row else None


def enrol(tx: Tx, code: str) -> None:
    """Whoever acts shows a code of their new secret: from now on it is their second factor.

    Raises:
        NotFound: `second_factor_not_begun`.
        Invalid: `second_factor_wrong`.
    """
    new = tx.session.get(SecondFactorRow, _next(tx.actor.id), with_for_update=True)
    if new is None:
        raise NotFound("second_factor_not_begun")
    secret = tx.vault.unwrap(new.wrapped, _label(new.person)).decode()
    step = _step_of(secret, code, tx.now)
    if step is None:
        raise Invalid("second_factor_wrong", field="code")
    row = tx.session.get(SecondFactorRow, tx.actor.id)
    row = row or SecondFactorRow(person=tx.actor.id, wrapped=b"", made_at=new.made_at)
    row.wrapped, row.enrolled_at = tx.vault.wrap(secret.encode(), _label(tx.actor.id)), tx.now
    row.last_step = step
    tx.session.add(row)
    tx.session.delete(new)
    tx.record(EntryKind.SECOND_FACTOR_ENROLLED)


def use(tx: Tx, person: str, code: str) -> None:
    """A code of this person's second factor; each counts once.

    Raises:
        NotSignedIn: `second_factor_wrong`: another code, an old one, or one that was used.
    """
    row = tx.session.get(SecondFactorRow, person, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotSignedIn("second_factor_wrong")
    step = _step_of(tx.vault.unwrap(row.wrapped, _label(person)).decode(), code, tx.now)
    if step is None or step <= row.last_step:
        raise NotSignedIn("second_factor_wrong")
    row.last_step = step
    tx.session.add(row)


def ask_reset(tx: Tx, person: str, reason: str) -> str:
    """Ask that somebody's second factor be taken away: their telephone is gone. Returns the request's id.

    Raises:
        NotFound: `second_factor_unknown`: they have none.
        Conflict: `reset_asked`: somebody asked already.
        Invalid: no reason, too long a one, or a 個人番号 in it.
    """
    must(tx.actor, Permission.RESET_SECOND_FACTOR)
    reasons.given(reason, most=REASON_MOST)
    if not is_enrolled(tx.session, person):
        raise NotFound("second_factor_unknown")
    if any(one.person == person for one in waiting(tx.session)):
        raise Conflict("reset_asked")
    row = FactorResetRow(id=new_id("f"), person=person, asked_by=tx.actor.id, asked_at=tx.now)
    tx.session.add(row)
    out = {"person": person, "reset": row.id}
    tx.record(EntryKind.SECOND_FACTOR_RESET_ASKED, out=out, texts={"reason": reason})
    return row.id


def decide_reset(tx: Tx, reset: str, *, agree: bool) -> None:
    """A second person agrees, and the second factor is gone; or does not.

    Raises:
        NotFound: `reset_unknown`: there is no such request that waits.
        Forbidden: `four_eyes`: who asked, and whom it is about, do not decide.
    """
    must(tx.actor, Permission.RESET_SECOND_FACTOR)
    row = tx.session.get(FactorResetRow, reset, with_for_update=True)
    if row is None or row.decided_at is not None:
        raise NotFound("reset_unknown")
    if agree and tx.actor.id in {row.asked_by, row.person}:
        raise Forbidden("four_eyes", step="second_factor_reset")
    row.decided_by, row.decided_at, row.agreed = tx.actor.id, tx.now, agree
    tx.session.add(row)
    kind = EntryKind.SECOND_FACTOR_RESET if agree else EntryKind.SECOND_FACTOR_RESET_REFUSED
    tx.record(kind, out={"person": row.person, "reset": row.id})
    if agree:
        for key in (row.person, _next(row.person)):
            if factor := tx.session.get(SecondFactorRow, key):
                tx.session.delete(factor)


def waiting(session: Session) -> list[ResetAsked]:
    """Resets that wait for a second person, oldest first."""
    query = select(FactorResetRow).where(col(FactorResetRow.decided_at).is_(None))
    rows = session.exec(query.order_by(col(FactorResetRow.asked_at))).all()
    return [ResetAsked(row.id, row.person, row.asked_by, row.asked_at) for row in rows]


def address_for(secret: str, account: str, city: str) -> str:
    """What the QR code holds: `otpauth://totp/…`, as authenticator applications read it."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=f"CSIRT {city}")


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step of time that a code belongs to, if it is one of now."""
    given = "".join(code.split())
    if not (len(given) == 6 and given.isascii() and given.isdigit()):
        return None
    current = int(now.timestamp()) // PERIOD
    totp = pyotp.TOTP(secret)
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step), given):
            return step
    return None


def _next(person: str) -> str:
    return f"{person}#next"


def _label(key: str) -> str:
    return f"second-factor:{key}"
