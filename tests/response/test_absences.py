"""Who is away is not called: by themselves or by whom keeps the contacts, from when until when."""

from datetime import timedelta

import pytest

from csirt.errors import CsirtError
from csirt.model.contact import ContactChain, Route
from csirt.model.people import SYSTEM
from csirt.response import absences, people
from csirt.store.queries.absences import absences as question
from csirt.store.queries.absences import away_at
from csirt.store.tx import Look
from tests.plays import signed_in
from tests.response.test_climbing_on import called, climb, decide_for, seconds, tier, view
from tests.world import World

DAY = timedelta(days=1)


def away(world: World, uid: str, *, by: str = "", begins: timedelta = timedelta(0), span: timedelta = DAY) -> str:
    now = world.clock.now()
    return world.desk.commit(
        signed_in(world, by or uid), absences.enter, world.person(uid).id, now + begins, now + begins + span
    )


def persons(world: World, escalation: str) -> list[str | None]:
    return [call.person for call in view(world, escalation).calls]


def test_a_deputy_is_called_while_the_holder_is_away_and_the_holder_again_afterwards(world: World) -> None:
    away(world, "k.sato", span=timedelta(seconds=5))
    chain = ContactChain("one", (Route("a", (tier(0, "post:poc"), tier(8, "post:poc")), wait=seconds(60)),))
    escalation = climb(world, chain)
    decide_for(world, 9)
    assert persons(world, escalation) == [world.person("y.tanaka").id, world.person("k.sato").id]


def test_a_post_whose_people_are_all_away_is_passed_at_once_and_that_is_said(world: World) -> None:
    known = world.desk.look(lambda look: people.roster(look.session, look.vault))
    uids = {person.id: person.uid for person in known.people.values()}
    for one in known.posts["poc"].acting_order:
        away(world, uids[one], by="s.watanabe")
    chain = ContactChain("one", (Route("a", (tier(0, "post:poc"), tier(600, "post:director")), wait=seconds(60)),))
    escalation = climb(world, chain)
    assert called(world, escalation) == ["post:director"]
    (skipped,) = [entry for entry in world.told(view(world, escalation).incident) if entry.kind == "TIER_SKIPPED"]
    assert (skipped.out["party"], skipped.out["code"]) == ("post:poc", "everyone_away")


def test_the_last_resort_is_called_even_on_leave(world: World) -> None:
    for uid in ("a.kobayashi", "t.nakamura", "e.yamamoto"):
        away(world, uid, by="k.sato")
    last = tier(0, "post:ciso", by=("phone",))
    chain = ContactChain("one", (Route("a", (tier(0, "post:none"),), wait=seconds(5)),), exhausted=last)
    escalation = climb(world, chain)
    assert persons(world, escalation) == [world.person("a.kobayashi").id]


@pytest.mark.parametrize(
    ("by", "code"),
    [
        ("k.sato", ""),
        ("s.watanabe", ""),
        ("a.kobayashi", ""),
        ("h.suzuki", "not_permitted"),
        ("f.yamada", "not_permitted"),
    ],
)
def test_for_others_only_by_whom_keeps_the_contacts(world: World, by: str, code: str) -> None:
    found = ""
    try:
        away(world, "a.kobayashi", by=by)
    except CsirtError as error:
        found = error.code
    assert found == code
    assert len(world.desk.look(question, world.clock.now())) == (0 if code else 1)


@pytest.mark.parametrize(
    ("begins", "span"), [(DAY, -DAY), (DAY, timedelta(0)), (-2 * DAY, DAY), (DAY, timedelta(days=401))]
)
def test_a_span_that_makes_no_sense_is_refused(world: World, begins: timedelta, span: timedelta) -> None:
    with pytest.raises(CsirtError, match="absence_span"):
        away(world, "k.sato", begins=begins, span=span)


def test_an_absence_ends_early_once(world: World) -> None:
    absence = away(world, "k.sato")
    person = world.person("k.sato").id

    def now_away(look: Look) -> frozenset[str]:
        return away_at(look.session, world.clock.now())

    assert world.desk.look(now_away) == {person}
    with pytest.raises(CsirtError, match="not_permitted"):
        world.desk.commit(signed_in(world, "m.takahashi"), absences.end, absence)
    world.desk.commit(signed_in(world, "k.sato"), absences.end, absence)
    assert world.desk.look(now_away) == frozenset()
    with pytest.raises(CsirtError, match="absence_ended"):
        world.desk.commit(signed_in(world, "k.sato"), absences.end, absence)
    with pytest.raises(CsirtError, match="absence_unknown"):
        world.desk.commit(SYSTEM, absences.end, "w-none")
    assert world.kinds()[-2:] == ["ABSENCE_ENTERED", "ABSENCE_ENDED"]
