"""Repeats whose records differ in fields that do not count: one detection with a count, and nothing grave is hidden."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import col, select

from csirt.errors import Invalid
from csirt.model.detection import Detection, SourceRecord
from csirt.model.likeness import IGNORABLE, likeness
from csirt.model.people import SYSTEM, Actor
from csirt.model.source import Source, sources_from
from csirt.response import intake, triage
from csirt.response.intake import Accepted
from csirt.store.tables.intake import DetectionRow
from tests.response.test_triage import MORNING, SENSOR, stored
from tests.world import World

LOCAL = Actor("local", "local")
DECLARED = """# what sends
[[source]]
name = "edr"
owner = "csirt-head"
ignore_fields = ["id"]

[[source]]
name = "fw"
owner = "csirt-head"
%s
"""


def alarm(id_: str, minutes: int = 0, **more: object) -> Detection:
    at = MORNING + timedelta(minutes=minutes)
    fields = {"id": id_, "host": "pc-7", "time_raw": at.isoformat(), "time_utc": at, "src_ip": "203.0.113.5"} | more
    return Detection("test", "Mimikatz", "high", int(str(fields.pop("level", 2))), **fields)  # type: ignore[arg-type]


def declare(world: World, *ignoring: str) -> None:
    """From now on these fields of the source do not count."""
    source = Source("edr", "csirt-head", ignore_fields=ignoring)
    world.desk.door.city = replace(world.desk.door.city, sources={"edr": source})


def tell(world: World, *found: Detection, source: str = "sensor:edr") -> Accepted:
    records = [SourceRecord(index, (one.id or "").encode(), one) for index, one in enumerate(found)]
    counts = world.desk.commit(SENSOR, intake.accept, records, source=source, form="test")
    world.desk.commit(SYSTEM, triage.triage)
    return counts


def counts(world: World) -> list[int]:
    with world.desk.read() as session:
        return list(session.exec(select(DetectionRow.count).order_by(col(DetectionRow.id))))


def test_repeats_with_new_ids_are_counted_within_a_batch_and_across(world: World) -> None:
    declare(world, "id", "time")
    assert tell(world, alarm("a"), alarm("b", 1)) == Accepted(2, detections=1, duplicates=1)
    assert tell(world, alarm("c", 2)) == Accepted(1, duplicates=1)
    assert tell(world, alarm("c", 2), source="sensor:other") == Accepted(1, detections=1)
    assert counts(world) == [3, 1]
    (row,) = [one for one in stored(world).values() if one.native_id == "c"]
    assert row.likeness is None


@pytest.mark.parametrize(
    "other",
    [
        alarm("b", level=4),
        alarm("b", host="pc-8"),
        alarm("b", signature="other"),
        alarm("b", src_ip="203.0.113.6"),
        alarm("b", minutes=24 * 60),
        alarm("b", state="closed"),
    ],
)
def test_what_tells_more_is_told(world: World, other: Detection) -> None:
    declare(world, "id", "time")
    tell(world, alarm("a"))
    assert tell(world, other) == Accepted(1, detections=1)


def test_each_ignorable_field_is_left_out_when_it_is_named_and_only_then() -> None:
    first = alarm("a")
    others = {
        "time": replace(first, id=None, time_raw="later"),
        "src_ip": replace(first, src_ip="203.0.113.9"),
        "dst_ip": replace(first, dst_ip="203.0.113.9"),
        "user": replace(first, user="u"),
        "state": replace(first, state="s"),
        "id": replace(first, id="b"),
    }
    assert set(others) == set(IGNORABLE)
    for name, other in others.items():
        base = replace(first, id=None) if name == "time" else first
        assert likeness(base, (name,), MORNING) == likeness(other, (name,), MORNING)
        rest = [one for one in IGNORABLE if one != name]
        assert likeness(base, rest, MORNING) != likeness(other, rest, MORNING)


def test_another_host_is_another_one_even_where_only_an_address_tells_it() -> None:
    base = alarm("a", host=None, src_ip=None, dst_ip="10.0.0.1")
    every = list(IGNORABLE)
    assert likeness(base, every, MORNING) != likeness(replace(base, dst_ip="10.0.0.2"), every, MORNING)


def test_a_change_of_the_list_keeps_what_was_counted(world: World) -> None:
    declare(world)
    tell(world, alarm("a"), alarm("b"))
    tell(world, alarm("a"))
    assert counts(world) == [2, 1]
    declare(world, "id", "time")
    assert tell(world, alarm("a"), alarm("b")) == Accepted(2, duplicates=2)  # the very same: counted where it stands
    assert tell(world, alarm("c")) == Accepted(1, detections=1)
    assert tell(world, alarm("d", 5)) == Accepted(1, duplicates=1)
    assert counts(world) == [3, 2, 2]
    declare(world, "id", "time", "src_ip")
    assert tell(world, alarm("c"), alarm("a")) == Accepted(2, duplicates=2)
    declare(world)
    assert tell(world, alarm("c"), alarm("b")) == Accepted(2, duplicates=2)
    assert tell(world, alarm("d", 5)) == Accepted(1, detections=1)  # it counts again
    assert counts(world) == [4, 3, 4, 1]


def test_after_its_case_was_closed_it_is_told_anew(world: World) -> None:
    declare(world, "id", "time")
    tell(world, alarm("a"), alarm("b"))
    (row,) = stored(world).values()
    assert row.incident
    world.work()
    world.answer("is_it_an_incident", "k.sato", "no", "誤検知")
    world.work()
    assert "INCIDENT_CLOSED" in world.kinds(row.incident)
    assert tell(world, alarm("c", 9)) == Accepted(1, detections=1)
    assert tell(world, alarm("d", 9), alarm("a")) == Accepted(2, duplicates=2)
    assert counts(world) == [3, 2]


def declared(row: str) -> dict[str, Source]:
    text = DECLARED % row
    return sources_from(tomllib.loads(text), "sources.toml", text)


def test_the_list_is_read_and_what_is_wrong_is_named_with_file_line_and_field() -> None:
    assert declared('ignore_fields = ["id", "time"]')["fw"].ignore_fields == ("id", "time")
    wrong: Sequence[tuple[str, str, str]] = (
        ('ignore_fields = ["id", "title"]', "ignore_field_unknown", "source[2].ignore_fields[2]"),
        ('ignore_fields = ["host"]', "ignore_field_unknown", "source[2].ignore_fields[1]"),
        ('ignore_fields = ["id", "id"]', "ignore_fields_twice", "source[2].ignore_fields[2]"),
    )
    for row, code, key in wrong:
        with pytest.raises(Invalid) as raised:
            declared(row)
        params = raised.value.params
        assert (raised.value.code, params["file"], params["line"], params["key"]) == (code, "sources.toml", 10, key)
    with pytest.raises(Invalid) as raised:
        declared('ignore_fields = "id"')
    assert (raised.value.code, raised.value.params["key"]) == ("value_malformed", "source[2].ignore_fields")
