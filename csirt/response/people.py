"""The roster: people and posts as last read from the directory, sealed, so that no commit waits for LDAP."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache

from sqlmodel import Session, col, select

from csirt.errors import DirectoryUnavailable, NotFound
from csirt.model.people import Actor, ContactPoint, Person, Post, Role, Roster
from csirt.store.queries.absences import away_at
from csirt.store.tables.access import RosterPersonRow, RosterPostRow
from csirt.store.tx import Tx
from csirt.store.vault import Vault


def refresh(tx: Tx, people: Mapping[str, Person], posts: Mapping[str, Post]) -> None:
    """Keep what the directory says now; who is no longer in it is marked, since old entries still name them.

    Raises:
        DirectoryUnavailable: the directory names nobody or no post any more. Then it may be the victim itself, and
            what was known is kept: somebody must be called.
    """
    known = {row.id: row for row in tx.session.exec(select(RosterPersonRow))}
    if known and not (people and posts):
        raise DirectoryUnavailable("directory_unreachable")
    for person in people.values():
        row = known.pop(person.id, None) or RosterPersonRow(id=person.id, sealed=b"", seen_at=tx.now)
        if not row.sealed or _opened(tx.vault, row.id, row.sealed) != person:
            row.sealed = tx.vault.wrap(_pack(person), person.id)
        row.seen_at, row.gone_at = tx.now, None
        tx.session.add(row)
    for gone in known.values():
        gone.gone_at = gone.gone_at or tx.now
        tx.session.add(gone)
    _refresh_posts(tx, posts)


def _refresh_posts(tx: Tx, posts: Mapping[str, Post]) -> None:
    for old in tx.session.exec(select(RosterPostRow)):
        if old.id not in posts:
            tx.session.delete(old)
    for post in posts.values():
        tx.session.merge(
            RosterPostRow(
                id=post.id, name_ja=post.name_ja, name_en=post.name_en, holder=post.holder,
                deputies=list(post.deputies), seen_at=tx.now,
            )
        )  # fmt: skip


def _pack(person: Person) -> bytes:
    plain = asdict(person) | {"roles": sorted(person.roles)}
    return json.dumps(plain, ensure_ascii=False).encode()


def _unpack(raw: bytes) -> Person:
    plain = json.loads(raw)
    plain["roles"] = frozenset(Role(role) for role in plain["roles"])
    plain["points"] = tuple(ContactPoint(**point) for point in plain["points"])
    return Person(**plain)


@lru_cache(maxsize=4096)
def _opened(vault: Vault, id_: str, sealed: bytes) -> Person:
    """A person out of the sealed row. The same bytes are opened once: every commit that calls somebody asks for all."""
    return _unpack(vault.unwrap(sealed, id_))


def has_post(session: Session, post: str) -> bool:
    """Is there a post of this id?"""
    return session.get(RosterPostRow, post) is not None


def roster(session: Session, vault: Vault, *, with_gone: bool = False, at: datetime | None = None) -> Roster:
    """The roster as kept. `with_gone` adds people who have left, for reading old entries; `at`: who is away."""
    query = select(RosterPersonRow.id, RosterPersonRow.sealed)
    if not with_gone:
        query = query.where(col(RosterPersonRow.gone_at).is_(None))
    people = {id_: _opened(vault, id_, bytes(sealed)) for id_, sealed in session.exec(query)}
    posts = {
        row.id: Post(row.id, row.name_ja, row.name_en, row.holder, tuple(row.deputies))
        for row in session.exec(select(RosterPostRow))
    }
    return Roster(people, posts, away_at(session, at) if at else frozenset())


def actor_of(person: Person, known: Roster, auth: str, sid: str = "", *, fresh: bool = True) -> Actor:
    """A person as actor: their roles, and the posts they hold or deputise for. `fresh`: they proved who they are."""
    return Actor(person.id, auth, sid, person.roles, frozenset(known.posts_of(person.id)), fresh)


def local_actor(session: Session, vault: Vault, uid: str) -> Actor:
    """A person in whose name an administrator acts on this machine; the record says so (`local`).

    Raises:
        NotFound: nobody in the roster has this account name.
    """
    known = roster(session, vault)
    person = known.by_uid(uid)
    if person is None:
        raise NotFound("person_unknown")
    return actor_of(person, known, "local")
