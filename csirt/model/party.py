"""Parties as chain files name them, and who they are today.

`post:ciso` is the holder, or the first deputy while the post is vacant or its holder away; `post:ciso#1` and `#2` are
deputies 1 and 2 (代理1・2); `office:mic-cyber` is a desk outside the directory; `role:officer` is everyone with it.
Where a named person is meant, and no chain file, the party is that person's opaque id.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from csirt.errors import Invalid
from csirt.model.people import Office, Person, Post, Role, Roster

_PARTY = re.compile(r"(post|office|role):([a-z][a-z0-9_-]{0,63})(?:#([1-9]))?")


class PartyKind(StrEnum):
    """What a party is."""

    POST = "post"
    OFFICE = "office"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class PartyName:
    """A party's name, taken apart. `deputy` is 0 for the post itself, 1 for its first deputy, and so on."""

    kind: PartyKind
    id: str
    deputy: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody that a party stands for today: a person, or an office (then `person` is None)."""

    name: str
    addresses: Mapping[str, str]
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Nobody:
    """Why a party stands for nobody: `no_holder`, `everyone_away`, `post_unknown`, `office_unknown` and so on."""

    code: str


def parse_party(text: str) -> PartyName:
    """Take a party's name apart. Raises `Invalid` (`party_malformed`) where it is none."""
    match = _PARTY.fullmatch(text)
    if match is None or (match[3] and match[1] != PartyKind.POST):
        raise Invalid("party_malformed", party=text[:80])
    return PartyName(PartyKind(match[1]), match[2], int(match[3] or 0))


def resolve(party: str, roster: Roster, offices: Mapping[str, Office]) -> tuple[Contact, ...] | Nobody:
    """Who the party is today: at least one contact, or the reason why there is none. Never raises."""
    if person := roster.people.get(party):
        return Nobody("everyone_away") if person.id in roster.away else (contact_of(person),)
    try:
        name = parse_party(party)
    except Invalid:
        return Nobody("party_malformed")
    match name.kind:
        case PartyKind.OFFICE:
            return _office(offices.get(name.id))
        case PartyKind.ROLE:
            return _everyone_with(name.id, roster)
        case PartyKind.POST:
            return _holder(roster.posts.get(name.id), name.deputy, roster)


def _office(office: Office | None) -> tuple[Contact, ...] | Nobody:
    if office is None:
        return Nobody("office_unknown")
    # The first point of a channel counts, as in `address_on`.
    addresses = {point.channel: point.address for point in reversed(office.points)}
    return (Contact(office.name_ja, addresses),)


def _everyone_with(role: str, roster: Roster) -> tuple[Contact, ...] | Nobody:
    if role not in {known.value for known in Role}:
        return Nobody("role_unknown")
    found = sorted((person for person in roster.people.values() if role in person.roles), key=lambda person: person.id)
    here = tuple(contact_of(person) for person in found if person.id not in roster.away)
    return here or Nobody("everyone_away" if found else "no_holder")


def _holder(post: Post | None, deputy: int, roster: Roster) -> tuple[Contact, ...] | Nobody:
    if post is None:
        return Nobody("post_unknown")
    # An account that has gone from the directory holds no post any more, though the post's entry still names it.
    candidates = post.acting_order if deputy == 0 else post.deputies[deputy - 1 : deputy]
    known = [person for candidate in candidates if (person := roster.people.get(candidate)) is not None]
    for person in known:
        if person.id not in roster.away:
            return (contact_of(person),)
    return Nobody("everyone_away" if known else "no_holder")


def contact_of(person: Person) -> Contact:
    """A person as somebody to call; the first point of a channel counts."""
    return Contact(person.name, {point.channel: point.address for point in reversed(person.points)}, person.id)
