"""A person makes one incident of two, and two again: detections, run, questions, number and record."""

from datetime import datetime, timedelta

import pytest

from csirt.errors import Conflict, Forbidden, Invalid
from csirt.model.fact import FactState, Statement
from csirt.model.people import Actor, Role
from csirt.record.entry import EntryKind
from csirt.response import facts, merging
from csirt.store.queries import cases, duties
from tests.response.test_triage import detect, seen, stored
from tests.world import World


@pytest.fixture
def two(world: World) -> tuple[str, str]:
    """Two cases under way: the one that will stay, and the one that will go."""
    detect(world, seen("ransomware one", "pc1"))
    detect(world, seen("ransomware two", "pc2"))
    world.work()
    rows = stored(world)
    stays, goes = rows["ransomware one"].incident, rows["ransomware two"].incident
    assert stays
    assert goes
    assert stays != goes
    return stays, goes


def test_merged_and_taken_apart_again(world: World, two: tuple[str, str]) -> None:
    stays, goes = two
    officer = world.person("k.sato")
    asked = set(world.waiting(goes))
    assert asked
    number = world.desk.look(cases.incident, goes).ordinal
    world.desk.commit(officer, merging.merge, goes, stays, "同じ感染源")
    world.work()
    assert {row.incident for row in stored(world).values()} == {stays}
    gone = world.desk.look(cases.incident, goes)
    assert (gone.status, gone.merged_into, gone.ordinal) == ("closed", stays, number)
    assert world.desk.look(cases.merged_into, stays) == [goes]
    assert world.waiting(goes) == {}
    assert EntryKind.RUN_STOPPED in world.kinds(goes)

    world.desk.commit(officer, merging.unmerge, goes, "別の事案だった")
    world.work()
    again = world.desk.look(cases.incident, goes)
    assert (again.status, again.merged_into, again.disposition) == ("open", None, None)
    assert stored(world)["ransomware two"].incident == goes
    assert {step for step in world.waiting(goes) if not step.startswith("call:")} == {
        step for step in asked if not step.startswith("call:")
    }
    kinds = world.kinds(goes)
    assert [kind for kind in kinds if "MERGED" in kind] == [EntryKind.INCIDENTS_MERGED, EntryKind.INCIDENTS_UNMERGED]
    assert EntryKind.RUN_RESUMED in kinds


def test_what_was_known_of_the_one_that_goes_is_known_of_the_one_that_stays(world: World, two: tuple[str, str]) -> None:
    stays, goes = two
    officer, early = world.person("k.sato"), (world.clock.now() - timedelta(days=2)).isoformat(timespec="seconds")
    said = [
        Statement("known", FactState.CONFIRMED, early),
        Statement("personal_data", FactState.CONFIRMED, "yes"),
    ]
    world.desk.commit(officer, facts.state, goes, said)
    world.desk.commit(officer, facts.state, stays, [Statement("personal_data", FactState.CONFIRMED, "no")])
    world.desk.commit(officer, merging.merge, goes, stays, "同じ感染源")
    sheet = world.desk.look(facts.current, stays)
    assert sheet["known"].value is not None
    assert datetime.fromisoformat(str(sheet["known"].value)) == datetime.fromisoformat(early)  # the law's day 1
    assert sheet["personal_data"].value == "no"  # what was stated of it stands
    assert world.desk.look(cases.incident, stays).clocks.known == datetime.fromisoformat(early)


def owed(world: World, incident: str) -> set[str]:
    """The duties of a case that stand open."""
    return {one.rule for one in world.desk.look(duties.duties, incident, open_only=True)}


def test_taken_apart_again_what_was_only_carried_is_taken_back_with_the_reason_on_record(
    world: World, two: tuple[str, str]
) -> None:
    stays, goes = two
    officer, now = world.person("k.sato"), world.clock.now()
    late, early = ((now - timedelta(days=day)).isoformat(timespec="seconds") for day in (1, 3))
    said = [
        Statement("known", FactState.CONFIRMED, early),
        Statement("crime", FactState.CONFIRMED, "suspected"),
        Statement("head_count", FactState.CONFIRMED, 120),
    ]
    world.desk.commit(officer, facts.state, goes, said)
    world.desk.commit(officer, facts.state, stays, [Statement("known", FactState.CONFIRMED, late)])
    world.clock.forward(timedelta(seconds=1))
    world.desk.commit(officer, merging.merge, goes, stays, "同じ感染源")
    world.clock.forward(timedelta(seconds=1))
    world.desk.commit(officer, facts.state, stays, [Statement("head_count", FactState.ESTIMATED, 7)])
    assert owed(world, stays) == {"police"}
    world.desk.commit(officer, merging.unmerge, goes, "別の事案だった")
    sheet = world.desk.look(facts.current, stays)
    assert datetime.fromisoformat(str(sheet["known"].value)) == datetime.fromisoformat(late)
    assert (sheet["crime"].state, sheet["crime"].value) == (FactState.UNKNOWN, None)
    assert (sheet["head_count"].state, sheet["head_count"].value) == (FactState.ESTIMATED, 7)  # stated since
    assert sheet["crime"].version == 2  # nothing is overwritten
    assert world.desk.look(cases.incident, stays).clocks.known == datetime.fromisoformat(late)
    assert world.desk.look(facts.current, goes)["crime"].value == "suspected"
    assert owed(world, stays) == set()
    assert owed(world, goes) == {"police"}


def test_what_is_refused(world: World, two: tuple[str, str]) -> None:
    stays, goes = two
    officer = world.person("k.sato")
    with pytest.raises(Invalid, match="reason_missing"):
        world.desk.commit(officer, merging.merge, goes, stays, " ")
    with pytest.raises(Invalid, match="merge_same"):
        world.desk.commit(officer, merging.merge, goes, goes, "理由")
    with pytest.raises(Conflict, match="incident_not_merged"):
        world.desk.commit(officer, merging.unmerge, goes, "理由")
    responder = Actor("p-test", "ldap", roles=frozenset({Role.RESPONDER}))
    with pytest.raises(Forbidden, match="not_permitted"):
        world.desk.commit(responder, merging.merge, goes, stays, "理由")
    assert world.desk.commit(officer, merging.merge, goes, stays, "理由", request_key="k") == world.desk.commit(
        officer, merging.merge, goes, stays, "理由", request_key="k"
    )
    with pytest.raises(Conflict, match="incident_closed"):
        world.desk.commit(officer, merging.merge, goes, stays, "理由")
