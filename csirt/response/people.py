"""The roster: people and posts as last read from the directory, sealed, so that no commit waits for LDAP."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache

from sqlmodel import Session, col, select

from csirt.errors import DirectoryUnavailable, NotFound
from csirt.model.handover import posts_at
from csirt.model.people import Actor, ContactPoint, Person, Post, Role, Roster
from csirt.record.entry import EntryKind
from csirt.response import handovers, health
from csirt.store.queries.absences import away_at
from csirt.store.queries.contacts import open_handovers
from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.access import RosterPersonRow, RosterPostRow
from csirt.store.tables.workings import ConditionRow
from csirt.store.tx import Tx
from csirt.store.vault import Vault

PART = "directory"  # its name among the parts of the desk


def refresh(tx: Tx, people: Mapping[str, Person], posts: Mapping[str, Post], *, accept: bool = False) -> None:
    """Keep what the directory says now; who is no longer in it is marked, since old entries still name them.

    Raises:
        DirectoryUnavailable: `directory_shrunk`: it names nobody or no post any more, or less than half of those it
            named before. Then it may be the victim itself, and what was known is kept: somebody must be called. An
            administrator who knows better says so with `accept`.
    """
    known = {row.id: row for row in tx.session.exec(select(RosterPersonRow))}
    here = [row.id for row in known.values() if row.gone_at is None]
    left = sum(id_ in people for id_ in here)
    if here and not accept and (not (people and posts) or 2 * left < len(here)):
        raise DirectoryUnavailable("directory_shrunk", before=len(here), left=left)
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
    handovers.end_done(tx, posts)


def lost(tx: Tx, code: str) -> None:
    """The directory does not answer: what was kept serves instead, and the record says since when."""
    if _note(tx, "down", code):
        tx.record(EntryKind.DIRECTORY_LOST, out={"code": code})


def heard(tx: Tx) -> None:
    """The directory answers."""
    before = tx.session.get(ConditionRow, PART)
    was_lost = before is not None and before.state == "down"
    if _note(tx, "ok", "") and was_lost:
        tx.record(EntryKind.DIRECTORY_HEARD)


def _note(tx: Tx, state: str, code: str) -> bool:
    """Keep how the directory was found; has that changed?"""
    row = tx.session.get(ConditionRow, PART)
    changed = row is None or row.state != state
    health.found(tx, PART, state, code)
    return changed


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
    """The roster as kept. `with_gone` adds people who have left, for reading old entries.

    `at`: whom to call at that instant. Who is away is marked, and posts that were handed over by then have their new
    holders. Without it the posts are those of the directory: rights come from it alone.
    """
    query = select(RosterPersonRow.id, RosterPersonRow.sealed)
    if not with_gone:
        query = query.where(col(RosterPersonRow.gone_at).is_(None))
    people = {id_: _opened(vault, id_, bytes(sealed)) for id_, sealed in session.exec(query)}
    posts = {
        row.id: Post(row.id, row.name_ja, row.name_en, row.holder, tuple(row.deputies))
        for row in session.exec(select(RosterPostRow))
    }
    if at is None:
        return Roster(people, posts)
    return Roster(people, posts_at(posts, open_handovers(session), at), away_at(session, at))


def callable_in(session: Session, known: Roster, incidents: set[str]) -> Mapping[str, Roster]:
    """Of these incidents those that are sealed, with the roster that calls of theirs go by: their readers only."""
    return {incident: known.narrowed(readers) for incident, readers in sealed_of(session, incidents).items()}


def actor_of(person: Person, known: Roster, auth: str, sid: str = "", *, fresh: bool = True) -> Actor:
    """A person as actor: their roles, and the posts they hold or deputise for. `fresh`: they proved who they are."""
    posts, holds = frozenset(known.posts_of(person.id)), frozenset(known.held_by(person.id))
    return Actor(person.id, auth, sid, person.roles, posts, fresh, holds)


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
