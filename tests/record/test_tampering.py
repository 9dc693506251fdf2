"""Seeded tampering with exports: every change is found, the first bad entry is named, and honest records pass."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from csirt.record.checkpoint import SigningKey, paper_line, verifier_line
from csirt.record.verify_record import verify
from tests.record.building import KEY, ORIGIN, Log, honest, rechained, write_export, write_manifest

SEED, SIZE, ROUNDS = 20261122, 24, 2400
PINNED = verifier_line(KEY.verifier)
FORGER = SigningKey.generate(ORIGIN)
NOBODY = None  # a change that is found, but lies in no entry

Found = list[tuple[str, int | None]]
Tampering = Callable[[Random, Path, Log], int | None]  # changes the folder and says which entry must be named


def look(folder: Path, old: str | None = None) -> Found:
    return [(bad.code, bad.seq) for bad in verify(folder, PINNED, old)[1]]


@contextmanager
def undone(folder: Path) -> Iterator[None]:
    """Whatever is done to the folder inside is undone at the end."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    yield
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in after.keys() - before.keys():
        (folder / name).unlink()
    for name, data in before.items():
        if after.get(name) != data:
            (folder / name).write_bytes(data)


def flipped(chance: Random, data: bytes) -> tuple[bytes, int]:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ chance.randrange(1, 256)]) + data[place + 1 :], place


def store(folder: Path, lines: list[bytes]) -> None:
    (folder / "entries.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def forged_line(log: Log, seq: int) -> bytes:
    """An entry of good form, with other content."""
    return log.lines[seq].replace(b'"cid":"outbox', b'"cid":"inboxx')


def flip(chance: Random, folder: Path, log: Log) -> int:
    data, place = flipped(chance, (folder / "entries.jsonl").read_bytes())
    (folder / "entries.jsonl").write_bytes(data)
    return b"".join(line + b"\n" for line in log.lines)[:place].count(b"\n")


def edit(chance: Random, folder: Path, log: Log) -> int:
    seq = chance.randrange(SIZE)
    store(folder, [*log.lines[:seq], forged_line(log, seq), *log.lines[seq + 1 :]])
    return seq


def delete(chance: Random, folder: Path, log: Log) -> int:
    seq = chance.randrange(SIZE)
    store(folder, log.lines[:seq] + log.lines[seq + 1 :])
    return seq


def insert(chance: Random, folder: Path, log: Log) -> int:
    seq, other = chance.randrange(SIZE + 1), chance.randrange(SIZE)
    copied = chance.random() < 0.5
    line = log.lines[other] if copied else forged_line(log, other)
    store(folder, [*log.lines[:seq], line, *log.lines[seq:]])
    return seq + 1 if copied and other == seq else seq  # a copy of itself shows one line later


def swap(chance: Random, folder: Path, log: Log) -> int:
    first, second = sorted(chance.sample(range(SIZE), 2))
    lines = list(log.lines)
    lines[first], lines[second] = lines[second], lines[first]
    store(folder, lines)
    return first


def truncate(chance: Random, folder: Path, log: Log) -> int:
    data = (folder / "entries.jsonl").read_bytes()
    cut = chance.randrange(len(data))
    (folder / "entries.jsonl").write_bytes(data[:cut])
    return b"".join(line + b"\n" for line in log.lines)[:cut].count(b"\n")


def rechain(chance: Random, folder: Path, log: Log) -> int:
    """History rewritten from one entry on; the tree that was signed still lies beside it."""
    seq = chance.randrange(SIZE)
    store(folder, rechained([*log.lines[:seq], forged_line(log, seq), *log.lines[seq + 1 :]]))
    return seq


def rewritten(chance: Random, log: Log) -> Log:
    seq = chance.randrange(SIZE)
    return Log(rechained([*log.lines[:seq], forged_line(log, seq), *log.lines[seq + 1 :]]))


def rechain_with_leaves(chance: Random, folder: Path, log: Log) -> None:
    """History and tree rewritten; the signature is of the old one. No entry can be named."""
    forged = rewritten(chance, log)
    store(folder, forged.lines)
    (folder / "leaves.bin").write_bytes(b"".join(forged.leaves))
    return NOBODY


def fork(chance: Random, folder: Path, log: Log) -> None:
    """Everything rewritten and signed with another key."""
    note = (folder / "checkpoint").read_bytes()
    write_export(folder, rewritten(chance, log), FORGER)
    if chance.random() < 0.3:
        (folder / "checkpoint").write_bytes(note)
    elif chance.random() < 0.5:
        (folder / "key.pub").write_text(PINNED + "\n")
    return NOBODY


def bend_file(names: tuple[str, ...]) -> Tampering:
    def bend(chance: Random, folder: Path, _: Log) -> None:
        path = folder / chance.choice(names)
        data = path.read_bytes()
        path.write_bytes(flipped(chance, data)[0] if chance.random() < 0.7 else data[: chance.randrange(len(data))])
        return NOBODY

    return bend


def manifest(chance: Random, folder: Path, _: Log) -> None:
    path = folder / "manifest.json"
    text = path.read_text()
    digit = chance.choice([place for place, sign in enumerate(text) if sign.isdigit()])
    path.write_text(
        chance.choice(
            (
                text[:digit] + str((int(text[digit]) + 1) % 10) + text[digit + 1 :],
                text.replace(",", ", ", 1),
                text.replace('"name":"README.txt"', '"name":"README.md"'),
                text.replace('"aside":[]', '"aside":[],"extra":1'),
                text[: text.index("},{") + 1] + "]" + text[text.index('],"format"') + 1 :],
                text.rstrip(),
                text + "\n",
            )
        )
    )
    return NOBODY


def add_file(chance: Random, folder: Path, _: Log) -> None:
    (folder / chance.choice(("more.txt", "entries2.jsonl", "json.py", ".hidden", "a b"))).write_text("x")
    return NOBODY


def remove_file(chance: Random, folder: Path, _: Log) -> None:
    names = ("entries.jsonl", "leaves.bin", "checkpoint", "key.pub", "verify_record.py", "README.txt", "payloads.jsonl")
    name = chance.choice((*names, "manifest.json"))
    (folder / name).unlink()
    return NOBODY


def change_text(chance: Random, folder: Path, log: Log) -> int:
    c, _, _, seq = chance.choice(log.openings)
    path = folder / "payloads.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line.replace(b"0.", b"1.") if c.encode() in line else line for line in lines))
    return seq


# What can be re-listed in the manifest is, half of the time: the manifest alone proves nothing.
IN_ENTRIES: tuple[Tampering, ...] = (flip, edit, delete, insert, swap, truncate, rechain, change_text)
BESIDE: tuple[Tampering, ...] = (rechain_with_leaves, fork, bend_file(("checkpoint", "leaves.bin")))
UNLISTED: tuple[Tampering, ...] = (
    manifest,
    add_file,
    remove_file,
    bend_file(("README.txt", "verify_record.py", "key.pub", "manifest.json")),
)
TEXTS = bend_file(("payloads.jsonl",))  # may name the entry whose text it is


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Log]]:
    place = tmp_path_factory.mktemp("exports")
    logs = [honest(SEED + number, SIZE) for number in range(12)]
    return [(write_export(place / str(number), log), log) for number, log in enumerate(logs)]


def test_every_tampering_is_found_and_the_right_entry_named(exports: list[tuple[Path, Log]]) -> None:
    chance, done = Random(SEED), Counter[str]()
    for number in range(ROUNDS):
        folder, log = exports[number % len(exports)]
        tamper = chance.choice((*IN_ENTRIES, *IN_ENTRIES, *BESIDE, *UNLISTED, TEXTS))
        with undone(folder):
            seq = tamper(chance, folder, log)
            if tamper not in (*UNLISTED, TEXTS) and chance.random() < 0.5:
                write_manifest(folder)
            findings = look(folder)
        case = f"round {number}, seed {SEED}: {tamper.__name__}, expected {seq}, found {findings}"
        assert findings, case
        if tamper in IN_ENTRIES:
            assert findings[0][1] == seq, case
        elif tamper is not TEXTS:
            assert {bad for _, bad in findings} == {None}, case
        done[tamper.__name__] += 1
    assert sum(done.values()) == ROUNDS
    assert len(done) == len({tamper.__name__ for tamper in (*IN_ENTRIES, *BESIDE, *UNLISTED)})
    for folder, _ in exports:
        assert look(folder) == []  # the folders are whole again: it was the tampering that was found


def test_a_fork_by_the_signer_himself_is_found_by_any_older_checkpoint_behind_it(tmp_path: Path) -> None:
    chance = Random(SEED)
    for number in range(40):
        log = honest(number, SIZE)
        forged = rewritten(chance, log)
        changed = next(seq for seq in range(SIZE) if forged.lines[seq] != log.lines[seq])
        folder = write_export(tmp_path / str(number), forged)
        size = chance.randrange(SIZE + 1)
        findings = look(folder, paper_line(log.checkpoint(size)))
        assert findings == ([("old_checkpoint_contradicted", None)] if size > changed else [])


def test_two_hundred_honest_records_raise_no_alarm(tmp_path: Path) -> None:
    chance = Random(SEED)
    for number in range(200):
        log = honest(number, chance.randrange(60), incidents=chance.randrange(1, 6))
        folder = write_export(tmp_path / str(number), log)
        old = paper_line(log.checkpoint(chance.randrange(len(log.lines) + 1)))
        assert look(folder, old) == []
