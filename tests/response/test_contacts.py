"""Contact data confirmed by whom called there: the check no longer asks, and asks anew when the data change."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from csirt.era import jst_date
from csirt.errors import CsirtError
from csirt.model.handover import Confirmation, confirmed, mark_of
from csirt.model.people import ContactPoint, Office, Roster
from csirt.outlook import Outlook
from csirt.response import contacts
from tests.plays import signed_in
from tests.world import World

DAY = timedelta(days=1)
OFFICE = Office(
    "pref", "県", "Prefecture", (ContactPoint("phone", "000"), ContactPoint("mail", "a@x.example")), date(2026, 4, 10)
)


def old(world: World) -> set[str]:
    directory = world.desk.directory
    outlook = Outlook(world.desk, Roster(directory.people(), directory.posts()))
    found = [one for chain in outlook.chains() for one in outlook.weaknesses(chain)]
    return {one.key for one in found if one.code.startswith("contact_data")}


def test_what_was_confirmed_is_no_longer_asked_for_until_the_next_transfers(world: World) -> None:
    world.clock.forward(timedelta(days=2 * 365))
    asked = old(world)
    assert "office:mic-cyber" in asked
    assert world.desk.commit(signed_in(world, "k.sato"), contacts.confirm, "mic-cyber") == jst_date(world.clock.now())
    assert old(world) == asked - {"office:mic-cyber"}
    assert world.kinds()[-1] == "CONTACT_CONFIRMED"
    world.clock.forward(timedelta(days=366))
    assert "office:mic-cyber" in old(world)


def test_it_counts_for_the_data_that_were_confirmed_and_never_backwards() -> None:
    later = Confirmation("pref", date(2027, 4, 20), mark_of(OFFICE))
    assert confirmed({"pref": OFFICE}, [later])["pref"].confirmed == date(2027, 4, 20)
    moved = replace(OFFICE, points=(ContactPoint("phone", "111"),))
    assert confirmed({"pref": moved}, [later])["pref"].confirmed == date(2026, 4, 10)
    turned = replace(OFFICE, points=OFFICE.points[::-1])
    assert confirmed({"pref": turned}, [later])["pref"].confirmed == date(2027, 4, 20)
    assert confirmed({"pref": OFFICE}, [replace(later, day=date(2026, 1, 1))])["pref"] == OFFICE
    assert confirmed({}, [later]) == {}


@pytest.mark.parametrize(
    ("office", "days", "by", "code"),
    [
        ("mic-cyber", 1, "k.sato", "confirmation_day"),
        ("mic-cyber", -91, "k.sato", "confirmation_day"),
        ("nobody", 0, "k.sato", "office_unknown"),
        ("mic-cyber", 0, "h.suzuki", "not_permitted"),
        ("mic-cyber", 0, "f.yamada", "not_permitted"),
    ],
)
def test_a_day_that_cannot_be_or_whoever_may_not_is_refused(
    world: World, office: str, days: int, by: str, code: str
) -> None:
    before = world.kinds()
    on = jst_date(world.clock.now()) + days * DAY
    with pytest.raises(CsirtError, match=code):
        world.desk.commit(signed_in(world, by), contacts.confirm, office, on)
    assert world.kinds() == before
