"""The permission table: who may, who may not, and who never."""

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.errors import Forbidden
from csirt.model.authority import ALLOWED, Permission, may, may_answer, must
from csirt.model.people import SYSTEM, Actor, Role

READS = {Permission.READ_INCIDENTS, Permission.READ_RECORD, Permission.EXPORT_RECORD, Permission.READ_EVIDENCE}
CHANGES = frozenset(Permission) - READS
ROLES = st.frozensets(st.sampled_from(Role))
POSTS = st.frozensets(st.sampled_from(["ciso", "poc", "mayor", "auditor"]))


def person(*roles: Role, posts: tuple[str, ...] = (), auth: str = "ldif") -> Actor:
    return Actor(id="p1", auth=auth, roles=frozenset(roles), posts=frozenset(posts))


def test_every_permission_has_its_row_and_somebody_in_it() -> None:
    assert set(ALLOWED) == set(Permission)
    assert all(ALLOWED.values())
    assert set(chain.from_iterable(ALLOWED.values())) == set(Role)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_what_its_row_says(role: Role, permission: Permission) -> None:
    assert may(person(role), permission) is (role in ALLOWED[permission])


@pytest.mark.parametrize("permission", Permission)
def test_somebody_without_role_and_post_may_nothing(permission: Permission) -> None:
    assert not may(person(), permission)
    with pytest.raises(Forbidden, match="not_permitted") as caught:
        must(person(), permission)
    assert caught.value.params == {"permission": permission.value}


def test_roles_add_up() -> None:
    for two in combinations((Role.OFFICER, Role.RESPONDER, Role.CISO, Role.ADMINISTRATOR), 2):
        for permission in Permission:
            assert may(person(*two), permission) is any(may(person(role), permission) for role in two)


@given(ROLES, POSTS, st.sampled_from(["role:officer", "role:auditor", "post:ciso", "post:auditor"]))
def test_an_auditor_changes_nothing_whatever_else_they_hold(
    roles: frozenset[Role], posts: frozenset[str], who: str
) -> None:
    auditor = Actor(id="p1", auth="ldap", roles=roles | {Role.AUDITOR}, posts=posts)
    assert not any(may(auditor, permission) for permission in CHANGES)
    assert not may_answer(auditor, who)
    must(auditor, Permission.READ_RECORD)
    must(auditor, Permission.READ_INCIDENTS)
    must(auditor, Permission.EXPORT_RECORD)


def test_an_administrator_runs_the_machine_and_answers_nothing() -> None:
    administrator = person(Role.ADMINISTRATOR)
    assert may(administrator, Permission.ADMINISTER)
    assert may(administrator, Permission.ISSUE_TOKEN)
    assert not may(administrator, Permission.READ_INCIDENTS)
    assert not may_answer(administrator, "role:administrator")
    assert not may_answer(administrator, "role:officer")


def test_a_sensor_only_delivers() -> None:
    sensor = person(Role.SENSOR, auth="token")
    assert [permission for permission in Permission if may(sensor, permission)] == [Permission.INGEST]
    assert not may_answer(sensor, "role:sensor")


def test_the_machine_itself() -> None:
    local = Actor(id="local", auth="local")
    assert all(may(local, permission) for permission in Permission)
    assert may_answer(local, "post:ciso")
    assert [permission for permission in Permission if not may(SYSTEM, permission)] == [
        Permission.ANSWER_STEP,
        Permission.ASSIGN_STEP,
        Permission.CANCEL_STEP,
        Permission.SKIP_STEP,
        Permission.SKIP_MANDATORY_STEP,
        Permission.APPROVE_REPORT,
    ]
    assert not may_answer(SYSTEM, "role:officer")


@given(ROLES, POSTS)
def test_a_link_says_i_heard_and_no_more(roles: frozenset[Role], posts: frozenset[str]) -> None:
    link = Actor(id="p1", auth="link", roles=roles, posts=posts)
    assert [permission for permission in Permission if may(link, permission)] == [Permission.ACKNOWLEDGE_CALL]
    assert not may_answer(link, "post:ciso")


def test_a_post_brings_what_its_steps_need() -> None:
    mayor = person(posts=("mayor",))
    assert may(mayor, Permission.READ_INCIDENTS)
    assert may(mayor, Permission.ACKNOWLEDGE_CALL)
    assert not may(mayor, Permission.SET_LEVEL)
    assert may_answer(mayor, "post:mayor")
    assert not may_answer(mayor, "post:ciso")


@pytest.mark.parametrize(
    ("who", "answers"),
    [
        ("role:responder", True),
        ("post:poc", True),
        ("role:officer", False),
        ("post:responder", False),
        ("role:poc", False),
        ("office:poc", False),
        ("responder", False),
        ("role:", False),
        ("post:", False),
        ("", False),
        ("role:responder:poc", False),
        ("ROLE:responder", False),
    ],
)
def test_a_step_is_answered_by_the_one_it_names(who: str, answers: bool) -> None:
    assert may_answer(person(Role.RESPONDER, posts=("poc",)), who) is answers


def test_there_is_no_ladder() -> None:
    assert not may_answer(person(Role.CISO, posts=("ciso",)), "role:responder")
