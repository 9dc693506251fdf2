"""Exports of one incident or of a stretch of time: proven in the whole, with nothing left out, or refused."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from csirt.record.checkpoint import SigningKey, sign, verifier_line
from csirt.record.entry import EntryActor, EntryKind, LedgerEntry
from csirt.record.export import Part, entry_line
from csirt.record.verify_record import main, verify
from tests.record.building import KEY, ORIGIN, START, Log, honest, write_export, write_manifest

PINNED = verifier_line(KEY.verifier)
INCIDENT = Part("inc-1")


def exported(seed: int, size: int = 40) -> Log:
    """An honest record whose last entry says that incident 1 was exported."""
    log = honest(seed, size)
    log.append(LedgerEntry(size, START, EntryKind.RECORD_EXPORTED, EntryActor("local", "local"), inc="inc-1"))
    return log


def write_part(folder: Path, log: Log, part: Part, lines: Sequence[bytes]) -> Path:
    write_export(folder, log)
    (folder / "entries.jsonl").write_bytes(b"".join(map(entry_line, lines)))
    (folder / "payloads.jsonl").unlink()
    write_manifest(folder, part=part)
    return folder


def of_incident(log: Log) -> list[bytes]:
    return [line for line in log.lines if b'"inc":"inc-1"' in line]


def time_of(line: bytes) -> str:
    return str(json.loads(line)["ts"])


def found(folder: Path, key: str = PINNED) -> list[str]:
    return [bad.code for bad in verify(folder, key)[1]]


@pytest.mark.parametrize("seed", range(20))
def test_an_incident_by_itself_passes(tmp_path: Path, seed: int) -> None:
    log = exported(seed)
    assert found(write_part(tmp_path / "one", log, INCIDENT, of_incident(log))) == []


def test_people_are_told_that_it_is_a_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = exported(1)
    assert main([str(write_part(tmp_path / "one", log, INCIDENT, of_incident(log))), "--key", PINNED]) == 0
    assert "incident inc-1" in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(30))
def test_no_entry_of_an_incident_can_be_left_out_changed_or_doubled(tmp_path: Path, seed: int) -> None:
    log, chance = exported(seed), Random(seed)
    lines = of_incident(log)
    place = chance.randrange(len(lines))
    seq = json.loads(lines[place])["seq"]
    bent = lines[place].replace(b'"kind":"', b'"kind":"X')
    for tampered in (
        lines[:place] + lines[place + 1 :],
        [*lines[:place], bent, *lines[place + 1 :]],
        [*lines[: place + 1], *lines[place:]],
        lines[::-1],
        lines[:-1],
        [],
        [*lines, log.lines[0]],
    ):
        if tampered != lines:
            findings = verify(write_part(tmp_path / "one", log, INCIDENT, tampered), PINNED)[1]
            assert findings, (seed, place)
            if bent in tampered:
                assert (findings[0].code, findings[0].seq) == ("entry_changed", seq)


def test_an_incident_of_another_name_is_not_passed_off(tmp_path: Path) -> None:
    log = exported(3)
    assert found(write_part(tmp_path / "one", log, Part("inc-2"), of_incident(log))) == ["incident_not_dense"]


@pytest.mark.parametrize("seed", range(10))
def test_a_stretch_passes_with_its_neighbours_and_not_without(tmp_path: Path, seed: int) -> None:
    log, chance = honest(seed, 60), Random(seed)
    first, last = sorted(chance.sample(range(2, 58), 2))
    part = Part("", time_of(log.lines[first]), time_of(log.lines[last + 1]))
    whole = log.lines[first - 1 : last + 2]
    assert found(write_part(tmp_path / "good", log, part, whole)) == []
    after = last + 2 < len(log.lines)
    for name, lines, code, seq in (
        ("no start", whole[1:], "period_cut", first),
        ("no end", whole[:-1], "period_cut", last + 1),
        ("gap", whole[:1] + whole[2:], "seq_not_dense", first),
        ("more", [*whole, *log.lines[last + 2 : last + 3]], *(("entry_beyond_period", last + 2) if after else ("", 0))),
        ("nothing", [], "period_cut", 0),
    ):
        findings = verify(write_part(tmp_path / name, log, part, lines), PINNED)[1]
        assert [(bad.code, bad.seq) for bad in findings] == ([(code, seq)] if code else []), name


@pytest.mark.parametrize("seed", range(5))
def test_what_is_missing_of_an_incident_is_named(tmp_path: Path, seed: int) -> None:
    log = exported(seed)
    lines = of_incident(log)
    at = [json.loads(line)["seq"] for line in lines]
    for place in range(len(lines)):
        cut = lines[:place] + lines[place + 1 :]
        findings = verify(write_part(tmp_path / str(place), log, INCIDENT, cut), PINNED)[1]
        is_last = place == len(lines) - 1
        expected = ("incident_cut", at[place - 1] + 1) if is_last else ("incident_not_dense", at[place + 1])
        assert [(bad.code, bad.seq) for bad in findings] == [expected]
    foreign = [*lines[:-1], log.lines[0], lines[-1]] if 0 not in at else lines
    findings = verify(write_part(tmp_path / "foreign", log, INCIDENT, foreign), PINNED)[1]
    assert [(bad.code, bad.seq) for bad in findings] == ([("seq_not_dense", at[-2] + 1)] if foreign != lines else [])


HOSTILE = [
    None,
    7,
    [],
    ["", "", "", ""],
    ["a b", "", ""],
    [1, 2, 3],
    ["", "x", "y"],
    ["inc-1", "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000000Z"],
    ["", "2026-01-01T00:00:00.000000Z", ""],
    {"incident": "inc-1"},
]


@pytest.mark.parametrize("part", HOSTILE)
def test_hostile_parts_fail(tmp_path: Path, part: object) -> None:
    folder = write_export(tmp_path / "all", honest(4, 20))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    raw = json.dumps({**manifest, "part": part}, sort_keys=True, separators=(",", ":"))
    (folder / "manifest.json").write_text(raw + "\n")
    assert found(folder)


def handed_over(folder: Path, log: Log, new: SigningKey, size: int, signers: Sequence[SigningKey]) -> Path:
    write_export(folder, log, new)
    note = sign(log.checkpoint(size), *signers).decode()
    line = json.dumps({"note": note, "key": verifier_line(new.verifier)})
    (folder / "handovers.jsonl").write_text(line + "\n")
    write_manifest(folder)
    return folder


def test_a_key_hands_over_to_another_only_by_a_checkpoint_that_both_signed(tmp_path: Path) -> None:
    log, new = honest(5, 30), SigningKey.generate(ORIGIN)
    assert found(handed_over(tmp_path / "good", log, new, 20, [KEY, new])) == []
    assert found(handed_over(tmp_path / "good", log, new, 20, [KEY, new]), verifier_line(new.verifier)) == []
    assert found(handed_over(tmp_path / "old only", log, new, 20, [KEY]))
    assert found(handed_over(tmp_path / "new only", log, new, 20, [new]))
    assert found(handed_over(tmp_path / "fork", honest(6, 30), new, 30, [KEY, new])) == []
    folder = handed_over(tmp_path / "another past", honest(7, 30), new, 30, [KEY, new])
    note = sign(log.checkpoint(20), KEY, new).decode()
    line = json.dumps({"note": note, "key": verifier_line(new.verifier)})
    (folder / "handovers.jsonl").write_text(line + "\n")
    write_manifest(folder)
    assert found(folder) == ["old_checkpoint_contradicted"]


@pytest.mark.parametrize(
    "data", ["x", "[]", "7", "{}", '{"note":1,"key":2}', '{"note":"\\ud800","key":""}', "[" * 9999]
)
def test_hostile_handovers_fail(tmp_path: Path, data: str) -> None:
    folder = write_export(tmp_path / "all", honest(4, 20))
    (folder / "handovers.jsonl").write_text(data + "\n")
    write_manifest(folder)
    assert verify(folder, PINNED)[1]


Spoil = Callable[[Random, bytes], bytes]
SPOILS: tuple[Spoil, ...] = (
    lambda chance, data: data[: chance.randrange(len(data) + 1)],
    lambda chance, data: data + chance.randbytes(chance.randrange(1, 40)),
    lambda chance, data: chance.randbytes(len(data)),
    lambda _chance, data: data.replace(b'"', b"'", 1),
    lambda _chance, data: data * 2,
    lambda _chance, _data: b"",
    lambda chance, data: bytes(one ^ (chance.random() < 0.02) for one in data),
)


def test_chance_never_makes_it_crash_or_pass(tmp_path: Path) -> None:
    log, chance, rounds = exported(8), Random(20261129), 250
    folder = write_part(tmp_path / "one", log, INCIDENT, of_incident(log))
    names = [path.name for path in folder.iterdir() if path.name not in {"README.txt", "verify_record.py"}]
    for number in range(rounds):
        path = folder / chance.choice(names)
        whole = path.read_bytes()
        spoilt = chance.choice(SPOILS)(chance, whole)
        path.write_bytes(spoilt)
        if spoilt != whole:
            assert verify(folder, PINNED)[1], (number, path.name)
        path.write_bytes(whole)
    assert verify(folder, PINNED)[1] == []
