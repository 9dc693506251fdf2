"""The folder of checkpoints: the signer writes it, everybody else reads it. Nothing in it is secret.

`latest.note` is the newest signed checkpoint; `SIZE.note` are those that were kept; `key.pub` holds the keys that sign
now, one a line; `keys.jsonl` says which keys signed from which size on, and why they changed; `status.json` is how the
signer found the record. Whoever wants a checkpoint now leaves an order in the data folder (`run/checkpoint.wanted`).
"""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from csirt.errors import Invalid, Untrusted
from csirt.record.checkpoint import open_note, parse_verifier_key
from csirt.record.verify_record import LOG, Checkpoint, VerifierKey
from csirt.settings import Settings

LATEST, KEYS, HISTORY, STATUS, LAST_OF_EPOCH = (
    "latest.note",
    "key.pub",
    "keys.jsonl",
    "status.json",
    "epoch-{}-last.note",
)
CONSENT = "epoch.allowed"  # in the signer's own folder: somebody who may write there lets a new epoch begin
PUBLIC_FILE, PUBLIC_FOLDER = 0o644, 0o755


def write_durably(path: Path, content: bytes, mode: int) -> None:
    """Replace a file whole: what stands under its name is the old content or the new, also after a power cut."""
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@dataclass(frozen=True, slots=True)
class SignerStatus:
    """How the signer found the record last. Instants are ISO 8601 in UTC, empty: never.

    `code` and `seq` say why it refuses to sign; `differs` names rows of cases that contradict the record.
    """

    at: str
    size: int = 0
    epoch: int = 1
    signed_at: str = ""
    checked_at: str = ""
    code: str = ""
    seq: int | None = None
    where: str = ""
    differs: tuple[str, ...] = ()
    witnessed: dict[str, str] = field(default_factory=dict)  # witness -> when it cosigned last

    def when(self, name: str) -> datetime | None:
        """One of the instants."""
        text = getattr(self, name)
        return datetime.fromisoformat(text) if text else None


@dataclass(frozen=True)
class Checkpoints:
    """One such folder. `orders` is the file by which a checkpoint is asked for."""

    folder: Path
    orders: Path

    # ------------------------------------------------------------------------------------------------------- read

    def latest(self) -> bytes | None:
        """The newest signed note."""
        path = self.folder / LATEST
        return path.read_bytes() if path.exists() else None

    def signed_by(self) -> list[VerifierKey]:
        """The keys that sign now, the log's own first. Raises `Invalid` where the file is damaged."""
        path = self.folder / KEYS
        return [parse_verifier_key(line) for line in path.read_text("ascii").splitlines()] if path.exists() else []

    def key(self) -> VerifierKey | None:
        """The log's own key."""
        return next((key for key in self.signed_by() if key.kind == LOG), None)

    def head(self) -> Checkpoint | None:
        """What the newest note says. Raises `Untrusted` where it is not signed by the key beside it."""
        note, key = self.latest(), self.key()
        return open_note(note, key) if note is not None and key is not None else None

    def history(self) -> list[dict[str, Any]]:
        """Which keys signed from which size on."""
        path = self.folder / HISTORY
        return [json.loads(line) for line in path.read_text("ascii").splitlines()] if path.exists() else []

    def handovers(self) -> list[tuple[bytes, str]]:
        """The checkpoint that both keys signed, and the new key, for each change of the key in this epoch."""
        rows = [row for row in self.history() if row["why"] == "renewed"]
        notes = ((self.folder / f"{row['from']:012d}.note", row) for row in rows)
        current = self.key()
        return [
            (path.read_bytes(), row["keys"][0])
            for path, row in notes
            if path.exists() and current is not None and row["keys"][0].startswith(f"{current.name}+")
        ]

    def kept(self) -> list[Checkpoint]:
        """All checkpoints of this epoch that were kept, each signed by a key of its time.

        Raises:
            Invalid: a file is damaged.
            Untrusted: one is signed by no key of ours.
        """
        current = self.key()
        if current is None:
            return []
        keys = [parse_verifier_key(line) for one in self.history() for line in one["keys"]]
        ours = [key for key in (*keys, current) if key.kind == LOG and key.name == current.name]
        paths = (path for path in self.folder.glob("*.note") if path.stem.isdigit() or path.name == LATEST)
        opened = (_open_by_any(path.read_bytes(), ours) for path in sorted(paths))
        return [one for one in opened if one is not None]

    def notes(self) -> list[bytes]:
        """Every signed note that lies here, whoever signed it."""
        return [path.read_bytes() for path in sorted(self.folder.glob("*.note"))]

    def note_of(self, size: int) -> bytes | None:
        """The note over so many entries, if it was kept or is the newest."""
        path = self.folder / f"{size:012d}.note"
        if path.exists():
            return path.read_bytes()
        head = self.head()
        return self.latest() if head is not None and head.size == size else None

    def status(self) -> SignerStatus | None:
        """How the signer found the record; None where none ever ran."""
        try:
            found = json.loads((self.folder / STATUS).read_bytes())
            return SignerStatus(**{**found, "differs": tuple(found["differs"])})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise Invalid("checkpoint_malformed") from error

    def order(self) -> None:
        """Ask the signer for a checkpoint now."""
        self.orders.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.orders.touch()
        os.utime(self.orders)

    def ordered_at(self) -> int:
        """When one was ordered last, in nanoseconds; 0 for never."""
        try:
            return self.orders.stat().st_mtime_ns
        except OSError:
            return 0

    def wait_for(self, size: int, seconds: float) -> Checkpoint | None:
        """Order a checkpoint and wait until one covers so many entries; the newest there is, if none comes in time."""
        self.order()
        end = time.monotonic() + seconds
        while True:
            found = self.head()
            if (found is not None and found.size >= size) or time.monotonic() > end:
                return found
            time.sleep(0.05)

    # ------------------------------------------------------------------------------------------------------ write

    def prepare(self) -> None:
        """Make the folder, readable for all."""
        self.folder.mkdir(mode=PUBLIC_FOLDER, parents=True, exist_ok=True)

    def publish(self, note: bytes, size: int, *, keep: bool) -> None:
        """Put the newest note in its place; `keep` also under a name of its own."""
        if keep:
            write_durably(self.folder / f"{size:012d}.note", note, PUBLIC_FILE)
        write_durably(self.folder / LATEST, note, PUBLIC_FILE)

    def publish_keys(self, lines: Sequence[str], *, epoch: int, size: int, why: str) -> None:
        """Say which keys sign from this size on, and why: `first`, `renewed` or `epoch`."""
        row = {"epoch": epoch, "from": size, "keys": list(lines), "why": why}
        before = (self.folder / HISTORY).read_bytes() if (self.folder / HISTORY).exists() else b""
        write_durably(self.folder / HISTORY, before + json.dumps(row).encode() + b"\n", PUBLIC_FILE)
        write_durably(self.folder / KEYS, "".join(f"{line}\n" for line in lines).encode(), PUBLIC_FILE)

    def tell(self, status: SignerStatus) -> None:
        """Say how the record was found."""
        write_durably(self.folder / STATUS, json.dumps(asdict(status)).encode(), PUBLIC_FILE)


def checkpoints_of(settings: Settings) -> Checkpoints:
    """The folder of checkpoints of an installation."""
    return Checkpoints(settings.checkpoints, settings.data / "run" / "checkpoint.wanted")


def _open_by_any(note: bytes, keys: Sequence[VerifierKey]) -> Checkpoint | None:
    """A note by the first key that signed it; None for one of another epoch, whose log had another name."""
    if keys and not note.startswith(f"{keys[0].name}\n".encode()):
        return None
    for key in keys:
        try:
            return open_note(note, key)
        except Untrusted:
            continue
    raise Untrusted("signature_wrong")
