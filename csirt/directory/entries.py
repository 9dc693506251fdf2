"""What the entries of a directory mean: people, their roles from groups, and posts with holder and deputies.

Pure: entries in, values out, whether they came from a file or from a server. People are inetOrgPerson (RFC 2798),
groups groupOfNames and posts organizationalRole (RFC 4519): `cn=ciso` names the holder as roleOccupant, `cn=ciso.1` and
`cn=ciso.2` the deputies (代理1・2). Readings of names (フリガナ) come as `cn;lang-ja-kana` (RFC 3866), in the older
form `cn;lang-ja;phonetic`, or in Active Directory's own attributes. Nothing here raises on content: what cannot be used
is left out.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from csirt.directory.attributes import Attributes, DnKey, Entry, dn_key, is_visible
from csirt.directory.groups import Groups, Membership
from csirt.directory.roles import Grants, NamedPost
from csirt.directory.schema import Schema
from csirt.directory.standing import shut
from csirt.model.people import ContactPoint, Person, Post

Opaque = Callable[[str], str]

_LONGEST_ACCOUNT = 128
_LONGEST_PASSWORD = 1024  # bytes: more is not typed, and would only cost time
_POST = re.compile(r"([a-z0-9][a-z0-9-]{0,62})(?:\.([1-9]))?")
_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_CHANNELS = (("mail", "mail"), ("telephonenumber", "phone"), ("mobile", "mobile"))


@dataclass(frozen=True, slots=True)
class Listing:
    """People and posts as read, by id; and each person's id by the key of their entry's name.

    `shut` says why an account may not be used, by account name: those are in `people` no more. `doubled`: account names
    that two entries have.
    """

    people: Mapping[str, Person]
    posts: Mapping[str, Post]
    ids: Mapping[DnKey, str] = field(default_factory=dict)
    shut: Mapping[str, str] = field(default_factory=dict)
    doubled: frozenset[str] = frozenset()
    groups: Groups = field(default_factory=Groups)

    def by_uid(self, account: str) -> Person | None:
        """The person with this account name (as `account_name` gives it)."""
        return next((person for person in self.people.values() if person.uid == account), None)

    def by_dn(self, dn: str) -> Person | None:
        """The person of this entry."""
        return self.people.get(self.ids.get(dn_key(dn), ""))


def account_name(typed: object) -> str | None:
    """The account name that was meant: full width folded, no blanks around, in small letters; None if it is none."""
    if not isinstance(typed, str) or len(typed) > _LONGEST_ACCOUNT:
        return None
    name = unicodedata.normalize("NFKC", typed).strip().casefold()
    return name if name and is_visible(name) else None


def plain_account(typed: object) -> str:
    r"""The account behind `CITY\k.sato` and `k.sato@city.example`: by which tries are counted, however it is typed."""
    return (account_name(typed) or "").rpartition("\\")[2].partition("@")[0]


def password_bytes(typed: object) -> bytes | None:
    """The password as bytes; None for none at all, an empty one, or one that nobody could have typed.

    An empty password must never reach a server: it would be taken as "no password" and succeed (RFC 4513, 5.1.2).
    """
    if not isinstance(typed, str) or "\0" in typed:
        return None
    try:
        given = typed.encode()
    except UnicodeEncodeError:
        return None
    return given if 0 < len(given) <= _LONGEST_PASSWORD else None


def read_entries(
    entries: Iterable[Entry], grants: Grants, opaque: Opaque, now: datetime, schema: Schema | None = None
) -> Listing:
    """People and posts of these entries, as they are at `now`.

    `grants` says what groups give, `opaque` gives the id that the record may hold for an account name. Two people with
    one account name are nobody: either could be taken for the other. Nor is whoever may not use their account.
    """
    schema = schema or Schema()
    read = [(dn, dn_key(dn), Attributes(attributes)) for dn, attributes in entries]
    groups = Groups.of(read, grants, schema)
    found = list(_accounts(read, schema))
    count = Counter(account for account, _, _ in found)
    barred = {account: why for account, _, attributes in found if (why := shut(attributes, now))}
    usable = [one for one in found if count[one[0]] == 1 and one[0] not in barred]
    ids = {key: opaque(account) for account, key, _ in usable}
    people = {
        ids[key]: _person(account, attributes, groups.memberships(key), ids[key], ids)
        for account, key, attributes in usable
    }
    posts = dict(_posts([(key, attributes) for _, key, attributes in read], ids, schema))
    posts |= {one.id: _named(one, {person.uid: person.id for person in people.values()}) for one in grants.posts}
    doubled = frozenset(account for account, number in count.items() if number > 1)
    return Listing(people, posts, ids, barred, doubled, groups)


def _accounts(read: Iterable[tuple[str, DnKey, Attributes]], schema: Schema) -> Iterator[tuple[str, DnKey, Attributes]]:
    for _, key, attributes in read:
        is_person = attributes.is_a(schema.person) and not attributes.is_a(schema.not_people)
        if is_person and (account := account_name(attributes.first(schema.uid))):
            yield account, key, attributes


def _person(
    account: str, attributes: Attributes, memberships: Sequence[Membership], id_: str, ids: Mapping[DnKey, str]
) -> Person:
    whole = f"{attributes.first('sn')} {attributes.first('givenName')}".strip()
    given = [one.grant for one in memberships if one.grant]
    named = next((grant.department for grant in given if grant.department), "")
    manager = next((ids[key] for dn in attributes.names("manager") if (key := dn_key(dn)) in ids), "")
    return Person(
        id=id_,
        uid=account,
        name=attributes.first("displayName", "cn;lang-ja", "cn") or whole or account,
        kana=_kana(attributes),
        title=attributes.first("title"),
        department=named or attributes.first("ou", "department", "departmentNumber"),
        roles=frozenset(grant.role for grant in given),
        manager=manager,
        points=tuple(
            ContactPoint(channel, address) for name, channel in _CHANNELS for address in attributes.addresses(name)
        ),
    )


def _named(post: NamedPost, ids: Mapping[str, str]) -> Post:
    """A post of the city's file. Who is not in the directory holds none."""
    known = [ids[name] for one in post.deputies if (name := account_name(one) or "") in ids]
    return Post(post.id, post.name_ja, post.name_en, ids.get(account_name(post.holder) or ""), tuple(known))


def _kana(attributes: Attributes) -> str:
    """The reading in full-width katakana, so that names sort by it."""
    family, given = attributes.phonetic("sn"), attributes.phonetic("givenname")
    reading = (
        attributes.phonetic("displayname")
        or attributes.phonetic("cn")
        or f"{family} {given}".strip()
        or attributes.first("msDS-PhoneticDisplayName")
        or f"{attributes.first('msDS-PhoneticLastName')} {attributes.first('msDS-PhoneticFirstName')}".strip()
    )
    return unicodedata.normalize("NFKC", reading).translate(_TO_KATAKANA)


def _posts(read: Iterable[tuple[DnKey, Attributes]], ids: Mapping[DnKey, str], schema: Schema) -> Mapping[str, Post]:
    ranks: dict[str, list[tuple[int, DnKey, Attributes]]] = {}
    for key, attributes in read:
        if attributes.is_a(schema.post):
            for name, rank in _post_names(attributes):
                ranks.setdefault(name, []).append((rank, key, attributes))
    return {name: _post(name, sorted(ranks[name], key=lambda row: row[:2]), ids, schema) for name in sorted(ranks)}


def _post_names(attributes: Attributes) -> Iterator[tuple[str, int]]:
    for value in attributes.values("cn")[:1]:
        if found := _POST.fullmatch(value.lower()):
            yield found[1], int(found[2] or 0)


def _post(name: str, rows: Sequence[tuple[int, DnKey, Attributes]], ids: Mapping[DnKey, str], schema: Schema) -> Post:
    occupants = [
        (rank, ids[key])
        for rank, _, attributes in rows
        for occupant in attributes.values(schema.occupant)
        if (key := dn_key(occupant)) in ids
    ]
    holder = next((person for rank, person in occupants if rank == 0), None)
    deputies = dict.fromkeys(person for _, person in occupants if person != holder)
    words = rows[0][2]
    return Post(
        id=name,
        name_ja=words.first("description", "description;lang-ja") or name,
        name_en=words.first("description;lang-en") or name,
        holder=holder,
        deputies=tuple(deputies),
    )
