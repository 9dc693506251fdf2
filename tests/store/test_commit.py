"""One door for writes: state, entry and outbox together or not at all; nothing changes without an entry."""

import threading

import pytest
from sqlalchemy import text
from sqlmodel import col, select, update

from csirt.errors import Conflict, Invalid, Unavailable, UnrecordedChange
from csirt.model.incident import Disposition, IncidentType
from csirt.model.people import SYSTEM
from csirt.record.entry import EntryKind
from csirt.record.verify_record import check_entries
from csirt.response import incidents
from csirt.response.incidents import Report
from csirt.store.queries import cases, timeline
from csirt.store.tables.cases import IncidentRow, NoteRow
from csirt.store.tx import Tx
from tests.world import World


def test_a_change_by_object_without_an_entry_is_refused(world: World) -> None:
    incident = world.open()

    def change(tx: Tx) -> None:
        row = tx.session.get_one(IncidentRow, incident)
        row.level = 4
        tx.session.add(row)

    with pytest.raises(UnrecordedChange) as caught:
        world.desk.commit(SYSTEM, change)
    assert caught.value.params["tables"] == "incident"
    assert world.desk.look(cases.incident, incident).level is None


def test_a_bulk_change_without_an_entry_is_refused(world: World) -> None:
    incident = world.open()

    def change(tx: Tx) -> None:
        tx.session.execute(update(IncidentRow).values(level=4))

    with pytest.raises(UnrecordedChange):
        world.desk.commit(SYSTEM, change)
    assert world.desk.look(cases.incident, incident).level is None


def test_a_change_by_plain_sql_without_an_entry_is_refused(world: World) -> None:
    incident = world.open()
    with pytest.raises(UnrecordedChange):
        world.desk.commit(SYSTEM, lambda tx: tx.session.execute(text("UPDATE incident SET level = 4")))
    assert world.desk.look(cases.incident, incident).level is None


def test_a_change_behind_a_with_is_seen_too(world: World) -> None:
    world.open()
    statement = text("WITH x AS (SELECT 4 AS n) UPDATE incident SET level = (SELECT n FROM x)")
    with pytest.raises(UnrecordedChange):
        world.desk.commit(SYSTEM, lambda tx: tx.session.execute(statement))


def test_a_use_case_that_fails_leaves_neither_state_nor_entry(world: World) -> None:
    before = world.desk.look(timeline.head)

    def fail(tx: Tx) -> None:
        incidents.open_by_report(tx, Report(title="途中で失敗"))
        raise Invalid("title_missing")

    with pytest.raises(Invalid):
        world.desk.commit(world.person("k.sato"), fail)
    assert world.desk.look(timeline.head) == before
    assert world.desk.look(cases.incidents) == []


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE ledger_entry SET kind = 'X' WHERE seq = 0",
        "DELETE FROM ledger_entry WHERE seq = 0",
        (
            "INSERT INTO ledger_entry (seq, canonical, at, kind, actor) SELECT 99, canonical, at, kind, actor "
            "FROM ledger_entry WHERE seq = 0"
        ),
    ],
)
def test_the_database_itself_guards_the_record(world: World, attack: str) -> None:
    world.open()

    def change(tx: Tx) -> None:
        tx.record(EntryKind.NOTE_ADDED)
        tx.session.execute(text(attack))

    with pytest.raises(Exception, match=r"append-only|no gaps|concurrent_change"):
        world.desk.commit(SYSTEM, change)


def test_replacing_an_entry_is_refused_on_sqlite(world: World) -> None:
    if not world.desk.settings.database.startswith("sqlite"):
        pytest.skip("INSERT OR REPLACE is SQLite's own")
    world.open()
    replace = text("INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry WHERE seq = 0")
    with pytest.raises(Unavailable):
        world.desk.commit(SYSTEM, lambda tx: tx.session.execute(replace))
    assert world.kinds()[0] == "INCIDENT_OPENED"


def test_truncate_is_refused_on_postgresql(world: World) -> None:
    if world.desk.settings.database.startswith("sqlite"):
        pytest.skip("TRUNCATE is PostgreSQL's own")
    world.open()
    with pytest.raises(Exception, match="append-only"):
        world.desk.commit(SYSTEM, lambda tx: tx.session.execute(text("TRUNCATE ledger_entry")))


def test_entries_hold_no_text_and_the_vault_gives_it_back(world: World) -> None:
    incident = world.open(title="市民課の端末で鳴門太郎さんの資料が暗号化")
    raws = [raw for _, raw in world.desk.look(lambda look: list(timeline.canonical_rows(look)))]
    assert all(raw.isascii() for raw in raws)
    assert world.desk.look(cases.incident, incident).title == "市民課の端末で鳴門太郎さんの資料が暗号化"
    with world.desk.read() as session:
        sealed = session.exec(text("SELECT sealed FROM vault_payload")).all()  # type: ignore[call-overload]
    assert all("鳴門太郎".encode() not in bytes(row[0]) for row in sealed)


def test_a_my_number_is_refused_at_the_door(world: World) -> None:
    officer = world.person("k.sato")
    with pytest.raises(Invalid, match="my_number_refused"):
        world.desk.commit(officer, incidents.open_by_report, Report(title="番号は 1234-5678-9018 です"))


def test_numbers_run_without_gap_when_many_open_at_once(world: World) -> None:
    officer = world.person("k.sato")
    failures: list[BaseException] = []

    def open_some() -> None:
        try:
            for _ in range(5):
                world.desk.commit(officer, incidents.open_by_report, Report(title="同時"))
        except BaseException as error:  # noqa: BLE001 - reported below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=open_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = world.desk.look(cases.incidents, limit=100)
    assert sorted(case.ordinal for case in found) == list(range(1, 21))
    result = check_entries(world.desk.look(lambda look: list(timeline.canonical_rows(look))))
    assert (result.first_bad, result.size) == (None, len(world.kinds()))


def test_the_same_request_opens_one_incident(world: World) -> None:
    officer, report = world.person("k.sato"), Report(title="二度押し", type=IncidentType.DDOS)
    first = world.desk.commit(officer, incidents.open_by_report, report, request_key="form-1")
    assert world.desk.commit(officer, incidents.open_by_report, report, request_key="form-1") == first
    assert len(world.desk.look(cases.incidents)) == 1


def test_a_closed_incident_takes_no_more_notes(world: World) -> None:
    incident = world.open(IncidentType.DDOS)
    head = world.person("s.watanabe")
    world.desk.commit(head, incidents.close, incident, Disposition.BENIGN, "影響なし")
    with pytest.raises(Conflict, match="incident_closed"):
        world.desk.commit(head, incidents.add_note, incident, "追記")
    with world.desk.read() as session:
        assert session.exec(select(NoteRow).where(col(NoteRow.incident) == incident)).all() == []
