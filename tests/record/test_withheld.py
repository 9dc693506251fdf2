"""Entries that stay at home: their leaf hashes go along and are proven; and what the verifier shows a terminal."""

import io
import runpy
import sys
from pathlib import Path

import pytest

from csirt.record import verify_record
from csirt.record.checkpoint import verifier_line
from csirt.record.export import Part, entry_line, withheld_line
from csirt.record.verify_record import check_entries, leaf_hash, main, verify
from tests.record.building import KEY, Log, honest, write_export, write_manifest
from tests.record.test_parts import exported, of_incident, write_part

PINNED = verifier_line(KEY.verifier)
HIDDEN = 7


def lines_with_one_hidden(log: Log, leaf: bytes = b"") -> list[bytes]:
    lines = [entry_line(line) for line in log.lines]
    lines[HIDDEN] = withheld_line(leaf or log.leaves[HIDDEN])
    return lines


def export_with(folder: Path, log: Log, lines: list[bytes]) -> Path:
    write_export(folder, log)
    (folder / "entries.jsonl").write_bytes(b"".join(lines))
    (folder / "payloads.jsonl").unlink()
    write_manifest(folder)
    return folder


def found(folder: Path) -> list[tuple[str, int | None]]:
    return [(bad.code, bad.seq) for bad in verify(folder, PINNED)[1]]


def test_a_withheld_entry_is_covered_by_the_root(tmp_path: Path) -> None:
    log = honest(21, 20, incidents=0)
    assert found(export_with(tmp_path / "good", log, lines_with_one_hidden(log))) == []


def test_another_leaf_in_the_place_of_a_withheld_entry_is_found(tmp_path: Path) -> None:
    log = honest(21, 20, incidents=0)
    forged = lines_with_one_hidden(log, leaf_hash(b"another"))
    assert found(export_with(tmp_path / "bad", log, forged)) == [("entry_changed", HIDDEN)]


def test_in_a_database_no_entry_is_withheld() -> None:
    log = honest(21, 20, incidents=0)
    rows = [(seq, line.removesuffix(b"\n")) for seq, line in enumerate(lines_with_one_hidden(log))]
    assert check_entries(rows)[2:4] == (HIDDEN, "entry_not_canonical")
    assert check_entries(rows, exported=True)[:4] == (20, log.checkpoint().root, None, None)


def test_an_incident_whose_link_was_broken_before_it_was_signed_is_found(tmp_path: Path) -> None:
    log = exported(3)
    lines = of_incident(log)
    place = log.lines.index(lines[4])
    link = lines[4].index(b'"inc_prev":"') + 12
    log.lines[place] = lines[4][:link] + b"A" * 43 + lines[4][link + 43 :]
    folder = write_part(tmp_path / "one", log, Part("inc-1"), of_incident(log))
    before = log.lines.index(of_incident(log)[3])
    assert ("incident_link_broken", before) in found(folder)


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_bar_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr("csirt.record.verify_record.PROGRESS_EVERY", 10)
    assert main([str(write_export(tmp_path / "export", honest(11, 40))), "--key", PINNED]) == 0
    bars = screen.getvalue().split("\r")[1:]
    assert bars[0] == f"[{'#' * 7:<30}] 10 of 40 entries"
    assert bars[-1] == f"[{'#' * 30}] 40 of 40 entries\n"


def test_the_file_runs_as_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_export(tmp_path / "export", honest(11, 4))
    monkeypatch.setattr(sys, "argv", ["verify_record.py", str(folder), "--key", PINNED])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(verify_record.__file__, run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("PASS ")
