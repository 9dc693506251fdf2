"""A post changes hands on a day: whom chains call follows it, until the directory says the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import select

from csirt.era import jst_date
from csirt.errors import CsirtError
from csirt.model.contact import ContactChain, Route
from csirt.model.people import SYSTEM, Roster
from csirt.outlook import Outlook
from csirt.response import absences, handovers, people
from csirt.store.queries.contacts import handovers as question
from csirt.store.tables.record import LedgerRow
from tests.plays import signed_in
from tests.response.test_climbing_on import climb, seconds, tier, view
from tests.world import World

DAY = timedelta(days=1)
POC = ContactChain("one", (Route("a", (tier(0, "post:poc"),), wait=seconds(60)),), exhausted=tier(0, "post:ciso"))


def today(world: World) -> date:
    return jst_date(world.clock.now())


def hand_over(
    world: World,
    holder: str,
    *,
    days: int = 1,
    by: str = "k.sato",
    post: str = "poc",
    deputies: Sequence[str] | None = None,
) -> str:
    ids = None if deputies is None else [world.person(uid).id for uid in deputies]
    on = today(world) + days * DAY
    return world.desk.commit(signed_in(world, by), handovers.enter, post, on, world.person(holder).id, ids)


def first_called(world: World) -> str | None:
    return view(world, climb(world, POC)).calls[0].person


def read_directory(world: World, **changed: str) -> None:
    """The directory is read again; meanwhile somebody has put a new holder of the post `poc` into it."""
    listing = world.desk.directory.listing()
    posts = dict(listing.posts)
    posts["poc"] = replace(posts["poc"], **changed)  # type: ignore[arg-type]
    world.desk.commit(SYSTEM, people.refresh, listing.people, posts)


def test_the_new_holder_is_called_from_midnight_of_the_day_and_not_before(world: World) -> None:
    hand_over(world, "m.takahashi")
    assert first_called(world) == world.person("k.sato").id
    world.clock.forward(DAY)
    assert first_called(world) == world.person("m.takahashi").id


def test_it_gives_nobody_rights_that_the_directory_does_not_give(world: World) -> None:
    hand_over(world, "m.takahashi", days=0, post="ciso")
    assert "ciso" not in signed_in(world, "m.takahashi").posts
    assert "ciso" in signed_in(world, "a.kobayashi").posts


def test_deputies_stay_or_are_named_and_stand_in_for_the_new_holder(world: World) -> None:
    hand_over(world, "y.tanaka", days=0)
    hand_over(world, "m.takahashi", days=1, deputies=["h.suzuki"])
    now, span = world.clock.now(), timedelta(days=3)
    for uid in ("y.tanaka", "m.takahashi"):
        world.desk.commit(signed_in(world, "k.sato"), absences.enter, world.person(uid).id, now, now + span)
    known = world.desk.look(lambda look: people.roster(look.session, look.vault, at=now))
    assert known.posts["poc"].holder == world.person("y.tanaka").id
    assert world.person("y.tanaka").id not in known.posts["poc"].deputies
    world.clock.forward(DAY)
    assert first_called(world) == world.person("h.suzuki").id


def test_the_directory_ends_it_by_saying_the_same(world: World) -> None:
    hand_over(world, "m.takahashi")
    read_directory(world, holder=world.person("m.takahashi").id)  # a day early
    assert len(world.desk.look(question)) == 1
    read_directory(world)
    world.clock.forward(DAY)
    read_directory(world)
    assert len(world.desk.look(question)) == 1
    read_directory(world, holder=world.person("m.takahashi").id)
    assert world.desk.look(question) == []
    assert world.kinds()[-1] == "HANDOVER_ENDED"


def test_until_then_the_check_says_that_the_directory_lags_behind(world: World) -> None:
    def codes() -> list[tuple[str, str]]:
        directory = world.desk.directory
        outlook = Outlook(world.desk, Roster(directory.people(), directory.posts()))
        found = outlook.weaknesses(outlook.chain("municipal"))
        return [(one.code, one.key) for one in found if one.code == "directory_behind_handover"]

    hand_over(world, "m.takahashi")
    assert codes() == []
    world.clock.forward(DAY)
    assert codes()[0] == ("directory_behind_handover", "post:poc")


def test_it_is_cancelled_once_and_the_record_holds_ids_only(world: World) -> None:
    handover = hand_over(world, "m.takahashi", days=0, deputies=["h.suzuki"])
    world.desk.commit(signed_in(world, "k.sato"), handovers.cancel, handover)
    assert first_called(world) == world.person("k.sato").id
    with pytest.raises(CsirtError, match="handover_ended"):
        world.desk.commit(signed_in(world, "k.sato"), handovers.cancel, handover)
    with pytest.raises(CsirtError, match="handover_unknown"):
        world.desk.commit(SYSTEM, handovers.cancel, "h-none")
    with world.desk.read() as session:
        raw = b"".join(row.canonical for row in session.exec(select(LedgerRow)))
    assert world.person("m.takahashi").id.encode() in raw
    assert b"m.takahashi" not in raw


@pytest.mark.parametrize(
    ("days", "post", "deputies", "by", "code"),
    [
        (-1, "poc", None, "k.sato", "handover_day"),
        (401, "poc", None, "k.sato", "handover_day"),
        (1, "none", None, "k.sato", "post_unknown"),
        (1, "poc", ["m.takahashi"], "k.sato", "handover_people"),
        (1, "poc", ["h.suzuki", "h.suzuki"], "k.sato", "handover_people"),
        (1, "poc", None, "h.suzuki", "not_permitted"),
        (1, "poc", None, "f.yamada", "not_permitted"),
    ],
)
def test_what_makes_no_sense_or_is_not_theirs_is_refused(
    world: World, days: int, post: str, deputies: list[str] | None, by: str, code: str
) -> None:
    with pytest.raises(CsirtError, match=code):
        hand_over(world, "m.takahashi", days=days, post=post, deputies=deputies, by=by)
    assert world.desk.look(question) == []


def test_a_post_changes_hands_once_a_day_and_to_somebody_known(world: World) -> None:
    hand_over(world, "m.takahashi")
    with pytest.raises(CsirtError, match="handover_twice"):
        hand_over(world, "h.suzuki")
    with pytest.raises(CsirtError, match="person_unknown"):
        world.desk.commit(SYSTEM, handovers.enter, "poc", today(world), "p-none")
