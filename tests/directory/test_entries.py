"""What entries mean: names and readings, contact points, groups, posts, and entries that make no sense."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.directory.attributes import Entry, dn_key
from csirt.directory.entries import Listing, account_name, password_bytes, read_entries
from csirt.directory.roles import Grant, Grants
from csirt.model.people import ContactPoint, Role

A = "uid=a,ou=people,dc=x"
ROLES = Grants({"csirt-officer": Grant(Role.OFFICER), "csirt-auditor": Grant(Role.AUDITOR)})
NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def entry(dn: str, kind: str, **values: str | list[str]) -> Entry:
    attributes = {name: [values] if isinstance(values, str) else values for name, values in values.items()}
    return dn, {"objectClass": [kind.encode()]} | {
        name.replace("__", ";").replace("_", "-"): [value.encode() for value in given]
        for name, given in attributes.items()
    }


def person(uid: str, **values: str | list[str]) -> Entry:
    return entry(f"uid={uid},ou=people,dc=x", "inetOrgPerson", uid=uid, **values)


def read(*entries: Entry) -> Listing:
    return read_entries(entries, ROLES, lambda uid: f"id-{uid}", NOW)


def only(*entries: Entry) -> tuple[str, str]:
    (found,) = read(*entries).people.values()
    return found.name, found.kana


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"cn": "佐藤 和也"}, "佐藤 和也"),
        ({"displayName": "佐藤和也（情報）", "cn": "k.sato"}, "佐藤和也（情報）"),
        ({"cn__lang_ja": "佐藤 和也", "cn": "Sato Kazuya"}, "佐藤 和也"),
        ({"sn": "佐藤", "givenName": "和也"}, "佐藤 和也"),
        ({}, "a"),
        ({"cn": " \u202e佐藤\x00 \n"}, "佐藤"),
        ({"cn": ["", "佐藤"]}, "佐藤"),
        ({"CN": "佐藤"}, "佐藤"),
    ],
)
def test_names(values: dict[str, str], name: str) -> None:
    assert only(person("a", **values))[0] == name


@pytest.mark.parametrize(
    ("values", "kana"),
    [
        ({"cn__lang_ja_kana": "サトウ カズヤ"}, "サトウ カズヤ"),
        ({"CN__LANG_JA_KANA": "サトウ カズヤ"}, "サトウ カズヤ"),
        ({"cn__lang_ja__phonetic": "さとう かずや"}, "サトウ カズヤ"),
        ({"cn__phonetic__lang_ja": "ｻﾄｳ ｶｽﾞﾔ"}, "サトウ カズヤ"),
        ({"sn__lang_ja_hira": "さとう", "givenName__lang_ja_hira": "かずや"}, "サトウ カズヤ"),
        ({"msDS_PhoneticDisplayName": "サトウ　カズヤ"}, "サトウ カズヤ"),
        ({"msDS_PhoneticLastName": "サトウ", "msDS_PhoneticFirstName": "カズヤ"}, "サトウ カズヤ"),
        ({"cn__lang_en": "Kazuya Sato"}, ""),
    ],
)
def test_readings(values: dict[str, str], kana: str) -> None:
    assert only(person("a", cn="佐藤 和也", **values)) == ("佐藤 和也", kana)


def test_contact_points_come_in_order_and_clean() -> None:
    (found,) = read(
        person(
            "a", telephoneNumber=["088-555-0101", "088-555-0102"], mail=["a@x.example\nBcc: b@y.example", "a@x.example"]
        )
    ).people.values()
    assert found.points == (
        ContactPoint("mail", "a@x.example"),
        ContactPoint("phone", "088-555-0101"),
        ContactPoint("phone", "088-555-0102"),
    )


def test_roles_come_from_groups_however_their_members_are_written() -> None:
    members = ["UID=A , OU=People,DC=X", "uid=stranger,dc=y", "not a name"]
    listing = read(
        person("a"),
        person("b"),
        entry("cn=csirt-officer,dc=x", "groupOfNames", cn="CSIRT-Officer", member=members),
        entry("cn=others,dc=x", "groupOfNames", cn="others", member="uid=b,ou=people,dc=x"),
        entry("cn=csirt-auditor,dc=x", "organizationalUnit", cn="csirt-auditor", member="uid=b,ou=people,dc=x"),
    )
    assert {found.uid: found.roles for found in listing.people.values()} == {"a": {Role.OFFICER}, "b": frozenset()}


def test_two_with_one_account_name_are_nobody() -> None:
    listing = read(person("a"), entry("uid=A,ou=other,dc=x", "inetOrgPerson", uid="A"), person("b"))
    assert [found.uid for found in listing.people.values()] == ["b"]


def test_posts_have_holder_and_deputies_in_order() -> None:
    listing = read(
        entry("cn=ciso.2,dc=x", "organizationalRole", cn="ciso.2", roleOccupant="uid=c,ou=people,dc=x"),
        entry("cn=ciso.1,dc=x", "organizationalRole", cn="ciso.1", roleOccupant=[A, "uid=b,ou=people,dc=x"]),
        entry(
            "cn=ciso,dc=x", "organizationalRole", cn="CISO", roleOccupant="uid=A,ou=people,dc=x",
            description="最高情報セキュリティ責任者", description__lang_en="CISO",
        ),
        *map(person, "abc"),
    )  # fmt: skip
    post = listing.posts["ciso"]
    assert (post.holder, post.deputies) == ("id-a", ("id-b", "id-c"))
    assert (post.name_ja, post.name_en) == ("最高情報セキュリティ責任者", "CISO")


def test_a_vacant_post_keeps_its_deputies() -> None:
    listing = read(
        entry("cn=ciso,dc=x", "organizationalRole", cn="ciso", roleOccupant="uid=gone,dc=x"),
        entry("cn=ciso.1,dc=x", "organizationalRole", cn="ciso.1", roleOccupant=A),
        entry("cn=poc.1,dc=x", "organizationalRole", cn="poc.1", roleOccupant=A),
        entry("cn=A post of another kind,dc=x", "organizationalRole", cn="A post of another kind"),
        person("a"),
    )
    assert set(listing.posts) == {"ciso", "poc"}
    assert [post.acting_order for post in listing.posts.values()] == [("id-a",), ("id-a",)]
    assert listing.posts["ciso"].holder is None
    assert listing.posts["poc"].name_ja == "poc"


@pytest.mark.parametrize("typed", [None, b"a", "", " ", "a\0", "a\n b", "\u200b", "\ud800", "a" * 129])
def test_what_no_account_is_called(typed: object) -> None:
    assert account_name(typed) is None


@pytest.mark.parametrize("typed", [None, b"a", "", "\0", "a\0", "\ud800", "a" * 1025])
def test_what_no_password_is(typed: object) -> None:
    assert password_bytes(typed) is None


def test_blanks_are_a_password() -> None:
    assert password_bytes(" あ ") == " あ ".encode()


def test_equal_names_have_equal_keys() -> None:
    assert dn_key("uid=a,dc=x") == dn_key("UID=A , DC=X")
    assert dn_key("cn=a+uid=b,dc=x") == dn_key("uid=b+cn=a,dc=x")
    assert dn_key("uid=a\\,b,dc=x") != dn_key("uid=a,b=c,dc=x")
    assert dn_key("nonsense") != dn_key("")


_NAMES = st.sampled_from(["objectClass", "uid", "cn", "cn;lang-ja-kana", "mail", "member", "roleOccupant", ";", ""])
_VALUES = st.binary() | st.sampled_from([b"inetOrgPerson", b"groupOfNames", b"organizationalRole", b"ciso.1", b"a"])
_DNS = st.text() | st.just("uid=a,dc=x")


@given(st.lists(st.tuples(_DNS, st.dictionaries(_NAMES, st.lists(_VALUES)))))
def test_any_entries_can_be_read(entries: list[Entry]) -> None:
    listing = read(*entries)
    assert all(found.uid and found.name for found in listing.people.values())
    assert all(set(post.acting_order) <= set(listing.people) for post in listing.posts.values())
