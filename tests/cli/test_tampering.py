"""`csirt verify` names the first bad entry, whatever somebody with the database in hand has done to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from csirt.record.entry import parse
from csirt.record.tree import Frontier, leaf_hash
from csirt.response import audit
from tests.cli.calling import Called, call, city, run
from tests.record.building import rechained
from tests.world import World


class Intruder:
    """Somebody with write access to the database file and time."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.database = sqlite3.connect(data / "csirt.sqlite", isolation_level=None)
        for (name,) in self.database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            self.database.execute(f"DROP TRIGGER {name}")

    def does(self, statement: str, *values: object) -> None:
        self.database.execute(statement, values)

    def entries(self) -> list[bytes]:
        return [raw for (raw,) in self.database.execute("SELECT canonical FROM ledger_entry ORDER BY seq")]

    @property
    def size(self) -> int:
        return len(self.entries())

    def first_of(self, kind: str) -> int:
        (seq,) = self.database.execute("SELECT min(seq) FROM ledger_entry WHERE kind = ?", [kind]).fetchone()
        return int(seq)

    def edit(self, seq: int, *, leaf: bool = False) -> None:
        """Change a boot id in the sealed bytes, so that only hashes can tell; `leaf` covers that up beside it."""
        raw = self.entries()[seq]
        at = raw.index(b'"boot":"') + 8
        changed = raw[:at] + (b"0" if raw[at : at + 1] != b"0" else b"1") + raw[at + 1 :]
        self.does("UPDATE ledger_entry SET canonical = ? WHERE seq = ?", changed, seq)
        if leaf:
            self.does("UPDATE ledger_entry SET leaf = ? WHERE seq = ?", leaf_hash(changed), seq)

    def rewrites_from(self, seq: int, *, head: bool) -> None:
        """Take an entry out and number, link and hash all others anew; with `head` everywhere."""
        lines = self.entries()
        lines = rechained(lines[:seq] + lines[seq + 1 :])
        self.does("DELETE FROM ledger_entry WHERE seq = ?", seq)
        self.does("UPDATE ledger_entry SET seq = -seq, inc_seq = NULL WHERE seq > ?", seq)
        self.does("UPDATE ledger_entry SET seq = -seq - 1 WHERE seq < 0")
        for number, line in enumerate(lines):
            entry = parse(line)
            self.does(
                "UPDATE ledger_entry SET canonical = ?, leaf = ?, inc_seq = ? WHERE seq = ?",
                line, leaf_hash(line), entry.inc_seq, number,
            )  # fmt: skip
            if entry.inc:
                self.does("UPDATE ledger_incident SET inc_seq = ?, leaf = ? WHERE inc = ?",
                          entry.inc_seq, leaf_hash(line), entry.inc)  # fmt: skip
        if head:
            frontier = Frontier().extend(map(leaf_hash, lines))
            self.does("UPDATE ledger_head SET size = ?, frontier = ?", frontier.size, frontier.to_bytes())


@pytest.fixture
def intruder(data: Path) -> Iterator[Intruder]:
    made = Intruder(data)
    with closing(made.database):
        yield made


def verify(data: Path) -> Called:
    return call("verify", "--data", data, "--json")


def found(intruder: Intruder) -> tuple[int | None, str]:
    """First bad entry and why, from a record that must not pass."""
    called = verify(intruder.data)
    assert called.code == 70
    assert set(called.row) == {"ok", "first_bad", "why"}
    assert called.row["ok"] is False
    return called.row["first_bad"], called.row["why"]


def test_an_untouched_record_passes(data: Path) -> None:
    called = verify(data)
    assert (called.code, called.err) == (0, "")
    assert set(called.row) == {"ok", "size", "root", "as_owner"}
    assert called.row["size"] > 20
    assert run("verify", "--data", data, "--json").row == called.row


def test_dropping_the_triggers_alone_changes_no_entry(intruder: Intruder) -> None:
    assert verify(intruder.data).code == 0


def test_a_record_with_nothing_in_it_passes(tmp_path: Path) -> None:
    called = verify(city(tmp_path))
    assert (called.code, called.row["size"]) == (0, 0)


@pytest.mark.parametrize("place", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_an_edited_entry_is_named(intruder: Intruder, place: float) -> None:
    seq = int(place * intruder.size)
    intruder.edit(seq)
    assert found(intruder) == (seq, "entry_changed")


def test_of_two_edited_entries_the_first_is_named(intruder: Intruder) -> None:
    intruder.edit(11)
    intruder.edit(4)
    assert found(intruder) == (4, "entry_changed")


def test_an_edit_covered_up_beside_it_breaks_the_link_of_its_incident(intruder: Intruder) -> None:
    seq = intruder.first_of("STEP_OPENED")
    intruder.edit(seq, leaf=True)
    assert found(intruder) == (seq, "incident_link_broken")


def test_an_edit_covered_up_at_the_end_of_an_incident_shows_in_the_root(intruder: Intruder) -> None:
    (seq,) = intruder.database.execute("SELECT max(seq) FROM ledger_entry WHERE inc IS NOT NULL").fetchone()
    intruder.edit(seq, leaf=True)
    bad, why = found(intruder)
    assert why == "root_wrong"
    assert bad is not None
    assert bad <= seq


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_incident SET leaf = zeroblob(32) WHERE inc = ?",
        "UPDATE ledger_incident SET inc_seq = inc_seq - 1 WHERE inc = ?",
        "UPDATE ledger_incident SET leaf = 'text' WHERE inc = ?",
        "DELETE FROM ledger_incident WHERE inc = ?",
    ],
)
def test_where_an_incident_would_go_on_from_is_checked(intruder: Intruder, statement: str) -> None:
    query = "SELECT inc, max(seq) FROM ledger_entry WHERE inc IS NOT NULL GROUP BY inc ORDER BY 2 LIMIT 1"
    incident, seq = intruder.database.execute(query).fetchone()
    intruder.does(statement, incident)
    assert found(intruder) == (seq, "incident_end_differs")


def test_an_edit_covered_up_where_nothing_links_shows_in_the_root(intruder: Intruder) -> None:
    seq = intruder.first_of("TOKEN_ISSUED")
    intruder.edit(seq, leaf=True)
    bad, why = found(intruder)
    assert why == "root_wrong"
    assert bad is not None
    assert bad <= seq < bad + 64  # the head remembers perfect subtrees: so far it can be pinned down


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "NOTE_ADDED"),
        ("kind", b"\xff\xfe"),
        ("actor", "p-nobody"),
        ("inc", None),
        ("inc_seq", 77),
        ("step", "another_step"),
        ("cid", "c-1"),
        ("at", "2020-01-01 00:00:00.000000"),
        ("at", "no time at all"),
        ("at", 5),
    ],
)
def test_a_column_that_says_something_else_is_named(intruder: Intruder, column: str, value: object) -> None:
    seq = intruder.first_of("STEP_ANSWERED")
    intruder.does(f"UPDATE ledger_entry SET {column} = ? WHERE seq = ?", value, seq)  # noqa: S608 - above
    assert found(intruder) == (seq, "column_differs")


@pytest.mark.parametrize("value", ["text", b"", b"{}", 5, b"\xff" * 9000, b"[" * 8000])
def test_bytes_of_any_kind_are_a_finding(intruder: Intruder, value: object) -> None:
    intruder.does("UPDATE ledger_entry SET canonical = ? WHERE seq = 3", value)
    assert found(intruder)[0] == 3


def test_a_deleted_entry_is_named(intruder: Intruder) -> None:
    intruder.does("DELETE FROM ledger_entry WHERE seq = 7")
    assert found(intruder) == (7, "seq_not_dense")


def test_a_deleted_beginning_is_named(intruder: Intruder) -> None:
    intruder.does("DELETE FROM ledger_entry WHERE seq < 3")
    assert found(intruder) == (0, "seq_not_dense")


def test_a_deleted_entry_is_named_though_the_others_moved_up(intruder: Intruder) -> None:
    intruder.does("DELETE FROM ledger_entry WHERE seq = 7")
    intruder.does("UPDATE ledger_entry SET seq = -seq WHERE seq > 7")
    intruder.does("UPDATE ledger_entry SET seq = -seq - 1 WHERE seq < 0")
    assert found(intruder)[0] == 7


def test_a_cut_off_end_is_named(intruder: Intruder) -> None:
    left = intruder.size - 3
    intruder.does("DELETE FROM ledger_entry WHERE seq >= ?", left)
    assert found(intruder) == (left, "entry_missing")


def test_everything_deleted(intruder: Intruder) -> None:
    intruder.does("DELETE FROM ledger_entry")
    assert found(intruder) == (0, "entry_missing")


@pytest.mark.parametrize("gap", [0, 1, 50])
def test_a_copy_put_at_the_end_is_named(intruder: Intruder, gap: int) -> None:
    size = intruder.size
    intruder.does(
        "INSERT INTO ledger_entry (seq, canonical, at, kind, actor) SELECT ?, canonical, at, kind, actor "
        "FROM ledger_entry WHERE seq = 2",
        size + gap,
    )
    assert found(intruder) == (size, "seq_not_dense")


def test_a_well_made_entry_at_the_end_is_named(intruder: Intruder) -> None:
    lines = intruder.entries()
    forged = rechained([*lines, lines[intruder.first_of("TOKEN_ISSUED")]])[-1]
    intruder.does(
        "INSERT INTO ledger_entry (seq, canonical, at, kind, actor, leaf) SELECT ?, ?, at, kind, actor, ? "
        "FROM ledger_entry WHERE kind = 'TOKEN_ISSUED' LIMIT 1",
        len(lines), forged, leaf_hash(forged),
    )  # fmt: skip
    assert found(intruder) == (len(lines), "entry_beyond_head")


def test_an_entry_put_in_between_is_named(intruder: Intruder) -> None:
    intruder.does("UPDATE ledger_entry SET seq = -seq WHERE seq >= 7")
    intruder.does("UPDATE ledger_entry SET seq = -seq + 1 WHERE seq < 0")
    intruder.does(
        "INSERT INTO ledger_entry (seq, canonical, at, kind, actor) SELECT 7, canonical, at, kind, actor "
        "FROM ledger_entry WHERE seq = 0"
    )
    assert found(intruder)[0] == 7


@pytest.mark.parametrize("columns", ["canonical", "canonical, leaf"])
def test_exchanged_entries_are_named(intruder: Intruder, columns: str) -> None:
    intruder.does(
        f"UPDATE ledger_entry SET ({columns}) = (SELECT {columns} FROM ledger_entry AS other "  # noqa: S608 - above
        "WHERE other.seq = 13 - ledger_entry.seq) WHERE seq IN (6, 7)"
    )
    assert found(intruder)[0] == 6


def test_exchanged_numbers_are_named(intruder: Intruder) -> None:
    for old, new in ((6, -1), (7, 6), (-1, 7)):
        intruder.does("UPDATE ledger_entry SET seq = ? WHERE seq = ?", new, old)
    assert found(intruder) == (6, "seq_not_dense")


def test_history_written_anew_contradicts_the_head(intruder: Intruder) -> None:
    intruder.rewrites_from(intruder.first_of("STEP_ANSWERED"), head=False)
    assert found(intruder)[1] == "entry_missing"


def test_history_written_anew_with_its_head_contradicts_an_earlier_export(intruder: Intruder, tmp_path: Path) -> None:
    assert call("export", tmp_path / "out", "--data", intruder.data).code == 0
    seq = intruder.first_of("TOKEN_ISSUED")
    intruder.rewrites_from(seq, head=True)
    bad, why = found(intruder)
    assert why == "checkpoint_contradicted"
    assert bad is not None
    assert bad <= seq


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_head",
        "UPDATE ledger_head SET frontier = X'00'",
        "UPDATE ledger_head SET frontier = 5",
        "UPDATE ledger_head SET size = size - 1",
        "UPDATE ledger_head SET size = 'many'",
    ],
)
def test_a_damaged_head_is_told_without_blaming_an_entry(intruder: Intruder, statement: str) -> None:
    intruder.does(statement)
    assert found(intruder) == (None, "head_malformed")


def test_a_sealed_text_that_is_gone_is_named(intruder: Intruder) -> None:
    seq = intruder.first_of("NOTE_ADDED")
    intruder.does("DELETE FROM vault_payload WHERE c = ?", parse(intruder.entries()[seq]).pay[0].c)
    assert found(intruder) == (seq, "payload_missing")


@pytest.mark.parametrize("value", [b"", b"short", b"\x00" * 60, "text", 5])
def test_a_sealed_text_that_was_changed_is_named(intruder: Intruder, value: object) -> None:
    seq = intruder.first_of("NOTE_ADDED")
    c = parse(intruder.entries()[seq]).pay[0].c
    intruder.does("UPDATE vault_payload SET sealed = ? WHERE c = ?", value, c)
    assert found(intruder) == (seq, "payload_wrong")


def test_texts_of_two_entries_exchanged_are_named(intruder: Intruder) -> None:
    first, second = (intruder.first_of(kind) for kind in ("INCIDENT_OPENED", "NOTE_ADDED"))
    one, other = (parse(intruder.entries()[seq]).pay[0].c for seq in (first, second))
    intruder.does("UPDATE vault_payload SET sealed = (SELECT sealed FROM vault_payload WHERE c = ?) WHERE c = ?",
                  other, one)  # fmt: skip
    assert found(intruder) == (first, "payload_wrong")


def test_a_key_that_is_gone_without_an_erasure_on_record_is_named(intruder: Intruder) -> None:
    intruder.does("UPDATE vault_key SET wrapped = NULL, erased_at = '2026-11-22 00:00:00' WHERE scope LIKE 'incident%'")
    assert found(intruder) == (intruder.first_of("INCIDENT_OPENED"), "erasure_unrecorded")


def test_an_edit_before_a_lost_text_is_named_first(intruder: Intruder) -> None:
    intruder.does("DELETE FROM vault_payload")
    intruder.edit(0)
    assert found(intruder) == (0, "entry_changed")


def test_of_two_kinds_of_finding_the_first_entry_is_named(intruder: Intruder) -> None:
    intruder.edit(intruder.first_of("TOKEN_ISSUED"), leaf=True)
    note = intruder.first_of("NOTE_ADDED")
    intruder.does("DELETE FROM vault_payload WHERE c = ?", parse(intruder.entries()[note]).pay[0].c)
    bad, why = found(intruder)
    assert why == "root_wrong"
    assert bad is not None
    assert bad < note


def test_people_are_told_in_words(intruder: Intruder) -> None:
    intruder.edit(5)
    called = call("verify", "--data", intruder.data)
    assert called.code == 70
    assert "5" in called.out
    assert "entry_changed" in called.err
    assert "NOT sound" in call("verify", "--data", intruder.data, "--lang", "en").out


def test_a_torn_file_is_no_crash(data: Path) -> None:
    file = data / "csirt.sqlite"
    content = bytearray(file.read_bytes())
    for page in range(8, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\x00" * 64
    file.write_bytes(content)
    called = verify(data)
    assert called.code in {6, 70}


def test_the_same_holds_on_both_databases(world: World) -> None:
    """Columns come in other types from PostgreSQL."""
    world.open()
    world.work()
    sound = world.desk.look(audit.verify)
    assert (sound.ok, sound.why) == (True, None)
    engine = create_engine(world.desk.settings.database)
    sqlite = engine.dialect.name == "sqlite"
    names = ("ledger_no_update",) if sqlite else ("ledger_no_change ON ledger_entry",)
    with engine.begin() as connection:
        for name in names:
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("UPDATE ledger_entry SET at = '2020-01-01 00:00:00.000000' WHERE seq = 4"))
    late = world.desk.look(audit.verify)
    assert (late.ok, late.first_bad, late.why) == (False, 4, "column_differs")
    with engine.begin() as connection:
        connection.execute(text("UPDATE ledger_entry SET leaf = canonical WHERE seq = 2"))
    engine.dispose()
    assert world.desk.look(audit.verify).first_bad == 2
