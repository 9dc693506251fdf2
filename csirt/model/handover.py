"""What is known beforehand or besides of whom a chain calls: planned hand-overs of posts, and confirmed contact data.

A hand-over (人事異動) changes who is called from its day on, until the directory says the same. It grants nothing: what
somebody may do comes from the directory alone. Pure.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from csirt.model.chains import LAST_RESORT, Severity, Weakness
from csirt.model.contact import ContactChain
from csirt.model.party import PartyKind, parse_party
from csirt.model.people import Office, Post


@dataclass(frozen=True, slots=True)
class Handover:
    """From `begins_at` on the post's holder is `holder`; its deputies are `deputies`, or stay as they are (None)."""

    id: str
    post: str
    begins_at: datetime
    holder: str
    deputies: tuple[str, ...] | None = None

    def over(self, post: Post) -> Post:
        """The post after it. A new holder who was a deputy is none any more."""
        deputies = post.deputies if self.deputies is None else self.deputies
        return replace(post, holder=self.holder, deputies=tuple(one for one in deputies if one != self.holder))

    def is_in(self, post: Post) -> bool:
        """Does the directory say the same? Where it was not told of deputies, the holder is enough."""
        return post.holder == self.holder and (self.deputies is None or post.deputies == self.over(post).deputies)


def posts_at(posts: Mapping[str, Post], planned: Iterable[Handover], at: datetime) -> dict[str, Post]:
    """The posts of the directory with what has been handed over by then; the later hand-over of a post counts."""
    found = dict(posts)
    for one in _begun(planned, at).values():
        if one.post in found:
            found[one.post] = one.over(found[one.post])
    return found


def done(posts: Mapping[str, Post], planned: Iterable[Handover], at: datetime) -> list[Handover]:
    """The hand-overs that have begun and that the directory has caught up with, the earlier ones of a post included."""
    all_ = list(planned)
    caught_up = {one.post for one in _begun(all_, at).values() if one.post in posts and one.is_in(posts[one.post])}
    return [one for one in all_ if one.begins_at <= at and one.post in caught_up]


def behind(
    chain: ContactChain, posts: Mapping[str, Post], planned: Iterable[Handover], at: datetime
) -> Iterator[Weakness]:
    """Where the chain calls a post that was handed over, and the directory does not know yet (rights come from it)."""
    begun = _begun(planned, at)
    for route, number, party in _calls(chain):
        name = parse_party(party)
        one = begun.get(name.id) if name.kind is PartyKind.POST else None
        if one and name.id in posts and not one.is_in(posts[name.id]):
            yield Weakness("directory_behind_handover", chain.source, route, number, party, Severity.WARNING)


def _calls(chain: ContactChain) -> Iterator[tuple[str, str, str]]:
    """Route, tier and party of every call, in the order of the file."""
    for route in chain.routes:
        for number, tier in enumerate(route.tiers, 1):
            yield from ((route.name, str(number), party) for party in tier.call)
    if chain.exhausted:
        yield from (("", LAST_RESORT, party) for party in chain.exhausted.call)


def _begun(planned: Iterable[Handover], at: datetime) -> dict[str, Handover]:
    """The hand-over of each post that counts by then."""
    return {one.post: one for one in sorted(planned, key=lambda one: (one.begins_at, one.id)) if one.begins_at <= at}


@dataclass(frozen=True, slots=True)
class Confirmation:
    """On `day` somebody called this office and found its contact data right; `of` marks the data they confirmed."""

    office: str
    day: date
    of: str


def mark_of(office: Office) -> str:
    """Differs when the contact data differ: what was confirmed of old data says nothing of new ones."""
    plain = "\n".join(sorted(f"{point.channel}\t{point.address}" for point in office.points))
    return hashlib.sha256(plain.encode()).hexdigest()


def confirmed(offices: Mapping[str, Office], confirmations: Iterable[Confirmation]) -> dict[str, Office]:
    """The offices of the file, each with the latest day on which its data, as they stand, were confirmed."""
    found = dict(offices)
    for one in confirmations:
        office = found.get(one.office)
        if office and one.of == mark_of(office) and one.day > office.confirmed:
            found[one.office] = replace(office, confirmed=one.day)
    return found
