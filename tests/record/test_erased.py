"""An export that says which texts were erased: each by an entry that names the key, or it does not pass."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from csirt.record.checkpoint import verifier_line
from csirt.record.entry import Commitment, EntryActor, EntryKind, LedgerEntry, Out
from csirt.record.export import WHOLE, Part, entry_line, erased_line
from csirt.record.verify_record import main, verify
from tests.record.building import KEY, START, Log, honest, write_export, write_manifest
from tests.record.test_parts import of_incident

PINNED = verifier_line(KEY.verifier)
TEXTS = [b64encode(bytes([number]) * 32).decode() for number in range(3)]
WITH_TEXTS, ERASED, RESTORED = 20, 25, 26
ACTOR = EntryActor("p-1", "ldap")


def a_log() -> Log:
    """Three texts in entry 20; their key is destroyed in entry 25, another one's at a restore in entry 26."""
    log = honest(5, WITH_TEXTS)
    pay = tuple(Commitment(c, "text", f"name{number}") for number, c in enumerate(TEXTS))
    log.append(LedgerEntry(0, START, EntryKind.NOTE_ADDED, ACTOR, inc="inc-1", pay=pay))
    for seq in range(4):
        log.append(LedgerEntry(0, START, EntryKind.STEP_DONE, ACTOR, inc="inc-2", cid=f"more:{seq}"))
    said: dict[str, Out] = {"keys": ("0a0a", "0b0b"), "texts": 3}
    log.append(LedgerEntry(0, START, EntryKind.PERSONAL_DATA_ERASED, ACTOR, inc="inc-1", out=said))
    log.append(LedgerEntry(0, START, EntryKind.DESK_RESTORED, ACTOR, out={"keys": ("0c0c",)}))
    log.append(LedgerEntry(0, START, EntryKind.RECORD_EXPORTED, ACTOR, inc="inc-1"))
    return log


def export(folder: Path, log: Log, *lines: bytes, part: Part = WHOLE) -> Path:
    write_export(folder, log, extra={"erased.jsonl": b"".join(lines)})
    if part.incident:
        (folder / "entries.jsonl").write_bytes(b"".join(map(entry_line, of_incident(log))))
        (folder / "payloads.jsonl").unlink()
    write_manifest(folder, part=part)
    return folder


def found(folder: Path) -> list[tuple[str, int | None]]:
    return [(bad.code, bad.seq) for bad in verify(folder, PINNED)[1]]


@pytest.mark.parametrize("part", [WHOLE, Part("inc-1")])
def test_erased_texts_pass_with_the_entry_that_names_their_key(tmp_path: Path, part: Part) -> None:
    log = a_log()
    lines = erased_line("0a0a", TEXTS[:2], log.lines[ERASED]), erased_line("0c0c", TEXTS[2:], log.lines[RESTORED])
    assert found(export(tmp_path / "out", log, *lines, part=part)) == []


def test_the_verifier_says_how_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = a_log()
    folder = export(tmp_path / "out", log, erased_line("0b0b", TEXTS, log.lines[ERASED]))
    assert main([str(folder), "--key", PINNED]) == 0
    assert "3 texts were erased" in capsys.readouterr().out
    assert main([str(folder), "--key", PINNED, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["erased"] == 3


@pytest.mark.parametrize("part", [WHOLE, Part("inc-1")])
@pytest.mark.parametrize("how", ["no entry", "another key", "another kind", "made up", "not in the tree", "before it"])
def test_a_key_that_no_entry_names_is_found(tmp_path: Path, how: str, part: Part) -> None:
    log = a_log()
    erasure, key = log.lines[ERASED], "0a0a"
    if how == "before it":  # the text came later than the erasure of its key
        salted = Commitment(b64encode(b"late" * 8).decode(), "text", "late")
        log.append(LedgerEntry(0, START, EntryKind.NOTE_ADDED, ACTOR, inc="inc-1", pay=(salted,)))
        log.append(LedgerEntry(0, START, EntryKind.RECORD_EXPORTED, ACTOR, inc="inc-1"))
        folder = export(tmp_path / "out", log, erased_line(key, [salted.c], erasure), part=part)
        assert found(folder) == [("erasure_unrecorded", RESTORED + 2)]
        return
    entry = {
        "no entry": b"",
        "another key": erasure,
        "another kind": log.lines[WITH_TEXTS],
        "made up": erasure.replace(b"0b0b", b"0d0d"),
        "not in the tree": erasure.replace(b'"seq":25', b'"seq":99'),
    }[how]
    key = "0e0e" if how == "another key" else key
    if how == "another kind":
        entry = log.lines[RESTORED + 1]
    folder = export(tmp_path / "out", log, erased_line(key, TEXTS, entry), part=part)
    assert found(folder) == [("erasure_unrecorded", WITH_TEXTS)]


def test_a_text_is_not_both_shown_and_erased_and_belongs_to_an_entry(tmp_path: Path) -> None:
    log = a_log()
    c, _, _, seq = log.openings[0]
    shown = export(tmp_path / "shown", log, erased_line("0a0a", [c], log.lines[ERASED]))
    assert found(shown) == [("erasure_unrecorded", seq)]
    strange = b64encode(b"strange!" * 4).decode()
    nowhere = export(tmp_path / "nowhere", log, erased_line("0a0a", [strange], log.lines[ERASED]))
    assert found(nowhere) == [("opening_wrong", None)]


@pytest.mark.parametrize("data", [b"x", b"[]\n", b"7\n", b"{}\n", b"[" * 9999, b'{"c":7,"entry":"","key":""}\n',
                                  b'{"c":[7],"entry":"","key":""}\n', b'{"c":[],"entry":"{}","key":""}\n', b"\xff\n",
                                  b'{"c":["\\ud800"],"entry":"","key":""}\n'])  # fmt: skip
def test_hostile_lists_fail(tmp_path: Path, data: bytes) -> None:
    assert found(export(tmp_path / "out", a_log(), data))


def test_also_the_very_first_entry_keeps_its_text_unless_an_entry_says_so(tmp_path: Path) -> None:
    log = Log()
    log.append(LedgerEntry(0, START, EntryKind.NOTE_ADDED, ACTOR, pay=(Commitment(TEXTS[0], "text", "text"),)))
    assert found(export(tmp_path / "out", log, erased_line("0a0a", TEXTS[:1], b""))) == [("erasure_unrecorded", 0)]
