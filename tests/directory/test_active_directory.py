"""Active Directory's shape: names, groups within groups, `memberOf`, accounts shut, groups that people make."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from csirt.directory.ldap import LdapDirectory
from csirt.directory.roles import Grant, Grants, read_roles
from csirt.directory.schema import SHAPES
from csirt.model.people import Role
from tests.directory import ad, slapd
from tests.directory.conftest import opaque, server_of

pytestmark = pytest.mark.slapd

GRANTS = Grants(
    {
        "csirt-team": Grant(Role.RESPONDER, "CSIRT"),
        "csirt-auditors": Grant(Role.AUDITOR),
        "csirt-administrators": Grant(Role.ADMINISTRATOR),
    }
)


@pytest.fixture(scope="module")
def active(tmp_path_factory: pytest.TempPathFactory, authority: slapd.Authority) -> Iterator[slapd.Slapd]:
    with ad.running(tmp_path_factory.mktemp("ad"), authority, slapd.RIGHT_HOST) as running:
        yield running


def directory_of(running: slapd.Slapd, grants: Grants = GRANTS, **changes: object) -> LdapDirectory:
    shape = {"base": ad.BASE, "bind_dn": ad.READER, "schema": SHAPES["ad"], "group_base": ad.GROUPS}
    return LdapDirectory(server_of(running, **(shape | changes)), grants, opaque)


@pytest.mark.parametrize(
    "typed", ["k.sato", "K.SATO", "k.sato@city.example", "CITY\\k.sato", "city\\K.Sato", "ｋ．ｓａｔｏ"]
)
def test_one_account_however_it_is_typed(active: slapd.Slapd, typed: str) -> None:
    directory = directory_of(active)
    person = directory.authenticate(typed, ad.PASSWORD)
    assert person is not None
    assert person.roles == {Role.RESPONDER}
    assert (person.uid, person.department) == ("k.sato", "CSIRT")
    assert (person.title, person.manager) == ("Subsection chief", opaque("head"))
    assert {point.channel for point in person.points} == {"mail", "phone", "mobile"}
    assert person == directory.people()[person.id]
    assert directory.authenticate(typed, "wrong") is None
    assert directory.authenticate(typed, "") is None


@pytest.mark.parametrize(
    ("account", "roles"),
    [
        ("nested", {Role.RESPONDER}),
        ("deep", {Role.RESPONDER}),
        ("by.memberof", {Role.AUDITOR}),
        ("head", {Role.ADMINISTRATOR}),
        ("comma", {Role.RESPONDER}),
        ("plain", set()),
        ("intruder", set()),
    ],
)
def test_groups_within_groups_and_member_of(active: slapd.Slapd, account: str, roles: set[Role]) -> None:
    directory = directory_of(active)
    person = directory.authenticate(account, ad.PASSWORD)
    assert person is not None
    assert person.roles == roles
    assert directory.people()[person.id] == person


def test_without_a_place_for_groups_anybody_with_an_own_unit_could_take_a_role(active: slapd.Slapd) -> None:
    """So that the test above shows our bound; the check of the directory warns of it, and a whole name helps too."""
    open_to_all = directory_of(active, group_base="")
    intruder = open_to_all.authenticate("intruder", ad.PASSWORD)
    assert intruder is not None
    assert intruder.roles == {Role.ADMINISTRATOR}
    assert open_to_all.listing().groups.ambiguous() == ["csirt-administrators"]
    named = Grants({f"CN=CSIRT-Administrators,{ad.GROUPS}": Grant(Role.ADMINISTRATOR)})
    by_name = directory_of(active, named, group_base="")
    assert [person.uid for person in by_name.people().values() if person.roles] == ["head"]
    refused = by_name.authenticate("intruder", ad.PASSWORD)
    assert refused is not None
    assert not refused.roles


@pytest.mark.parametrize("account", ["disabled", "expired", "host$"])
def test_accounts_that_may_not_be_used_are_nobody(active: slapd.Slapd, account: str) -> None:
    """The server itself would let them in: it is no Active Directory, it only looks like one."""
    directory = directory_of(active)
    assert directory.authenticate(account, ad.PASSWORD) is None
    assert account not in {person.uid for person in directory.people().values()}


def test_the_listing_says_why_somebody_may_not(active: slapd.Slapd) -> None:
    listing = directory_of(active).listing()
    assert listing.shut == {"disabled": "account_disabled", "expired": "account_expired"}
    key = next(key for key, id_ in listing.ids.items() if id_ == opaque("deep"))
    paths = {one.path: one.grant for one in listing.groups.memberships(key)}
    assert paths["Innermost", "Inner", "CSIRT-Team"] == Grant(Role.RESPONDER, "CSIRT")
    assert paths["Innermost",] is None


def test_posts_may_stand_in_the_file_of_roles(active: slapd.Slapd, tmp_path: Path) -> None:
    file = tmp_path / "roles.toml"
    file.write_text(
        '[groups]\nCSIRT-Team = "responder"\n[posts.ciso]\nholder = "head"\ndeputies = ["K.Sato", "gone"]\n'
    )
    posts = directory_of(active, read_roles(file)).posts()
    assert posts["ciso"].acting_order == (opaque("head"), opaque("k.sato"))
