"""Many inputs of detections in one go: each is answered for itself, and the same detection stays one row."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from csirt.errors import Forbidden
from csirt.guard import clean_line, mask
from csirt.model.detection import Detection, SourceRecord, Unreadable
from csirt.model.people import SYSTEM, Actor, Role
from csirt.response import intake
from csirt.response.intake import Accepted
from csirt.store.tables.intake import BatchRow, DetectionRow, QuarantineRow
from tests.store.test_sequencer import commits, gathering, size, web
from tests.world import World

__all__ = ["web"]

SENSOR = Actor("sensor:test", "token", "", frozenset({Role.SENSOR}))
NOBODY = Actor("p-nobody", "ldap", "", frozenset())
Give = Callable[..., Future[Accepted]]


def record(title: str, index: int = 0) -> SourceRecord:
    return SourceRecord(index, title.encode(), Detection("test", title, "high", 1, src_ip="192.0.2.1", host="h1"))


@pytest.fixture
def give(web: World) -> Give:
    door = web.desk.door

    def order(*records: SourceRecord, key: str | None = None, actor: Actor = SENSOR) -> Future[Accepted]:
        named = {"source": "test", "form": "test", "request_key": key}
        return door.database.order(intake.accept, door.city, actor, list(records), **named)  # type: ignore[arg-type]

    return order


def test_each_input_has_its_own_answer(web: World, give: Give) -> None:
    before = size(web)
    with commits(web) as seen:
        with gathering(web):
            first = give(record("a"), record("b", 1), record("a", 2))
            again = give(record("a"), SourceRecord(1, b"?", Unreadable("not_json", "byte 0")))
            refused = give(record("c"), actor=NOBODY)
            keyed = [give(record("d"), key="k") for _ in range(3)]
        assert first.result(20) == Accepted(records=3, detections=2, duplicates=1)
        assert again.result(20) == Accepted(records=2, duplicates=1, quarantined=1)
        assert [one.result(20) for one in keyed] == [Accepted(records=1, detections=1)] * 3
        with pytest.raises(Forbidden):
            refused.result(20)
    assert seen == ["commit", "savepoint", "commit"]  # first the one that held the writer
    assert size(web) == before + 3
    with web.desk.read() as session:
        assert {row.title: row.count for row in session.exec(select(DetectionRow))} == {"a": 3, "b": 1, "d": 1}
        assert len(session.exec(select(BatchRow)).all()) == 3
        assert [row.code for row in session.exec(select(QuarantineRow))] == ["not_json"]


def test_the_same_detection_from_many_at_once_is_one_row(web: World, give: Give) -> None:
    web.desk.commit(SENSOR, intake.accept, [record("x")], source="test", form="test")
    with gathering(web):
        orders = [give(record("x")) for _ in range(50)] + [give(record("y")) for _ in range(50)]
    assert sum(one.result(20).detections for one in orders) == 1
    with web.desk.read() as session:
        assert {row.title: row.count for row in session.exec(select(DetectionRow))} == {"x": 51, "y": 50}


def test_what_comes_through_the_desk_goes_in_one_go(web: World) -> None:
    sequencer = web.desk.door.database._sequencer  # noqa: SLF001 - to see that all wait
    assert sequencer
    with ThreadPoolExecutor(10) as pool, commits(web) as seen:
        with gathering(web):
            told = [
                pool.submit(web.desk.commit, SENSOR, intake.accept, [record(str(n))], source="test", form="test")
                for n in range(10)
            ]
            while sequencer._queue.qsize() < len(told):  # noqa: SLF001
                time.sleep(0.001)
        assert [one.result(20).detections for one in told] == [1] * 10
    assert seen == ["commit", "savepoint", "commit"]  # first the one that held the writer, and asked nothing


def test_what_stumbles_in_one_go_is_told_apart(web: World, give: Give) -> None:
    with gathering(web):
        good = give(record("a"))
        odd = web.desk.door.database.order(
            intake.accept, web.desk.door.city, SYSTEM, [record("b")], source="s", form="f"
        )
        broken = give(record("c"), SourceRecord(1, "no bytes", record("d").result))  # type: ignore[arg-type]
    assert good.result(20).detections == 1
    assert odd.result(20).detections == 1
    with pytest.raises(TypeError):
        broken.result(20)


@given(
    st.one_of(
        st.from_regex(intake._HARMLESS, fullmatch=True),  # noqa: SLF001 - what is kept without a look at it
        st.ip_addresses(v=4).map(str),
        st.datetimes().map(lambda at: at.isoformat()),
    )
)
def test_what_is_kept_without_a_look_holds_nothing_to_mask(text: str) -> None:
    if intake._HARMLESS.fullmatch(text):  # noqa: SLF001
        assert mask(clean_line(text)) == text
