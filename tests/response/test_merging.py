"""A person makes one incident of two, and two again: detections, run, questions, number and record."""

import pytest

from csirt.errors import Conflict, Forbidden, Invalid
from csirt.model.people import Actor, Role
from csirt.record.entry import EntryKind
from csirt.response import merging
from csirt.store.queries import cases
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
