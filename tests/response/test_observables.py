"""What a detection carries is kept with it, shown beside it, and erased with what is personal."""

from dataclasses import replace

from sqlmodel import select

from csirt.model.observable import Observable
from csirt.store.queries import cases
from csirt.store.tables.intake import ObservableRow
from tests.response.test_triage import detect, seen
from tests.world import World

CARRIED = {"technique": ("T1486",), "rsit": ("malicious-code/c2-server",), "url": ("http://evil.example/a",)}
EXPECTED = (
    Observable("rsit", "malicious-code/c2-server"),
    Observable("technique", "T1486"),
    Observable("url", "http://evil.example/a"),
)


def test_they_stand_with_the_detection_of_an_incident(world: World) -> None:
    detect(world, replace(seen("grave", host="pc-1", level=3), observables=CARRIED))
    (case,) = world.desk.look(cases.incidents)
    (view,) = world.desk.look(cases.detections, case.id)
    assert view.observables == EXPECTED


def test_they_stand_once_with_the_group_that_waits(world: World) -> None:
    detect(world, *(replace(seen(f"small {n}", host="pc-2", level=1), observables=CARRIED) for n in range(2)))
    (group,) = world.desk.look(cases.waiting)
    assert group.observables == EXPECTED


def test_a_repeat_adds_nothing(world: World) -> None:
    one = replace(seen("x", host="pc-1"), observables=CARRIED)
    detect(world, one, one)
    detect(world, one)
    with world.desk.read() as session:
        assert len(session.exec(select(ObservableRow)).all()) == 3


def test_my_number_is_masked_in_them_too(world: World) -> None:
    detect(world, replace(seen("x", host="pc-1"), observables={"account": ("123456789018",)}))
    with world.desk.read() as session:
        assert "123456789018" not in session.exec(select(ObservableRow)).one().value
