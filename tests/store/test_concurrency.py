"""Two at once on PostgreSQL: what one has read, another may have changed before it is written back."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import event, text
from sqlmodel import select

from csirt.errors import Invalid, Unavailable
from csirt.model.detection import Detection, SourceRecord
from csirt.model.incident import Level
from csirt.model.people import SYSTEM, Actor, Role
from csirt.record.entry import EntryKind
from csirt.response import escalations, intake, triage
from csirt.store.queries import cases, work
from csirt.store.tables.intake import DetectionRow
from csirt.store.tx import Tx
from tests.world import World

SENSOR = Actor("sensor:test", "token", "", frozenset({Role.SENSOR}))


def both(world: World, first: Callable[[Tx], object], second: Callable[[Tx], object]) -> None:
    """Run two use cases so that the second begins when the first has done its work but not committed it."""
    done, go = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def slowly(tx: Tx) -> None:
        first(tx)
        tx.session.flush()
        done.set()
        go.wait(1)

    def run(use_case: Callable[[Tx], object]) -> None:
        try:
            world.desk.commit(SYSTEM, use_case)
        except BaseException as error:  # noqa: BLE001 - reported below, in the test's own thread
            failures.append(error)

    one = threading.Thread(target=run, args=(slowly,))
    one.start()
    assert done.wait(10)
    two = threading.Thread(target=run, args=(second,))
    two.start()
    two.join(0.3)
    go.set()
    one.join()
    two.join()
    assert failures == []


def detect(world: World, *titles: str) -> None:
    """A sensor reports."""
    records = [
        SourceRecord(index, title.encode(), Detection("test", title, "high", 2, src_ip="192.0.2.1", host="h1"))
        for index, title in enumerate(titles)
    ]
    world.desk.commit(SENSOR, intake.accept, records, source="test", form="test")


def test_two_sort_at_once_and_open_one_case(world: World) -> None:
    detect(world, "ransomware note found")
    with world.desk.read() as session:
        assert len(session.exec(select(DetectionRow)).all()) == 1
    object.__setattr__(world.desk.door.city.rules, "opens_from", Level.MINOR)
    world.open()  # this year's counter is there already
    both(world, triage.triage, triage.triage)
    assert len(world.desk.look(cases.incidents)) == 2


def test_two_batches_count_the_same_detection(world: World) -> None:
    detect(world, "again")

    def accept(tx: Tx) -> None:
        object.__setattr__(tx._stamp, "actor", SENSOR)  # noqa: SLF001 - `both` commits as the system
        record = SourceRecord(0, b"again", Detection("test", "again", "high", 2, src_ip="192.0.2.1", host="h1"))
        intake.accept(tx, [record], source="test", form="test")

    both(world, accept, accept)
    with world.desk.read() as session:
        assert session.exec(select(DetectionRow.count)).all() == [3]


@pytest.mark.parametrize("world", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_repeat_is_counted_while_its_detection_is_being_sorted(world: World) -> None:
    """Who sorts holds no row before it writes what it decided."""
    detect(world, "port scan")
    decided, go = threading.Event(), threading.Event()

    def wait(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE detection SET state = "):
            decided.set()
            go.wait(10)

    writer = world.desk.door.database.writer
    event.listen(writer, "before_cursor_execute", wait)
    sorting = threading.Thread(target=world.desk.commit, args=(SYSTEM, triage.triage))
    sorting.start()
    assert decided.wait(10)
    repeating = threading.Thread(target=detect, args=(world, "port scan"))
    repeating.start()
    repeating.join(5)
    was_quick = not repeating.is_alive()
    go.set()
    sorting.join()
    repeating.join()
    event.remove(writer, "before_cursor_execute", wait)
    with world.desk.read() as session:
        row = session.exec(select(DetectionRow)).one()
    assert was_quick
    assert row.count == 2
    assert row.state != "new"


def test_an_acknowledgement_survives_the_answer_that_comes_at_the_same_time(world: World) -> None:
    incident = world.open()
    world.work()
    climb = world.desk.look(work.escalations, incident=incident)[0]
    person = world.person("k.sato")
    asked = world.waiting(incident)["is_it_an_incident"]
    assert asked.run is not None

    def acknowledge(tx: Tx) -> None:
        object.__setattr__(tx._stamp, "actor", person)  # noqa: SLF001 - `both` commits as the system
        escalations.acknowledge(tx, climb.id)

    run = asked.run

    def answered(tx: Tx) -> None:
        escalations.answered(tx, run, "is_it_an_incident")
        tx.record(EntryKind.NOTE_ADDED)

    both(world, acknowledge, answered)
    after = world.desk.look(work.escalations, incident=incident)[0]
    assert person.id in after.routes[0]["acknowledged"]


def test_a_value_that_the_database_cannot_hold_is_refused_in_our_words(world: World) -> None:
    if world.desk.settings.database.startswith("sqlite"):
        pytest.skip("SQLite takes any text")
    with pytest.raises(Invalid, match="text_not_unicode"):
        world.desk.look(cases.resolve_incident, "i-\0")


def test_a_database_that_is_away_says_so_also_to_readers(world: World) -> None:
    def ask() -> None:
        with world.desk.read() as session:
            session.execute(text("SELECT * FROM no_such_table"))

    if world.desk.settings.database.startswith("sqlite"):  # a missing table is an OperationalError there
        with pytest.raises(Unavailable):
            ask()


def test_errors_of_the_database_hide_what_was_to_be_stored(world: World) -> None:
    def change(tx: Tx) -> None:
        tx.session.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "鳴門太郎"})

    with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is
        world.desk.commit(SYSTEM, change)
    error: BaseException | None = caught.value
    while error is not None:
        assert "鳴門" not in str(error)
        error = error.__cause__


def test_a_change_inside_a_with_is_seen_too(world: World) -> None:
    if world.desk.settings.database.startswith("sqlite"):
        pytest.skip("PostgreSQL alone changes rows inside a WITH")
    world.open()
    statement = text("WITH x AS (UPDATE incident SET level = 4 RETURNING id) SELECT * FROM x")
    with pytest.raises(Exception, match="unrecorded_change"):
        world.desk.commit(SYSTEM, lambda tx: tx.session.execute(statement).all())
