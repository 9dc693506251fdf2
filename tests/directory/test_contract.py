"""What every directory must do, asked of each variant; and that both know the same city."""

from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csirt.directory.ldap import LdapDirectory
from csirt.directory.ldif import LdifDirectory
from csirt.model.people import Role
from csirt.model.ports import Directory
from tests.directory.conftest import opaque

NOT_HERS = [
    "",
    "x",
    "K.SATO-NARUTO",
    " k.sato-naruto",
    "k.sato-naruto ",
    "y.tanaka-naruto",
    "k.sato-naruto\0",
    "\ud800",
]
HOSTILE = [
    "*",
    "k.s*",
    "(",
    ")(uid=*",
    "*)(uid=*",
    "k.sato)(|(uid=*)",
    "k.sato\\2a",
    "k.sato\0",
    "\0",
    "uid=k.sato,ou=people,dc=naruto,dc=example",
    "k.sato,ou=people",
    "k.sato\nuid: y.tanaka",
    "\ud800",
    "reader",
    "",
    " ",
    "k.sato" * 10_000,
    "\u202ek.sato",
]
POSTS = {
    "auditor",
    "ciso",
    "csirt-head",
    "director",
    "mayor",
    "poc",
    "privacy-officer",
    "public-relations",
    "system-manager",
}


def test_it_says_its_name(directory: Directory) -> None:
    assert directory.name in {"ldif", "ldap"}


def test_the_right_password_gives_the_person(directory: Directory) -> None:
    person = directory.authenticate("k.sato", "k.sato-naruto")
    assert person is not None
    assert (person.uid, person.id, person.name) == ("k.sato", opaque("k.sato"), "佐藤 和也")
    assert person.roles == {Role.OFFICER}
    assert person == directory.people()[person.id]


@pytest.mark.parametrize("typed", ["K.Sato", " k.sato ", "ｋ．ｓａｔｏ"])
def test_an_account_is_found_however_it_is_typed(directory: Directory, typed: str) -> None:
    person = directory.authenticate(typed, "k.sato-naruto")
    assert person is not None
    assert person.uid == "k.sato"


@pytest.mark.parametrize("password", [*NOT_HERS, "x" * 100_000, cast("str", None), cast("str", b"k.sato-naruto")])
def test_any_other_password_gives_nobody(directory: Directory, password: str) -> None:
    assert directory.authenticate("k.sato", password) is None


@pytest.mark.parametrize("uid", [*HOSTILE, "nobody", cast("str", None), cast("str", b"k.sato")])
def test_unknown_and_hostile_names_give_nobody(directory: Directory, uid: str) -> None:
    for password in ("k.sato-naruto", "", "*", "reads-the-directory"):
        assert directory.authenticate(uid, password) is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(uid=st.text(), password=st.text())
def test_nonsense_gives_nobody(directory: Directory, uid: str, password: str) -> None:
    assert directory.authenticate(uid, password) is None


def test_the_people_of_the_sample_city(directory: Directory) -> None:
    people = {person.uid: person for person in directory.people().values()}
    assert len(people) == 15
    assert all(person.id == opaque(uid) for uid, person in people.items())
    assert all(person.name and person.kana and person.title and person.department for person in people.values())
    assert all(person.address_on("mail") == f"{uid}@naruto.example" for uid, person in people.items())
    assert all(person.address_on("phone") for person in people.values())
    assert people["f.yamada"].roles == {Role.AUDITOR}
    assert people["i.matsumoto"].roles == frozenset()
    held = {role for person in people.values() for role in person.roles}
    assert held == set(Role) - {Role.SENSOR}


def test_the_posts_of_the_sample_city(directory: Directory) -> None:
    posts = directory.posts()
    assert set(posts) == POSTS
    ciso = posts["ciso"]
    assert ciso.acting_order == tuple(map(opaque, ("a.kobayashi", "t.nakamura", "e.yamamoto")))
    assert ciso.name_ja == "最高情報セキュリティ責任者（CISO）"
    assert ciso.name_en == "Chief information security officer (CISO)"
    assert all(post.holder for post in posts.values())
    assert all(len(post.deputies) == (0 if post.id == "auditor" else 2) for post in posts.values())
    auditor = posts["auditor"].holder
    assert all(auditor not in post.acting_order for post in posts.values() if post.id != "auditor")


@pytest.mark.slapd
def test_both_variants_know_the_same_city(in_file: LdifDirectory, on_server: LdapDirectory) -> None:
    assert in_file.people() == on_server.people()
    assert in_file.posts() == on_server.posts()
    for person in in_file.people().values():
        both = [each.authenticate(person.uid, f"{person.uid}-naruto") for each in (in_file, on_server)]
        assert both == [person, person]
