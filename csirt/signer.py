"""The signer: a process of its own that checks the record as it is stored, and signs its head.

It only reads the database, holds its own key and its own memory of what it last signed in a folder of its own, and
refuses loudly where the record no longer continues that. So neither who writes to the database nor who runs code in
the web process can have a rewritten past signed. It opens no texts: the vault's key is not among what it needs.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from csirt.checkpoints import CONSENT, LAST_OF_EPOCH, PUBLIC_FILE, Checkpoints, SignerStatus, write_durably
from csirt.clock import Clock
from csirt.era import jst_date
from csirt.errors import Conflict, CsirtError, Invalid
from csirt.logs import log
from csirt.record.checkpoint import HAS_QUANTUM, SigningKey, sign, verifier_line
from csirt.record.entry import EntryKind
from csirt.record.tree import Frontier, Tree, leaf_hash
from csirt.record.verify_record import LOG, QUANTUM, Bad, Checkpoint, Walk, b64, check_entries, root_of
from csirt.response.projection import Projection
from csirt.response.stored import IncidentEnds, StoredRow, as_bytes, columns_fit, row_query
from csirt.store.database import engine_for
from csirt.submitting import Submitter

KEY, NEXT_KEY, STATE = "signing.key", "next.key", "state.json"
MOST_SECONDS, MOST_ENTRIES = 60.0, 1000  # between two checkpoints
FULL_SECONDS = 3600.0  # between two walks over everything
LOOK_SECONDS, ORDER_SECONDS = 1.0, 0.25
SHOWN_DIFFERENCES = 20


@dataclass(frozen=True, slots=True)
class SignerState:
    """What was signed last: never signed against."""

    epoch: int = 1
    size: int = 0
    root: str = b64(root_of(())).decode()
    signed_at: str = ""


@dataclass
class _Seen:
    """What the walk over the record has come to."""

    walk: Walk = field(default_factory=Walk)
    ends: IncidentEnds = field(default_factory=IncidentEnds)
    projection: Projection = field(default_factory=Projection)
    announced: set[str] = field(default_factory=set)  # keys that the record names
    epochs: set[tuple[int, str]] = field(default_factory=set)  # size and root that an epoch's first entry quotes

    def rows(self, connection: Connection) -> Iterator[tuple[int, bytes]]:
        """The rows from where the walk stands; what stands behind `yield` knows that the entry fits."""
        dialect = connection.dialect.name
        query = text(row_query(dialect, after=True)).execution_options(yield_per=1000)
        with connection.execute(query, {"start": self.walk.size}) as found:
            for row in map(StoredRow.of, found):
                self._leaf = row.leaf
                yield row.seq, row.canonical
                if not columns_fit(row, dialect):
                    raise Bad("column_differs", row.seq)
                self._note(row)

    def leaves(self) -> Iterator[bytes]:
        """The leaf hash that stands beside the row just given."""
        while True:
            yield self._leaf

    def _note(self, row: StoredRow) -> None:
        self.ends.note(row)
        self.projection.apply(row.fields)
        out = row.fields.get("out", {})
        if row.fields["kind"] == EntryKind.SIGNING_KEY_ANNOUNCED:
            self.announced.add(out["key"])
        elif row.fields["kind"] == EntryKind.EPOCH_BEGAN:
            self.epochs.add((out["size"], out["root"]))


class Signer:
    """Checks and signs. One at a time for each folder."""

    def __init__(self, folder: Path, published: Checkpoints, engine: Engine, clock: Clock, origin: str) -> None:
        """`folder` is its own, mode 0700; `origin` names the log where it has no key yet.

        Raises:
            Conflict: another signer works in this folder.
            Invalid: its key or its memory is damaged.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.fdopen(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise Conflict("signer_running") from error
        self.folder, self.published, self._engine, self._clock = folder, published, engine, clock
        self._seen: _Seen | None = None
        self._full_at = ""
        self._is_new_here = False  # without key and memory, though somebody signed here before
        self.note = b""  # the newest, without cosignatures
        self._witnessed: dict[str, str] = {}
        try:
            published.prepare()
            self.state = _read_state(folder / STATE)
            self.keys = self._read_keys(origin)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another one work here."""
        self._engine.dispose()
        self._lock.close()

    # -------------------------------------------------------------------------------------------------------- keys

    def _read_keys(self, origin: str) -> list[SigningKey]:
        path = self.folder / KEY
        if path.exists():
            keys = [SigningKey.parse(line) for line in path.read_text("ascii").splitlines()]
            if self.published.key() is None:  # it was ended between making its keys and publishing them
                self._publish_keys(keys, "first")
            return keys
        if self.state.size:
            raise Invalid("signing_key_missing")  # what was signed cannot be continued by another key unannounced
        if (last := self.published.head()) is not None:
            return self._without_memory(last)
        keys = make_keys(origin)
        self._write_keys(KEY, keys)
        self._publish_keys(keys, "first")
        return keys

    def _without_memory(self, last: Checkpoint) -> list[SigningKey]:
        """Keys for a signer that finds another's checkpoints, as in a restored folder: only an epoch leads on."""
        self._is_new_here = True
        epoch = max((row["epoch"] for row in self.published.history()), default=1)
        self.state = SignerState(epoch=epoch, size=last.size, root=b64(last.root).decode())
        return make_keys(last.origin)

    def _write_keys(self, name: str, keys: list[SigningKey]) -> None:
        write_durably(self.folder / name, "".join(f"{key.to_line()}\n" for key in keys).encode(), 0o600)

    def _publish_keys(self, keys: list[SigningKey], why: str) -> None:
        lines = [verifier_line(key.verifier) for key in keys]
        self.published.publish_keys(lines, epoch=self.state.epoch, size=self.state.size, why=why)

    def _next_keys(self, seen: _Seen) -> list[SigningKey]:
        """The keys that are to take over, once the record names them."""
        path = self.folder / NEXT_KEY
        keys = [SigningKey.parse(line) for line in path.read_text("ascii").splitlines()] if path.exists() else []
        announced = any(key.kind == LOG and verifier_line(key.verifier) in seen.announced for key in keys)
        return keys if announced else []

    # ------------------------------------------------------------------------------------------------------- check

    def round(self, *, full: bool = False) -> Checkpoint | None:
        """Check what is new, or everything, and sign; None where it refuses. Raises SQLAlchemyError."""
        try:
            with self._engine.connect() as connection:
                seen = self._checked(connection, full=full or self._seen is None)
                differs = [
                    f"{one.table}:{one.key}:{one.column}".rstrip(":") for one in seen.projection.differences(connection)
                ]
        except Bad as bad:
            self._seen = None
            log().error("signer.refused", code=bad.code, seq=bad.seq)
            self._tell(code=bad.code, seq=bad.seq, where=bad.where)
            return None
        if differs:
            log().error("signer.state_differs", rows=differs[:SHOWN_DIFFERENCES])
        self._seen = seen
        head = self._sign(seen)
        self._tell(differs=tuple(sorted(differs)[:SHOWN_DIFFERENCES]))
        return head

    def _checked(self, connection: Connection, *, full: bool) -> _Seen:
        if not full and self._seen is not None:
            try:
                return self._walked(connection, self._seen)
            except Bad:  # only a walk over everything can name the first bad entry
                log().warning("signer.looks_at_everything")
        seen = self._walked(connection, _Seen())
        self._full_at = self._clock.now().isoformat()
        return seen

    def _walked(self, connection: Connection, seen: _Seen) -> _Seen:
        """Go on from where a walk stands. Raises `Bad`."""
        began = seen.walk.size
        size, root = _head_of(connection)
        signed = Checkpoint("", self.state.size, b"")
        result = check_entries(seen.rows(connection), leaves=seen.leaves(), at={signed.size}, walk=seen.walk)
        if result.why:
            raise Bad(result.why, result.first_bad)
        if result.size != size:
            raise Bad("entry_missing" if result.size < size else "entry_beyond_head", min(result.size, size))
        if result.root != root:
            raise Bad("root_wrong")
        if began <= signed.size:
            self._continue(seen, result.size, result.roots.get(signed.size))
        for bad in seen.ends.check(connection):
            raise bad
        return seen

    def _continue(self, seen: _Seen, size: int, root: bytes | None) -> None:
        """Does the record continue what was signed last? Else a new epoch, if the signer's own folder allows it."""
        if not self._is_new_here and root is not None and b64(root).decode() == self.state.root:
            return
        consent = self.folder / CONSENT
        if (self.state.size, self.state.root) in seen.epochs and consent.exists():
            self._begin_epoch(consent)
            return
        if self._is_new_here:
            raise Bad("signer_memory_lost", min(size, self.state.size))
        raise Bad("rolled_back" if size < self.state.size else "history_changed", min(size, self.state.size))

    def _begin_epoch(self, consent: Path) -> None:
        """The log goes on under another name, so that nobody takes it for the one before."""
        ended = self.state
        if (note := self.published.latest()) is not None:
            write_durably(self.published.folder / LAST_OF_EPOCH.format(ended.epoch), note, PUBLIC_FILE)
        epoch = ended.epoch + 1
        base = self.keys[0].name.partition("/epoch-")[0]
        self.keys = [key.renamed(f"{base}/epoch-{epoch}") for key in self.keys]
        self.state = SignerState(epoch=epoch)
        self._write_keys(KEY, self.keys)
        self._publish_keys(self.keys, "epoch")
        self._write_state()  # last: whoever is ended before it begins the same epoch again
        consent.unlink(missing_ok=True)
        self._is_new_here = False
        log().error("signer.epoch_began", epoch=epoch, last_size=ended.size)

    # -------------------------------------------------------------------------------------------------------- sign

    def _sign(self, seen: _Seen) -> Checkpoint:
        """Remember first, then publish: what was published once is never contradicted, whatever ends this process."""
        now = self._clock.now()
        before = self.state.signed_at
        head = Checkpoint(self.keys[0].name, seen.walk.size, root_of(seen.walk.edge))
        self.state = replace(self.state, size=head.size, root=b64(head.root).decode(), signed_at=now.isoformat())
        self._write_state()
        taking_over = self._next_keys(seen)
        note = sign(head, *self.keys, *taking_over, at=int(now.timestamp()))
        self.note = note
        first_today = not before or jst_date(datetime.fromisoformat(before)) != jst_date(now)
        self.published.publish(note, head.size, keep=first_today or bool(taking_over))
        if taking_over:
            self._take_over(taking_over)
        return head

    def _take_over(self, keys: list[SigningKey]) -> None:
        self._publish_keys(keys, "renewed")  # first: whoever is ended behind it signs with both once more
        self._write_keys(KEY, keys)
        self.keys = keys
        (self.folder / NEXT_KEY).unlink()
        log().warning("signer.key_renewed", id=keys[0].verifier.id.hex())

    def _write_state(self) -> None:
        write_durably(self.folder / STATE, json.dumps(asdict(self.state)).encode(), 0o600)

    def _tell(self, code: str = "", seq: int | None = None, where: str = "", differs: tuple[str, ...] = ()) -> None:
        self.published.tell(
            SignerStatus(
                at=self._clock.now().isoformat(), size=self.state.size, epoch=self.state.epoch,
                signed_at=self.state.signed_at, checked_at=self._full_at, code=code, seq=seq, where=where,
                differs=differs, witnessed=dict(self._witnessed),
            )
        )  # fmt: skip

    def witness(self, submitters: Sequence[Submitter]) -> None:
        """Have the newest checkpoint cosigned, and publish it with what came back. Raises SQLAlchemyError."""
        head = self.published.head()
        if not self.note or head is None:
            return
        lines = {one.key.name: one.submit(self.note, head, self._proof) for one in submitters}
        now = self._clock.now().isoformat()
        self._witnessed |= {name: now for name, line in lines.items() if line}
        if any(lines.values()):
            self.published.publish(self.note + b"".join(filter(None, lines.values())), head.size, keep=False)
        status = self.published.status()
        if status is not None:
            self.published.tell(replace(status, witnessed=dict(self._witnessed)))

    def _proof(self, old: int, size: int) -> list[bytes]:
        query = text("SELECT canonical FROM ledger_entry WHERE seq >= :start AND seq < :end ORDER BY seq")
        with self._engine.connect() as connection:

            def leaves(start: int, end: int) -> list[bytes]:
                rows = connection.execute(query, {"start": start, "end": end})
                return [leaf_hash(bytes(row[0])) for row in rows]

            return Tree(leaves).consistency(old, size)

    def waiting(self) -> int:
        """How many entries are not signed yet. Raises SQLAlchemyError."""
        with self._engine.connect() as connection:
            size = connection.execute(text("SELECT size FROM ledger_head")).scalar()
        return int(size or 0) - self.state.size


def _head_of(connection: Connection) -> tuple[int, bytes]:
    rows = connection.execute(text("SELECT size, frontier FROM ledger_head")).all()
    try:
        ((size, raw),) = rows
        frontier = Frontier.from_bytes(as_bytes(raw))
    except (CsirtError, ValueError):
        raise Bad("head_malformed") from None
    if frontier.size != size:
        raise Bad("head_malformed")
    return frontier.size, frontier.root()


def _read_state(path: Path) -> SignerState:
    try:
        return SignerState(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return SignerState()
    except (ValueError, TypeError) as error:
        raise Invalid("signer_state_malformed") from error


def make_keys(name: str) -> list[SigningKey]:
    """A new Ed25519 key and, where the library offers it, an ML-DSA-44 key of the same name."""
    return [SigningKey.generate(name, kind) for kind in ((LOG, QUANTUM) if HAS_QUANTUM else (LOG,))]


def reading_engine(url: str) -> Engine:
    """An engine that only reads, each time one consistent state."""
    if url.startswith("sqlite"):
        return engine_for(url, read_only=True)
    return engine_for(url).execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@dataclass
class SignerLoop:
    """Signs each minute, after each thousand entries, and when it is asked, until it is stopped; then a last time."""

    signer: Signer
    witnesses: Sequence[Submitter] = ()
    stop: threading.Event = field(default_factory=threading.Event)
    _signed_at: float = -MOST_SECONDS
    _full_at: float = 0.0
    looked_at: float = 0.0
    _ordered: int = 0

    def run(self) -> None:
        """Until `stop` is set."""
        self._full_at = time.monotonic()
        while not self.stop.is_set():
            self.outlive(self.look)
            self.stop.wait(ORDER_SECONDS)
        self.outlive(self.signer.round)
        if self.witnesses:
            self.outlive(lambda: self.signer.witness(self.witnesses))

    def look(self) -> None:
        """Sign if it is time. Raises SQLAlchemyError, OSError."""
        now, ordered = time.monotonic(), self.signer.published.ordered_at()
        full = now - self._full_at >= FULL_SECONDS
        due = full or ordered > self._ordered or now - self._signed_at >= MOST_SECONDS
        if not due and now - self.looked_at >= LOOK_SECONDS:
            self.looked_at = now
            due = self.signer.waiting() >= MOST_ENTRIES
        if due:
            self._signed_at, self._ordered = now, ordered
            self._full_at = now if full else self._full_at
            if self.signer.round(full=full) is not None and self.witnesses:
                self.signer.witness(self.witnesses)

    def outlive(self, act: Callable[[], object]) -> None:
        """The loop outlives a database that does not answer and a disk that is full."""
        try:
            act()
        except (SQLAlchemyError, OSError) as error:
            log().error("signer.broke", error=type(error).__name__)
            self._signed_at = time.monotonic() - MOST_SECONDS + LOOK_SECONDS


@contextmanager
def signing(folder: Path, published: Checkpoints, url: str, clock: Clock, origin: str) -> Iterator[Signer]:
    """A signer for as long as the block lasts."""
    signer = Signer(folder, published, reading_engine(url), clock, origin)
    try:
        yield signer
    finally:
        signer.close()
