"""Sources prove who they are, and are missed when they fall silent."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.model.authority import Permission, must
from csirt.model.people import Actor, Role
from csirt.model.source import Source, is_among, is_silent, networks_from
from csirt.model.token import is_whole, token_of
from csirt.record.entry import EntryKind
from csirt.store.tables.intake import BatchRow
from csirt.store.tables.sources import SourceTokenRow, SourceWatchRow
from csirt.store.tx import Tx, new_id
from csirt.store.vault import Vault

MOST_TOKENS = 8  # live ones of a source: enough to rotate, few enough to try each signature against
STAMP_AGE = timedelta(minutes=5)  # of a signed time stamp, either way


def source_of(tx: Tx, name: str) -> Source:
    """A declared source. Raises `NotFound` `source_unknown`."""
    source = tx.city.sources.get(name)
    if source is None:
        raise NotFound("source_unknown", name=name[:40])
    return source


def actor_for(source: Source) -> Actor:
    """In whose name records of a source are taken in."""
    return Actor(source.actor, "token", "", frozenset({Role.SENSOR}))


def add_token(
    tx: Tx, name: str, *, lives: timedelta | None, addresses: Sequence[str] = (), signs: bool = False,
    overlap: timedelta | None = None,
) -> tuple[str, str]:  # fmt: skip
    """A new token of a source: its id, and the secret, shown this once.

    `addresses`: the only networks from which it counts. `signs`: it signs bodies and is never sent. `overlap`: tokens
    that the source has already end so long from now, so that both count while it is changed over there.

    Raises:
        NotFound: `source_unknown`.
        Invalid: `network_malformed`, `expiry_invalid`.
        Conflict: `tokens_too_many`.
    """
    must(tx.actor, Permission.ISSUE_TOKEN)
    source_of(tx, name)
    networks_from(addresses)
    if (lives is not None and lives <= timedelta(0)) or (overlap is not None and overlap < timedelta(0)):
        raise Invalid("expiry_invalid")
    live = live_tokens(tx.session, name, tx.now)
    if len(live) >= MOST_TOKENS:
        raise Conflict("tokens_too_many", limit=MOST_TOKENS)
    id_, secret = new_id("t"), token_of("css", name, secrets.token_hex(32))
    wrapped = tx.vault.wrap(secret.encode(), f"source-token:{id_}") if signs else None
    expires = tx.now + lives if lives else None
    tx.session.add(
        SourceTokenRow(
            id=id_, source=name, hash=_hashed(secret), wrapped=wrapped, addresses=list(addresses),
            created_by=tx.actor.id, created_at=tx.now, expires_at=expires,
        )
    )  # fmt: skip
    tx.record(EntryKind.TOKEN_ISSUED, out={"token": name, "id": id_, "expires": _stamp(expires), "signs": signs})
    if overlap is not None:
        _end_others(tx, live, tx.now + overlap)
    return id_, secret


def _end_others(tx: Tx, others: Sequence[SourceTokenRow], at: datetime) -> None:
    for row in others:
        if row.expires_at is None or row.expires_at > at:
            row.expires_at = at
            tx.session.add(row)
            tx.record(EntryKind.TOKEN_REVOKED, out={"token": row.source, "id": row.id, "expires": _stamp(at)})


def revoke_token(tx: Tx, id_: str) -> None:
    """Make a token worthless at once. Raises `NotFound` `token_unknown`."""
    must(tx.actor, Permission.ISSUE_TOKEN)
    row = tx.session.get(SourceTokenRow, id_, with_for_update=True)
    if row is None or row.revoked_at is not None:
        raise NotFound("token_unknown", name=id_[:40])
    row.revoked_at = tx.now
    tx.session.add(row)
    tx.record(EntryKind.TOKEN_REVOKED, out={"token": row.source, "id": row.id})


def name_by_token(session: Session, token: str, address: str, now: datetime) -> str | None:
    """The name of the source whose token was sent from `address`; None: no source has such a token, or it has ended."""
    if not is_whole(token):
        return None
    row = session.exec(select(SourceTokenRow).where(SourceTokenRow.hash == _hashed(token))).first()
    if row is None or row.wrapped is not None or not _counts(row, address, now):
        return None
    return row.source


def is_signed(
    session: Session, vault: Vault, source: Source, signature: str, signed: bytes, address: str, now: datetime
) -> bool:
    """Was `signed` signed with a live token of the source? `signature`: the hex of an HMAC-SHA256 (RFC 2104)."""
    given = signature.encode("utf-8", "replace")
    for row in live_tokens(session, source.name, now):
        if row.wrapped is not None and _counts(row, address, now):
            secret = vault.unwrap(row.wrapped, f"source-token:{row.id}")
            if hmac.compare_digest(hmac.new(secret, signed, hashlib.sha256).hexdigest().encode(), given):
                return True
    return False


def must_come_from(source: Source, address: str) -> None:
    """Raises `Forbidden` `token_refused` unless the source sends from this address."""
    if not source.may_come_from(address):
        raise Forbidden("token_refused")


def watch(tx: Tx) -> list[str]:
    """Look after the sources that must not be silent; returns the names of those that fell silent now."""
    rows = {row.source: row for row in tx.session.exec(select(SourceWatchRow).with_for_update())}
    fallen = []
    for name, source in sorted(tx.city.sources.items()):
        row = rows.get(name)
        if source.silent_after is None:
            if row is not None and row.state == "silent":
                _turn(tx, row, EntryKind.SOURCE_HEARD)
            continue
        if row is None:  # counted from now: a source that never spoke is missed, too
            row = SourceWatchRow(source=name, state="heard", since=tx.now, watched_at=tx.now)
            tx.session.add(row)
            tx.record(EntryKind.SOURCE_WATCHED, out={"source": source.actor, "minutes": _minutes(source)})
        is_now_silent = is_silent(source, _heard(tx.session, source, row), tx.now)
        if is_now_silent != (row.state == "silent"):
            _turn(tx, row, EntryKind.SOURCE_SILENT if is_now_silent else EntryKind.SOURCE_HEARD)
            fallen += [name] if is_now_silent else []
    return fallen


def needs_watch(session: Session, sources: Sequence[Source], now: datetime) -> bool:
    """Would `watch` change anything? Asked by a read, so that an idle worker writes nothing."""
    rows = {row.source: row for row in session.exec(select(SourceWatchRow))}
    for source in sources:
        row = rows.get(source.name)
        if source.silent_after is None:
            if row is not None and row.state == "silent":
                return True
        elif row is None or is_silent(source, _heard(session, source, row), now) != (row.state == "silent"):
            return True
    return False


def _heard(session: Session, source: Source, row: SourceWatchRow) -> datetime:
    """When it was heard last; one that never was counts from when it began to be watched."""
    last: datetime | None = session.exec(
        select(func.max(BatchRow.received_at)).where(BatchRow.source == source.actor)
    ).one()
    return max(last or row.watched_at, row.watched_at)


def _turn(tx: Tx, row: SourceWatchRow, kind: EntryKind) -> None:
    row.state, row.since = "silent" if kind is EntryKind.SOURCE_SILENT else "heard", tx.now
    tx.session.add(row)
    tx.record(kind, out={"source": f"sensor:{row.source}"})


def _minutes(source: Source) -> int:
    return int((source.silent_after or timedelta(0)).total_seconds() // 60)


def live_tokens(session: Session, name: str, now: datetime) -> list[SourceTokenRow]:
    """The tokens of a source that may be used now."""
    query = select(SourceTokenRow).where(SourceTokenRow.source == name, col(SourceTokenRow.revoked_at).is_(None))
    return [row for row in session.exec(query) if row.expires_at is None or row.expires_at > now]


def _counts(row: SourceTokenRow, address: str, now: datetime) -> bool:
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return False
    return is_among(address, networks_from(row.addresses))


def _stamp(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else "never"


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
