"""Honest records and exports, made from a seed."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from csirt.record import verify_record
from csirt.record.checkpoint import SigningKey, sign, verifier_line
from csirt.record.entry import Commitment, EntryActor, EntryKind, LedgerEntry, Out, canonical, commitment, parse
from csirt.record.export import WHOLE, Part, entry_line, leaf_hash, manifest_bytes, opening_line
from csirt.record.verify_record import Checkpoint, b64, root_from

ORIGIN = "record.example.lg.jp"
START = datetime(2026, 11, 22, 9, 12, 33, 123456, UTC)
KEY = SigningKey.generate(ORIGIN)
KINDS = tuple(EntryKind)
OUTS: tuple[dict[str, Out], ...] = ({}, {"choice": "yes", "late": False}, {"tier": 2, "by": ("mail", "phone")})


@dataclass
class Log:
    """Lines of a record, and the openings (commitment, salt, text, seq) of what they committed to."""

    lines: list[bytes] = field(default_factory=list)
    openings: list[tuple[str, bytes, str, int]] = field(default_factory=list)
    last: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def leaves(self) -> list[bytes]:
        return [leaf_hash(line) for line in self.lines]

    @property
    def rows(self) -> list[tuple[int, bytes]]:
        return list(enumerate(self.lines))

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        leaves = self.leaves[:size]
        return Checkpoint(ORIGIN, len(leaves), root_from(leaves))

    def append(self, entry: LedgerEntry) -> None:
        """Add an entry; its numbers and link are set here."""
        number, link = self.last.get(entry.inc or "", (-1, None))
        if entry.inc:
            entry = replace(entry, inc_seq=number + 1, inc_prev=link)
        line = canonical(replace(entry, seq=len(self.lines)))
        if entry.inc:
            self.last[entry.inc] = (number + 1, b64(leaf_hash(line)).decode())
        self.lines.append(line)


def honest(seed: int, size: int, incidents: int = 3) -> Log:
    """A record of `size` entries, about some incidents and about none."""
    chance, log = Random(seed), Log()
    for seq in range(size):
        salt, text = chance.randbytes(16), f"{chance.choice(('端末', '職員', 'log'))} {chance.random()}"
        pay: tuple[Commitment, ...] = ()
        if chance.random() < 0.4:
            pay = (Commitment(commitment(salt, text), "personal", "reason"),)
            log.openings.append((pay[0].c, salt, text, seq))
        log.append(
            LedgerEntry(
                seq=seq,
                ts=START + timedelta(seconds=seq, microseconds=chance.randrange(10**6)),
                kind=chance.choice(KINDS),
                actor=EntryActor(f"u-{chance.randrange(99):04d}", "ldap", chance.choice((None, "9f3a"))),
                inc=chance.choice((None, *(f"inc-{number}" for number in range(incidents)))),
                run=chance.choice((None, "run-1")),
                step=chance.choice((None, "is_it_phishing", "isolate[host-1]")),
                cid=f"outbox:{seq}",
                src=chance.choice((None, "web", "worker")),
                out=chance.choice(OUTS),
                pay=pay,
                boot="6c1e",
                mono=chance.randrange(10**12),
            )
        )
    return log


def rechained(lines: Sequence[bytes]) -> list[bytes]:
    """The same entries, numbered and linked anew: what somebody who rewrites history would store."""
    log = Log()
    for line in lines:
        log.append(parse(line))
    return log.lines


def write_manifest(folder: Path, aside: Sequence[str] = (), part: Part = WHOLE) -> None:
    files = {
        path.name: (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.iterdir()
        if path.is_file() and path.name != "manifest.json"
    }
    (folder / "manifest.json").write_bytes(manifest_bytes(files, aside, part))


def write_export(folder: Path, log: Log, key: SigningKey = KEY, extra: Mapping[str, bytes] | None = None) -> Path:
    """A whole export of a log, as the product writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "entries.jsonl").write_bytes(b"".join(map(entry_line, log.lines)))
    (folder / "leaves.bin").write_bytes(b"".join(log.leaves))
    (folder / "checkpoint").write_bytes(sign(log.checkpoint(), key))
    (folder / "key.pub").write_text(verifier_line(key.verifier) + "\n")
    (folder / "payloads.jsonl").write_bytes(b"".join(opening_line(c, salt, text) for c, salt, text, _ in log.openings))
    (folder / "README.txt").write_text("How to verify this record.\n")
    shutil.copy(verify_record.__file__, folder / "verify_record.py")
    for name, data in (extra or {}).items():
        (folder / name).write_bytes(data)
    write_manifest(folder)
    return folder
