"""Page, API and command tell the same related incidents, defanged; merging is offered to whoever may merge."""

from collections.abc import Callable
from datetime import timedelta

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from csirt.store.queries import cases
from tests.cli.calling import call
from tests.web.conftest import Someone
from tests.web.test_observables import SHOWN, URL, detect
from tests.web.visitor import Visitor

Make = Callable[..., Someone]


def two_days(desk: Desk, clock: FixedClock) -> tuple[str, str]:
    """Two hosts that show one URL on two days: the ids of their incidents, the older one first."""
    detect(desk, "pc-1", 3)
    clock.forward(timedelta(days=2))
    detect(desk, "pc-2", 3)
    newer, older = desk.look(cases.incidents)
    return older.id, newer.id


def test_the_page_says_over_what_and_leads_whoever_may_to_the_form(
    desk: Desk, clock: FixedClock, someone: Make
) -> None:
    older, newer = two_days(desk, clock)
    officer = Visitor(someone().client)
    officer.sign_in("k.sato")
    page = officer.text(f"/incidents/{newer}")
    part = page[page.index('id="related"') : page.index('id="notes"')]
    assert f'href="/incidents/{older}"' in part
    assert f"同じURL「{SHOWN}」" in part
    assert URL not in page
    assert f"/incidents/{newer}/merge?into=%E4%BB%A4" in part
    reader = Visitor(someone().client)
    reader.sign_in("f.yamada")
    part = reader.text(f"/incidents/{newer}")
    assert f"同じURL「{SHOWN}」" in part
    assert "merge?into" not in part


def test_api_and_command_say_the_same(desk: Desk, clock: FixedClock, someone: Make) -> None:
    older, newer = two_days(desk, clock)
    told = someone("f.yamada").get(f"/incidents/{newer}/related").json()
    over = [{"kind": "url", "value": URL, "text": f"同じURL「{SHOWN}」"}]
    assert [(one["incident"]["id"], one["over"]) for one in told["related"]] == [(older, over)]
    assert told["common"] == []
    place = ("--data", str(desk.settings.data))
    row = call("related", newer, *place, "--json").row
    assert [(one["id"], one["over"]) for one in row["related"]] == [(older, over)]
    assert SHOWN in call("related", newer, *place).out
    assert call("related", "R8-99", *place).code == 4
