"""Many rows at once go in as few do: the same values, the same guards, the same errors."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from csirt.model.detection import Detection, SourceRecord
from csirt.response import intake
from csirt.store.columns import table_of
from csirt.store.many import ASKED, MANY, Among, Into, Over
from csirt.store.tables.intake import DetectionRow
from tests.response.test_triage import SENSOR
from tests.world import World, world

__all__ = ["world"]

ONE = Detection("test", "通信\t\\N \"'", "low", 1, host="pc-1", src_ip="192.0.2.1", time_raw="2026-11-22T10:00:00Z")


def stored(world: World, number: int) -> list[dict[str, object]]:
    records = [
        SourceRecord(n, str(n).encode(), replace(ONE, id=f"{number}-{n}", time_utc=world.desk.clock.now()))
        for n in range(number)
    ]
    world.desk.commit(SENSOR, intake.accept, records, source="sensor:test", form="test")
    with world.desk.read() as session:
        rows = session.exec(select(DetectionRow)).all()
    return [
        row.model_dump(exclude={"id", "fingerprint", "batch", "batch_index"})
        for row in rows
        if (row.native_id or "").startswith(f"{number}-")
    ]


def test_a_row_is_the_same_whichever_way_it_came(world: World) -> None:
    few, many = stored(world, MANY - 1), stored(world, MANY + 1)
    assert (len(few), len(many)) == (MANY - 1, MANY + 1)
    same = {"native_id", "at", "time_utc", "first_seen", "last_seen"}
    told = [{name: value for name, value in row.items() if name not in same} for row in (few[0], many[0])]
    assert told[0] == told[1]
    assert told[1]["title"] == "通信 \\N \"'"
    assert many[0]["at"] == many[0]["time_utc"] == many[0]["first_seen"]


def test_a_row_that_is_there_already_is_refused_as_ever(world: World) -> None:
    into, table = Into(table_of(DetectionRow)), table_of(DetectionRow)
    stored(world, 1)
    with world.desk.read() as session:
        row = dict(session.connection().execute(table.select()).mappings().one())
    del row["id"]
    with Session(world.desk.door.database.writer) as session, pytest.raises(IntegrityError):
        into.put(session.connection(), [row] * MANY)


def test_many_keys_are_asked_for_and_many_rows_changed(world: World) -> None:
    stored(world, 3)
    table = table_of(DetectionRow)
    among, over = Among(table, ("native_id", "level"), "id"), Over(table, "id", ("title", "ignored_until"))
    now = world.desk.clock.now()
    with Session(world.desk.door.database.writer) as session:
        connection = session.connection()
        connection.info["changed"] = set()
        found = list(among.ask(connection, {("3-0", 1), ("3-2", 1), ("3-1", 2), *((f"x{n}", 1) for n in range(ASKED))}))
        assert sorted((name, level) for name, level, _ in found) == [("3-0", 1), ("3-2", 1)]
        over.put(connection, [(name, now, id_) for name, _, id_ in found])
        assert connection.info["changed"] == {"detection"}  # the guard of the record sees it
        rows = session.exec(select(DetectionRow).order_by(col(DetectionRow.native_id))).all()
        assert [row.title for row in rows] == ["3-0", rows[1].title, "3-2"]
        assert [row.ignored_until for row in rows] == [now, None, now]
        over.put(connection, [])
        assert list(among.ask(connection, [])) == []
