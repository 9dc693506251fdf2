"""The sealed account: for the day when the directory itself is the victim. Its password lies on paper, in an envelope.

Whoever opens the envelope is known by that only, so its use opens a case and tells the CISO and the auditor at once.
"""

import base64
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlmodel import Session, select

from csirt.errors import NotSignedIn
from csirt.model.authority import Permission, must
from csirt.model.incident import Level
from csirt.model.people import Actor, Person, Role
from csirt.record.entry import EntryKind
from csirt.response import incidents, reaching
from csirt.response.incidents import Report
from csirt.store.tables.access import SealedAccountRow
from csirt.store.tx import Look, Tx

UID = "break-glass"  # what is typed as the account's name; a directory's account of this name is never asked for
ID = "sealed-account"
AUTH = "sealed"
ROLES = frozenset({Role.OFFICER, Role.ADMINISTRATOR})  # keep the case going, and mend the way in for everybody else
TOLD = ("post:ciso", "post:auditor")
TEMPLATE = "sealed_account"
_GROUP = 5
_HASHER = PasswordHasher()  # argon2id with the parameters of RFC 9106's second recommendation


def new_password() -> str:
    """125 random bits as five groups of five signs, easy to type from paper."""
    signs = base64.b32encode(secrets.token_bytes(20)).decode().lower()[: 5 * _GROUP]
    return "-".join(signs[at : at + _GROUP] for at in range(0, len(signs), _GROUP))


def hashed(password: str) -> str:
    """What is kept of a password. Takes a third of a second, so do it outside a commit."""
    return _HASHER.hash(_plain(password))


def make(tx: Tx, password_hash: str) -> None:
    """Give the account a new password; the old envelope is worthless from now on."""
    must(tx.actor, Permission.ADMINISTER)
    row = tx.session.get(SealedAccountRow, ID) or SealedAccountRow(id=ID, hash="", made_by=tx.actor.id, made_at=tx.now)
    row.hash, row.made_by, row.made_at, row.used_at = password_hash, tx.actor.id, tx.now, None
    tx.session.add(row)
    tx.record(EntryKind.SEALED_ACCOUNT_MADE)


def stored(look: Look) -> SealedAccountRow | None:
    """The account, if there is one."""
    return look.session.get(SealedAccountRow, ID)


@cache
def _decoy() -> str:
    """The hash of a password that nobody knows. Made when first asked for: it takes as long as a sign-in."""
    return _HASHER.hash(secrets.token_hex(16))


def hash_of(session: Session) -> str:
    """The hash to check a password against; without an account, that of a password that nobody knows."""
    return session.exec(select(SealedAccountRow.hash).where(SealedAccountRow.id == ID)).first() or _decoy()


def check(password: str, password_hash: str) -> None:
    """Raises `NotSignedIn` (`sign_in_failed`) for another password. Takes a third of a second."""
    try:
        _HASHER.verify(password_hash, _plain(password))
    except (Argon2Error, InvalidHashError):
        raise NotSignedIn("sign_in_failed") from None


def used(tx: Tx, title: str) -> str:
    """The envelope was opened: a case begins, and the CISO and the auditor are told. Returns the incident's id."""
    row = tx.session.get_one(SealedAccountRow, ID)
    row.used_at = tx.now
    tx.session.add(row)
    incident = incidents.open_case(tx, Report(title=title, channel="staff", level=Level.SERIOUS), cause="report")
    tx.record(EntryKind.SEALED_ACCOUNT_USED, incident=incident)
    reaching.notify(tx, incident, None, TEMPLATE, TOLD, ("mail",), TEMPLATE)
    reaching.phone(tx, incident, TEMPLATE, TOLD)
    return incident


def person(name: str) -> Person:
    """Whoever opened the envelope, as somebody who is signed in."""
    return Person(id=ID, uid=UID, name=name, roles=ROLES)


def actor(sid: str = "", *, fresh: bool = True) -> Actor:
    """The same as actor."""
    return Actor(ID, AUTH, sid, ROLES, fresh=fresh)


def _plain(password: str) -> str:
    """As it was made, however it was copied from paper."""
    return "".join(sign for sign in password.lower() if sign.isascii() and sign.isalnum())
