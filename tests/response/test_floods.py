"""When one source floods, one case with a count instead of many; the grave stands by itself, and nothing is lost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlmodel import func, select

from csirt.model.city import City
from csirt.model.detection import Detection, SourceRecord
from csirt.model.people import SYSTEM
from csirt.model.source import FLOOD_FROM, Source
from csirt.response import intake, triage
from csirt.store.queries import cases, timeline
from csirt.store.tables.intake import DetectionRow
from tests.response.test_triage import SENSOR, seen, stored
from tests.world import World

CALM = timedelta(minutes=11)


def tell(world: World, source: str, found: Sequence[Detection]) -> None:
    records = [SourceRecord(index, one.title.encode(), one) for index, one in enumerate(found)]
    world.desk.commit(SENSOR, intake.accept, records, source=f"sensor:{source}", form="test")
    while _new(world):
        world.desk.commit(SYSTEM, triage.triage)


def _new(world: World) -> int:
    with world.desk.read() as session:
        return session.exec(select(func.count()).select_from(DetectionRow).where(DetectionRow.state == "new")).one()


def bound(world: World, source: str, most: int) -> None:
    """This source may open so many cases within ten minutes."""
    city: City = world.desk.door.city
    world.desk.door.city = replace(city, sources={source: Source(source, "csirt-head", flood_from=most)})


def hosts(first: int, last: int, level: int = 2) -> list[Detection]:
    return [seen(f"scan {n}", host=f"pc-{n}", level=level) for n in range(first, last)]


def cases_of(world: World) -> Counter[str]:
    return Counter(row.incident or row.state for row in stored(world).values())


def test_beyond_the_limit_one_case_with_a_count(world: World) -> None:
    bound(world, "edr", 3)
    tell(world, "edr", hosts(0, 10))
    assert sorted(cases_of(world).values()) == [1, 1, 1, 7]
    flood = cases_of(world).most_common(1)[0][0]
    (began,) = world.desk.look(timeline.explore, kind="FLOOD_BEGAN")
    assert (began.incident, began.out) == (flood, {"source": "sensor:edr", "limit": 3, "minutes": 10})
    told = world.desk.look(cases.detections, flood)
    assert Counter(one.joined_by for one in told) == {"flood": 6, "new": 1}
    assert {one.joined_over for one in told if one.joined_by == "flood"} == {"edr"}
    joined = [one for one in world.desk.look(timeline.explore, kind="DETECTIONS_JOINED") if one.incident == flood]
    assert [one.out["because"] for one in joined].count("flood") == 1  # one entry a batch


def test_what_is_grave_opens_as_ever_even_on_a_host_of_the_flood(world: World) -> None:
    bound(world, "edr", 2)
    tell(world, "edr", hosts(0, 6))
    tell(world, "edr", [seen("encrypted", host="pc-5", level=4), seen("virus", host="pc-99", level=3)])
    rows = stored(world)
    assert rows["encrypted"].incident == rows["scan 5"].incident != rows["scan 4"].incident
    assert rows["virus"].incident not in {rows[f"scan {n}"].incident for n in range(6)}
    (moved,) = world.desk.look(timeline.explore, kind="DETECTIONS_MOVED")
    assert (moved.incident, moved.out["detections"]) == (rows["scan 4"].incident, 1)


def test_what_belongs_to_another_case_leaves_the_flood_and_does_not_drag_it_along(world: World) -> None:
    bound(world, "edr", 2)
    tell(world, "edr", [seen("beacon", host="pc-a", src="203.0.113.7", level=2), *hosts(0, 6)])
    tell(world, "fw", [seen("beacon 2", host="pc-5", src="203.0.113.7", level=2)])
    rows = stored(world)
    assert rows["beacon"].incident == rows["scan 5"].incident == rows["beacon 2"].incident
    assert rows["scan 4"].incident != rows["scan 5"].incident
    assert all(one.status.value == "open" for one in world.desk.look(cases.incidents))


def test_when_it_is_calm_again_cases_open_again(world: World) -> None:
    bound(world, "edr", 2)
    tell(world, "edr", hosts(0, 5))
    world.clock.forward(CALM)
    tell(world, "edr", hosts(5, 6))
    assert sorted(cases_of(world).values()) == [1, 1, 1, 3]


def test_others_open_as_ever_and_so_do_people(world: World) -> None:
    bound(world, "edr", 1)
    tell(world, "edr", hosts(0, 4))
    tell(world, "fw", hosts(10, 14))
    assert len(cases_of(world)) == 2 + 4


def test_a_storm_of_twenty_sources_with_one_critical_among_them(world: World) -> None:
    for number in range(20):
        found = hosts(number * 100, number * 100 + 100)
        if number == 13:
            found[57] = replace(found[57], level=4)
        tell(world, f"s{number}", found)
    counted = cases_of(world)
    critical = stored(world)["scan 1357"].incident
    assert sum(counted.values()) == 2000
    assert set(counted) & {"new", "waiting", "ignored"} == set()
    assert len(counted) == 20 * (FLOOD_FROM + 1) + 1
    assert counted[critical or ""] == 1
