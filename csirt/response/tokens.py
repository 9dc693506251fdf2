"""Tokens of programs: made, exchanged with an overlap, revoked; and what a request that carries one may do.

256 random bits, shown once and kept hashed. A token is good for what its scopes say, from the addresses that it names,
until its day; it stands for no person, sees no sealed incident and decides nothing.
"""

import hashlib
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.model.authority import Permission, Scope, must
from csirt.model.people import Actor, Person
from csirt.model.source import is_among, networks_from
from csirt.model.token import is_whole, token_of
from csirt.record.entry import EntryKind
from csirt.store.ledger import Code
from csirt.store.tables.access import ApiTokenRow
from csirt.store.tx import Look, Tx, new_id

AUTH = "api"
PREFIX = "csa"
LONGEST = timedelta(days=366)
MOST_LIVE = 4  # of one name: enough to exchange one
MOST_ADDRESSES = 50
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token, without its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    addresses: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Does it still count?"""
        return self.revoked_at is None and self.expires_at > now


def make(
    tx: Tx, name: str, scopes: Collection[str], *, lives: timedelta, addresses: Sequence[str] = ()
) -> tuple[str, str]:
    """A new token of a name that has none: its id, and the secret, shown this once.

    Raises:
        Forbidden: this actor may not; `StepUpNeeded`: they proved too long ago who they are.
        Invalid: `token_name_malformed`, `scopes_missing`, `scope_unknown`, `network_malformed`, `expiry_invalid`.
        Conflict: `token_exists`: exchange it instead.
    """
    must(tx.actor, Permission.ISSUE_TOKEN)
    if not _NAME.fullmatch(name):
        raise Invalid("token_name_malformed", field="name")
    if _live(tx.session, name, tx.now):
        raise Conflict("token_exists", name=name)
    _check(scopes, addresses, lives)
    return _add(tx, name, sorted(set(scopes)), list(addresses), lives)


def rotate(tx: Tx, id_: str, *, lives: timedelta, overlap: timedelta) -> tuple[str, str]:
    """Another token with the same name, scopes and addresses; the others of that name end after the overlap.

    Raises:
        NotFound: `token_unknown`: no such token that still counts.
        Invalid: `expiry_invalid`.
        Conflict: `tokens_too_many`.
    """
    must(tx.actor, Permission.ISSUE_TOKEN)
    row = _counting(tx, id_)
    if overlap < timedelta():
        raise Invalid("expiry_invalid", field="overlap")
    _check(row.scopes, row.addresses, lives)
    others = _live(tx.session, row.name, tx.now)
    if len(others) >= MOST_LIVE:
        raise Conflict("tokens_too_many", limit=MOST_LIVE)
    made = _add(tx, row.name, list(row.scopes), list(row.addresses), lives)
    end = tx.now + overlap
    for other in others:
        if other.expires_at > end:
            other.expires_at = end
            tx.session.add(other)
            tx.record(EntryKind.TOKEN_REVOKED, out={"token": other.name, "id": other.id, "expires": _stamp(end)})
    return made


def revoke(tx: Tx, id_: str) -> None:
    """Make a token worthless at once. Raises `NotFound` `token_unknown`."""
    must(tx.actor, Permission.ISSUE_TOKEN)
    row = _counting(tx, id_)
    row.revoked_at = tx.now
    tx.session.add(row)
    tx.record(EntryKind.TOKEN_REVOKED, out={"token": row.name, "id": row.id})


def all_of(look: Look) -> list[TokenView]:
    """Every token there ever was, the newest first."""
    rows = look.session.exec(select(ApiTokenRow).order_by(col(ApiTokenRow.created_at).desc(), col(ApiTokenRow.id)))
    return [
        TokenView(row.id, row.name, tuple(row.scopes), tuple(row.addresses), row.created_by, row.created_at,
                  row.expires_at, row.revoked_at)
        for row in rows
    ]  # fmt: skip


def actor_by(session: Session, token: str, address: str, now: datetime) -> Actor:
    """In whose name a request with this token from this address acts. Raises `Forbidden` `token_refused`."""
    row = (
        session.exec(select(ApiTokenRow).where(ApiTokenRow.hash == _hashed(token))).first() if is_ours(token) else None
    )
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        raise Forbidden("token_refused")
    if not is_among(address, networks_from(row.addresses)):
        raise Forbidden("token_refused")
    return Actor(f"api:{row.name}", AUTH, row.id, fresh=False, scopes=frozenset(row.scopes))


def is_ours(token: str) -> bool:
    """Could this be a token of a program, and not of a sensor?"""
    return token.startswith(f"{PREFIX}_") and is_whole(token)


def person(actor: Actor) -> Person:
    """Who stands for a token where pages and routes name somebody."""
    name = actor.id.removeprefix("api:")
    return Person(actor.id, name, name)


def _check(scopes: Collection[str], addresses: Sequence[str], lives: timedelta) -> None:
    if not scopes:
        raise Invalid("scopes_missing", field="scopes")
    if unknown := sorted(set(scopes) - set(Scope)):
        raise Invalid("scope_unknown", field="scopes", scope=unknown[0][:40])
    if len(addresses) > MOST_ADDRESSES:
        raise Invalid("too_many", field="addresses", limit=MOST_ADDRESSES)
    networks_from(addresses)
    if not timedelta() < lives <= LONGEST:
        raise Invalid("expiry_invalid", field="days")


def _add(tx: Tx, name: str, scopes: list[str], addresses: list[str], lives: timedelta) -> tuple[str, str]:
    id_, secret = new_id("t"), token_of(PREFIX, name, secrets.token_hex(32))
    expires = tx.now + lives
    tx.session.add(
        ApiTokenRow(
            id=id_, name=name, hash=_hashed(secret), scopes=scopes, addresses=addresses, created_by=tx.actor.id,
            created_at=tx.now, expires_at=expires,
        )
    )  # fmt: skip
    out: dict[str, Code | list[str]] = {
        "token": name,
        "id": id_,
        "expires": _stamp(expires),
        "scopes": scopes,
        "bound": bool(addresses),
    }
    tx.record(EntryKind.TOKEN_ISSUED, out=out)
    return id_, secret


def _counting(tx: Tx, id_: str) -> ApiTokenRow:
    row = tx.session.get(ApiTokenRow, id_, with_for_update=True)
    if row is None or row.revoked_at is not None or row.expires_at <= tx.now:
        raise NotFound("token_unknown", name=id_[:40])
    return row


def _live(session: Session, name: str, now: datetime) -> list[ApiTokenRow]:
    query = select(ApiTokenRow).where(ApiTokenRow.name == name, col(ApiTokenRow.revoked_at).is_(None))
    return [row for row in session.exec(query) if row.expires_at > now]


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
