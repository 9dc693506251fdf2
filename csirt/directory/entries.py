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

import ldap
import ldap.dn

from csirt.model.people import ContactPoint, Person, Post, Role

Entry = tuple[str, Mapping[str, Sequence[bytes]]]
DnKey = tuple[tuple[tuple[str, str], ...], ...]
Opaque = Callable[[str], str]

_LONGEST_ACCOUNT = 128
_LONGEST_PASSWORD = 1024  # bytes: more is not typed, and would only cost time
_LONGEST_TEXT = 256
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, overrides of direction, line ends
_POST = re.compile(r"([a-z0-9][a-z0-9-]{0,62})(?:\.([1-9]))?")
_PHONETIC = re.compile(r"phonetic|lang-ja-(kana|hira|hrkt)")
_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_CHANNELS = (("mail", "mail"), ("telephonenumber", "phone"), ("mobile", "mobile"))


@dataclass(frozen=True, slots=True)
class Schema:
    """The object classes and attributes by which this city's directory says what we read."""

    person: str = "inetOrgPerson"
    uid: str = "uid"
    group: str = "groupOfNames"
    member: str = "member"
    post: str = "organizationalRole"
    occupant: str = "roleOccupant"

    @property
    def attributes(self) -> tuple[str, ...]:
        """Everything that we ask a server for; never a password."""
        plain = ("objectClass", "cn", "sn", "givenName", "displayName", "title", "ou", "department", "departmentNumber")
        phonetic = ("msDS-PhoneticDisplayName", "msDS-PhoneticLastName", "msDS-PhoneticFirstName")
        points = ("mail", "telephoneNumber", "mobile")
        return (*plain, *phonetic, *points, "description", self.uid, self.member, self.occupant)


@dataclass(frozen=True, slots=True)
class Listing:
    """People and posts as read, by id; and each person's id by the key of their entry's name."""

    people: Mapping[str, Person]
    posts: Mapping[str, Post]
    ids: Mapping[DnKey, str] = field(default_factory=dict)

    def by_uid(self, account: str) -> Person | None:
        """The person with this account name (as `account_name` gives it)."""
        return next((person for person in self.people.values() if person.uid == account), None)


class _Attributes:
    """The attributes of one entry as text. Types and options are told apart regardless of case and order."""

    def __init__(self, raw: Mapping[str, Sequence[bytes]]) -> None:
        self._raw = {_attribute_key(name): values for name, values in raw.items()}

    def values(self, name: str) -> tuple[str, ...]:
        """All values of exactly this type and options, cleaned, without empty ones."""
        texts = (cleaned(value) for value in self._raw.get(_attribute_key(name), ()))
        return tuple(text for text in texts if text)

    def first(self, *names: str) -> str:
        """The first value of the first of these that has one."""
        return next((value for name in names for value in self.values(name)), "")

    def phonetic(self, kind: str) -> str:
        """How the value of this type is read aloud, in whichever way the directory says so."""
        keys = sorted(key for key in self._raw if key.partition(";")[0] == kind and _PHONETIC.search(key))
        return self.first(*keys)

    def addresses(self, name: str) -> tuple[str, ...]:
        """Values that arrived clean: an address that had to be cleaned is another address."""
        raw = (value.decode("utf-8", "replace") for value in self._raw.get(_attribute_key(name), ()))
        return tuple(dict.fromkeys(text.strip() for text in raw if text.strip() and text.strip() == cleaned(text)))

    def is_a(self, kind: str) -> bool:
        """Is the entry of this object class?"""
        return kind.lower() in {value.lower() for value in self.values("objectClass")}


def account_name(typed: object) -> str | None:
    """The account name that was meant: full width folded, no blanks around, in small letters; None if it is none."""
    if not isinstance(typed, str) or len(typed) > _LONGEST_ACCOUNT:
        return None
    name = unicodedata.normalize("NFKC", typed).strip().casefold()
    return name if name and _is_visible(name) else None


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


def cleaned(value: bytes | str) -> str:
    """Text without invisible characters and outer blanks, of bounded length."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    visible = (sign for sign in text[: 4 * _LONGEST_TEXT] if unicodedata.category(sign) not in _INVISIBLE)
    return "".join(visible).strip()[:_LONGEST_TEXT]


def dn_key(dn: str) -> DnKey:
    """A distinguished name in a form in which equal names are equal, however they were written."""
    try:
        parts = ldap.dn.str2dn(dn)
    except (ldap.LDAPError, ValueError):
        return ((("", dn.lower()),),)
    return tuple(
        tuple(sorted((kind.lower(), " ".join(value.lower().split())) for kind, value, _ in rdn)) for rdn in parts
    )


def read_entries(
    entries: Iterable[Entry], roles: Mapping[str, Role], opaque: Opaque, schema: Schema | None = None
) -> Listing:
    """People and posts of these entries.

    `roles` maps names of groups to roles, `opaque` an account name to the id that the record may hold. Two people with
    one account name are nobody: either could be taken for the other.
    """
    schema = schema or Schema()
    read = [(dn_key(dn), _Attributes(attributes)) for dn, attributes in entries]
    granted = _granted(read, roles, schema)
    found = [
        (key, _person(account, attributes, granted.get(key, frozenset()), opaque))
        for key, attributes in read
        if attributes.is_a(schema.person) and (account := account_name(attributes.first(schema.uid)))
    ]
    count = Counter(person.uid for _, person in found)
    single = [(key, person) for key, person in found if count[person.uid] == 1]
    ids = {key: person.id for key, person in single}
    return Listing({person.id: person for _, person in single}, _posts(read, ids, schema), ids)


def _person(account: str, attributes: _Attributes, roles: frozenset[Role], opaque: Opaque) -> Person:
    whole = f"{attributes.first('sn')} {attributes.first('givenName')}".strip()
    return Person(
        id=opaque(account),
        uid=account,
        name=attributes.first("displayName", "cn;lang-ja", "cn") or whole or account,
        kana=_kana(attributes),
        title=attributes.first("title"),
        department=attributes.first("ou", "department", "departmentNumber"),
        roles=roles,
        points=tuple(
            ContactPoint(channel, address) for name, channel in _CHANNELS for address in attributes.addresses(name)
        ),
    )


def _kana(attributes: _Attributes) -> str:
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


def _granted(
    read: Iterable[tuple[DnKey, _Attributes]], roles: Mapping[str, Role], schema: Schema
) -> Mapping[DnKey, frozenset[Role]]:
    by_group = {name.lower(): role for name, role in roles.items()}
    granted: dict[DnKey, set[Role]] = {}
    for _, attributes in read:
        if not attributes.is_a(schema.group):
            continue
        given = {by_group[name.lower()] for name in attributes.values("cn") if name.lower() in by_group}
        for member in attributes.values(schema.member) if given else ():
            granted.setdefault(dn_key(member), set()).update(given)
    return {key: frozenset(given) for key, given in granted.items()}


def _posts(read: Iterable[tuple[DnKey, _Attributes]], ids: Mapping[DnKey, str], schema: Schema) -> Mapping[str, Post]:
    ranks: dict[str, list[tuple[int, DnKey, _Attributes]]] = {}
    for key, attributes in read:
        if attributes.is_a(schema.post):
            for name, rank in _post_names(attributes):
                ranks.setdefault(name, []).append((rank, key, attributes))
    return {name: _post(name, sorted(ranks[name], key=lambda row: row[:2]), ids, schema) for name in sorted(ranks)}


def _post_names(attributes: _Attributes) -> Iterator[tuple[str, int]]:
    for value in attributes.values("cn")[:1]:
        if found := _POST.fullmatch(value.lower()):
            yield found[1], int(found[2] or 0)


def _post(name: str, rows: Sequence[tuple[int, DnKey, _Attributes]], ids: Mapping[DnKey, str], schema: Schema) -> Post:
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


def _attribute_key(name: str) -> str:
    kind, *options = name.lower().split(";")
    return ";".join((kind, *sorted(option for option in options if option != "binary")))


def _is_visible(text: str) -> bool:
    return not any(unicodedata.category(sign) in _INVISIBLE for sign in text)
