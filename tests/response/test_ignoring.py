"""Detections are set aside for a time, with a reason; each stays findable and counted, nothing grave is silenced."""

from collections import Counter
from datetime import timedelta

import pytest

from csirt.errors import Conflict, CsirtError, Forbidden, Invalid
from csirt.model.ignoring import IgnoreKind, IgnoreRule, Told
from csirt.model.incident import Level
from csirt.model.people import SYSTEM, Actor, Role
from csirt.response import ignoring, triage
from csirt.response.ignoring import Wanted
from csirt.store.queries import cases, timeline
from csirt.store.queries import ignoring as questions
from csirt.store.queries.ignoring import Asked
from tests.response.test_triage import detect, seen, stored
from tests.world import TUESDAY_MORNING, World

OFFICER = Actor("p-officer", "ldif", roles=frozenset({Role.OFFICER}))
HOUR = timedelta(hours=1)


def make(world: World, kind: IgnoreKind = IgnoreKind.IGNORE, hours: int = 2, **conditions: str) -> str:
    wanted = Wanted(kind, world.clock.now() + hours * HOUR, "検査ツールによる", **conditions)  # type: ignore[arg-type]
    return world.desk.commit(OFFICER, ignoring.make, wanted)


def states(world: World) -> dict[str, str]:
    return {title: row.state for title, row in stored(world).items()}


def test_what_fits_is_set_aside_and_found_and_counted(world: World) -> None:
    rule = make(world, text="port scan", host="scan-*")
    detect(world, seen("Port Scan", host="scan-01"), seen("Port Scan", host="pc-1"), seen("virus", host="scan-01"))
    (found,) = world.desk.look(questions.found, Asked(state="ignored"))
    assert (found.title, found.host, found.ignored_by) == ("Port Scan", "scan-01", rule)
    detect(world, seen("Port Scan", host="scan-01"))
    (view,) = world.desk.look(questions.rules)
    assert (view.detections, view.seen, view.reason) == (1, 2, "検査ツールによる")
    assert world.desk.look(questions.count, Asked(rule=rule)) == 1
    (entry,) = world.desk.look(timeline.explore, kind="DETECTIONS_SET_ASIDE")
    assert (entry.out["rule"], entry.out["detections"]) == (rule, 1)
    assert len(world.desk.look(cases.incidents)) == 2


def test_a_state_in_which_many_are_is_counted_and_listed_as_one_with_few(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(world, text="port scan", host="scan-*")
    detect(
        world, *(seen(f"virus {number}", host=f"pc-{number}") for number in range(4)), seen("port scan", host="scan-1")
    )

    def told() -> dict[str, tuple[int, list[str]]]:
        found: dict[str, tuple[int, list[str]]] = {}
        for one in map(Asked, questions.STATES):
            listed = [view.title for view in world.desk.look(questions.found, one)]
            found[one.state] = world.desk.look(questions.count, one), listed
        return found

    few = told()
    assert {state: number for state, (number, _) in few.items() if number} == dict(Counter(states(world).values()))
    monkeypatch.setattr(questions, "_MANY", 2)
    assert told() == few


def test_a_rule_keeps_no_secret_and_fits_what_is_kept_of_a_detection(world: World) -> None:
    told = "GET / Authorization: Bearer Kz94df18c497c68"
    make(world, text=told)
    (view,) = world.desk.look(questions.rules)
    assert "Kz94df18c497c68" not in view.text
    detect(world, seen(told))
    assert [(row.state, "Kz94df18c497c68" in row.title) for row in stored(world).values()] == [("ignored", False)]


def test_nothing_grave_is_silenced(world: World) -> None:
    make(world, host="pc-1")
    detect(world, seen("small", host="pc-1", level=2), seen("grave", host="pc-1", level=3))
    assert states(world) == {"small": "ignored", "grave": "sorted"}


def test_a_snooze_gives_back_what_it_held(world: World) -> None:
    make(world, IgnoreKind.SNOOZE, host="pc-1")
    detect(world, seen("x", host="pc-1"))
    assert states(world) == {"x": "ignored"}
    world.clock.forward(3 * HOUR)
    assert world.desk.commit(SYSTEM, ignoring.expire) == 1
    world.desk.commit(SYSTEM, triage.triage)
    assert states(world) == {"x": "sorted"}
    (entry,) = world.desk.look(timeline.explore, kind="IGNORE_RULE_ENDED")
    assert (entry.out["detections"], entry.out["back"]) == (1, 1)


@pytest.mark.parametrize("kind", [IgnoreKind.IGNORE, IgnoreKind.MAINTENANCE])
def test_after_its_end_the_same_detection_told_again_counts(world: World, kind: IgnoreKind) -> None:
    make(world, kind, host="pc-1")
    detect(world, seen("x", host="pc-1"))
    world.clock.forward(3 * HOUR)
    world.desk.commit(SYSTEM, ignoring.expire)
    assert states(world) == {"x": "ignored"}
    detect(world, seen("x", host="pc-1"), seen("y", host="pc-1"))
    assert states(world) == {"x": "sorted", "y": "sorted"}


def test_a_window_to_come_sets_nothing_aside_yet(world: World) -> None:
    now = world.clock.now()
    wanted = Wanted(IgnoreKind.MAINTENANCE, now + 4 * HOUR, "更新作業", from_at=now + 2 * HOUR, host="pc-1")
    world.desk.commit(OFFICER, ignoring.make, wanted)
    detect(world, seen("before", host="pc-1", level=1))
    world.clock.forward(3 * HOUR)
    detect(world, seen("within", host="pc-1", level=1))
    assert states(world) == {"before": "waiting", "within": "ignored"}


def test_it_is_ended_by_hand_once(world: World) -> None:
    rule = make(world, IgnoreKind.SNOOZE, host="pc-1")
    detect(world, seen("x", host="pc-1"))
    assert world.desk.commit(OFFICER, ignoring.end, rule) == 1
    with pytest.raises(Conflict):
        world.desk.commit(OFFICER, ignoring.end, rule)
    assert world.desk.look(questions.rules) == []
    assert len(world.desk.look(questions.rules, with_ended=True)) == 1


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({}, "ignore_rule_empty"),
        ({"text": "x", "until_at": TUESDAY_MORNING - HOUR}, "ignore_rule_span"),
        ({"text": "x", "until_at": TUESDAY_MORNING + timedelta(days=400)}, "ignore_rule_span"),
        ({"text": "x", "kind": "snooze", "until_at": TUESDAY_MORNING + timedelta(days=40)}, "ignore_rule_span"),
        ({"text": "x", "reason": " "}, "reason_missing"),
        ({"network": "192.0.2.0/99"}, "network_malformed"),
        ({"text": "123456789018"}, "my_number_refused"),
        ({"text": "x", "reason": "x" * 3000}, "text_too_long"),
    ],
)  # fmt: skip
def test_a_rule_has_an_end_a_reason_and_a_condition(world: World, wanted: dict[str, object], code: str) -> None:
    given = {"kind": "ignore", "until_at": TUESDAY_MORNING + HOUR, "reason": "x"} | wanted
    given["kind"] = IgnoreKind(str(given["kind"]))
    with pytest.raises(CsirtError) as refused:
        world.desk.commit(OFFICER, ignoring.make, Wanted(**given))  # type: ignore[arg-type]
    assert isinstance(refused.value, Invalid)
    assert refused.value.code.startswith(code.removesuffix("_refused"))


def test_only_who_decides_makes_rules(world: World) -> None:
    for role in (Role.AUDITOR, Role.RESPONDER, Role.SENSOR):
        actor = Actor("p-1", "ldif", roles=frozenset({role}))
        with pytest.raises(Forbidden):
            world.desk.commit(actor, ignoring.make, Wanted(IgnoreKind.IGNORE, TUESDAY_MORNING + HOUR, "x", text="x"))


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"source": "edr"}, True),
        ({"source": "sensor:edr"}, True),
        ({"source": "ids"}, False),
        ({"text": "SCAN"}, True),
        ({"host": "pc-1"}, True),
        ({"host": "pc-1.city.example"}, True),
        ({"host": "pc"}, False),
        ({"host": "PC-*"}, True),
        ({"network": "192.0.2.0/24"}, True),
        ({"network": "10.0.0.0/8"}, False),
        ({"network": "192.0.2.0/24", "text": "virus"}, False),
    ],
)
def test_every_condition_must_hold(conditions: dict[str, str], fits: bool) -> None:
    now = TUESDAY_MORNING
    told = Told("sensor:edr", "a scan", ("pc-1.city.example",), ("192.0.2.7", "not an address"), 1, now)
    rule = IgnoreRule("q", IgnoreKind.IGNORE, now, now + HOUR, **conditions)  # type: ignore[arg-type]
    assert rule.fits(told) is fits
    assert not IgnoreRule("q", IgnoreKind.IGNORE, now + HOUR, now + 2 * HOUR, text="scan").fits(told)
    assert not IgnoreRule("q", IgnoreKind.IGNORE, now, now + HOUR, text="scan", passes_from=int(Level.MINOR)).fits(told)
