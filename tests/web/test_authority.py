"""The page of authorities: both tables, from the data that decides."""

import html
from collections.abc import Callable

import pytest

from csirt.bootstrap import Desk
from csirt.model.authority import ALLOWED, NEEDS_STEP_UP, Permission
from csirt.texts.catalogs import catalog
from tests.cli.calling import call
from tests.web.conftest import Someone

Make = Callable[..., Someone]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_says_every_permission_and_every_decision(someone: Make, desk: Desk, language: str) -> None:
    reader = someone("y.tanaka")
    page = reader.client.get(f"/authority?lang={language}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    words, said = catalog(language), html.unescape(page.text)
    for permission in Permission:
        assert words.gettext(f"permission.{permission}") in said
    for one in desk.door.city.deciders.decisions:
        assert one.label(language) in said
        assert one.decider(language) in said


def test_the_route_says_the_table_itself(someone: Make) -> None:
    given = someone("y.tanaka").get("/authority").json()
    assert {one["permission"]: set(one["roles"]) for one in given["permissions"]} == {
        permission.value: set(roles) for permission, roles in ALLOWED.items()
    }
    assert {one["permission"] for one in given["permissions"] if one["step_up"]} == set(NEEDS_STEP_UP)
    mine = {one["permission"] for one in given["permissions"] if one["mine"]}
    assert {"answer_step", "add_note"} <= mine
    assert not mine & {"administer", "approve_erasure", "export_record"}


def test_whoever_is_not_signed_in_reads_neither(someone: Make) -> None:
    assert someone().get("/authority").status_code == 401


def test_the_command_says_both(desk: Desk) -> None:
    data = desk.settings.data
    assert "APIトークンを発行する" in call("authority", "--data", data).out
    assert "統括情報セキュリティ責任者" in call("authority", "--deciders", "--data", data).out
