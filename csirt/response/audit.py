"""The record before an auditor: is it sound, and what an export of it holds. Only `export` writes, one entry.

What is checked: every entry by itself, its place, its links, its leaf hash; the columns that repeat it; the head that
commits left and the last link of each incident; the tables of cases, rebuilt from the entries; every sealed text that
an entry commits to; that keys which are gone were destroyed by an erasure; checkpoints that were signed earlier.
Somebody who rewrites all of that at once is caught by what lies outside: exports and their checkpoints.
"""

import base64
import re
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from csirt.errors import Forbidden, LedgerBroken, Untrusted
from csirt.guard import mask
from csirt.model.authority import Permission, must
from csirt.record.entry import EntryKind, parse
from csirt.record.export import WHOLE, Part, opening_line
from csirt.record.tree import Frontier, leaf_hash
from csirt.record.verify_record import MAX_OPENING, Bad, Checkpoint, Result, check_entries
from csirt.response.destroyed import Destroyed, erased_lines
from csirt.response.projection import Projection
from csirt.response.stored import IncidentEnds, StoredRow, as_bytes, columns_fit, row_query
from csirt.store.sight import UNHIDDEN, unseen
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.intake import BatchRow, DetectionRow
from csirt.store.tables.record import LedgerRow, VaultKeyRow, VaultPayloadRow
from csirt.store.tx import Look, Tx

_CODE = re.compile(r"[A-Za-z0-9._:/+=#\[\]-]{1,128}").fullmatch
TEXTS_AT_ONCE = 500  # well below the 32,766 parameters that a statement may have

Progress = Callable[[int, int], object]
"""Is told how many of how many entries are read."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What checking found. `root` is base64, over the good entries; `why` a code; `first_bad` the first bad entry.

    `first_bad` is None where nothing can be said of a single entry, as when the head itself is unreadable.
    """

    ok: bool
    size: int
    root: str
    first_bad: int | None = None
    why: str | None = None
    where: str = ""


def verify(
    look: Look, *, checkpoints: Sequence[Checkpoint] = (), progress: Progress | None = None, restoring: bool = False
) -> Verified:
    """Check the whole record as it is stored, however it was tampered with; raises nothing on content.

    `checkpoints` were signed earlier and must still hold. `restoring`: keys that are gone are yet to be named.
    """
    try:
        _stand_still(look)
        head = _head(look)
        walk = _Walk(look, head.size if head else 0, progress)
        with closing(walk.rows()) as rows:
            result = check_entries(rows, leaves=walk.leaves(), at={one.size for one in checkpoints})
        findings = [*walk.findings(), *_of_entries(result)]
        if not result.why:
            findings += (
                _of_head(look, head, result)
                or _of_checkpoints(checkpoints, result)
                or walk.ends.check(look.session)
                or _of_state(look, walk.projection)
                or ([] if restoring else list(walk.destroyed.check(look.session)))
            )
    except SQLAlchemyError:  # a torn file: nothing more can be read
        return Verified(ok=False, size=0, root="", why="database_unreadable")
    root = base64.b64encode(result.root).decode()
    if not findings:
        return Verified(ok=True, size=result.size, root=root)
    first = min(findings, key=lambda bad: (bad.seq is None, bad.seq or 0))
    return Verified(ok=False, size=result.size, root=root, first_bad=first.seq, why=first.code, where=first.where)


def _stand_still(look: Look) -> None:
    """See one state throughout, though others go on writing. SQLite does so by itself."""
    if _dialect(look) == "postgresql":
        look.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _dialect(look: Look) -> str:
    return look.session.get_bind().dialect.name


def _of_entries(result: Result) -> list[Bad]:
    return [Bad(result.why, result.first_bad)] if result.why else []


class _Walk:
    """One pass over all rows; `check_entries` pulls a row, then its leaf hash, and refuses what does not fit.

    What stands behind `yield` therefore knows that the entry is canonical and in its place.
    """

    def __init__(self, look: Look, expected: int, progress: Progress | None) -> None:
        self._look = look
        self._expected = expected
        self._progress = progress
        self._leaf = b""
        self._wanted: list[tuple[int, str]] = []
        self._texts: list[Bad] = []
        self.ends = IncidentEnds()
        self.projection = Projection()
        self.destroyed = Destroyed()

    def rows(self) -> Generator[tuple[int, bytes], None, None]:
        """Place and bytes of each entry, in order."""
        dialect = _dialect(self._look)
        query = text(row_query(dialect)).execution_options(yield_per=1000)
        with self._look.session.execute(query) as found:
            for row in map(StoredRow.of, found):
                self._leaf = row.leaf
                yield row.seq, row.canonical
                if not columns_fit(row, dialect):
                    raise Bad("column_differs", row.seq)
                self._want(row)
                self.destroyed.note(row.seq, row.fields)
                self.ends.note(row)
                self.projection.apply(row.fields)
                if self._progress and (row.seq + 1) % 1000 == 0:
                    self._progress(row.seq + 1, self._expected)

    def leaves(self) -> Iterator[bytes]:
        """The leaf hash stored beside the row just given, empty for entries from before it was kept."""
        while True:
            yield self._leaf

    def _want(self, row: StoredRow) -> None:
        self._wanted += [(row.seq, one["c"]) for one in row.fields.get("pay", ())]
        if len(self._wanted) >= TEXTS_AT_ONCE:
            self._check_texts()

    def _check_texts(self) -> None:
        if not self._texts and (bad := _first_bad_text(self._look, self._wanted, self.destroyed)):
            self._texts.append(bad)
        self._wanted.clear()

    def findings(self) -> list[Bad]:
        """What is wrong with the sealed texts of the entries that were good."""
        self._check_texts()
        return self._texts


def _first_bad_text(look: Look, wanted: Sequence[tuple[int, str]], destroyed: Destroyed) -> Bad | None:
    """The first commitment whose text is gone without its key, or does not fit; notes whose key is gone, too."""
    query = (
        select(VaultPayloadRow.c, VaultKeyRow.id, col(VaultKeyRow.wrapped).is_(None))
        .join(VaultKeyRow, col(VaultPayloadRow.key) == col(VaultKeyRow.id))
        .where(col(VaultPayloadRow.c).in_([c for _, c in wanted]))
    )
    erased = {c: key if is_gone else "" for c, key, is_gone in look.session.exec(query)}
    for seq, c in wanted:
        if c not in erased:
            return Bad("payload_missing", seq)
        if erased[c]:
            destroyed.found_closed(seq, erased[c])
    kept = [(seq, c) for seq, c in wanted if not erased[c]]
    if _all_open(look, [c for _, c in kept]):
        return None
    return next((Bad("payload_wrong", seq) for seq, c in kept if not _all_open(look, [c])), None)


def _all_open(look: Look, commitments: Sequence[str]) -> bool:
    try:
        return len(look.vault.open_all(look.session, commitments)) == len(set(commitments))
    except (Untrusted, SQLAlchemyError, ValueError, TypeError):  # a tampered row may hold any type and length
        return False


@dataclass(frozen=True, slots=True)
class _Head:
    size: int
    frontier: Frontier


def _head(look: Look) -> _Head | None:
    """The head as stored, or None if it cannot be read."""
    rows = look.session.execute(text("SELECT size, frontier FROM ledger_head")).all()
    try:
        (size, raw), *more = rows
        frontier = Frontier.from_bytes(as_bytes(raw))
    except (LedgerBroken, ValueError):
        return None
    return _Head(size, frontier) if frontier.size == size and not more else None


def _of_head(look: Look, head: _Head | None, result: Result) -> list[Bad]:
    """Good entries against the head: how many, and the hash of each perfect subtree."""
    if head is None:
        return [Bad("head_malformed")]
    if result.size != head.size:
        return [Bad("entry_missing" if result.size < head.size else "entry_beyond_head", min(result.size, head.size))]
    if result.root == head.frontier.root():
        return []
    start, size = 0, head.size
    for kept, found in zip(head.frontier.edge, _edge(look, size), strict=True):
        if kept != found:
            break
        start += 1 << ((size - start).bit_length() - 1)
    return [Bad("root_wrong", start)]  # somewhere from here on; hashes alone say no more


def _edge(look: Look, size: int) -> tuple[bytes, ...]:
    query = select(LedgerRow.canonical).order_by(col(LedgerRow.seq)).limit(size)
    rows = look.session.exec(query.execution_options(yield_per=1000))
    return Frontier().extend(leaf_hash(raw) for raw in rows).edge


def _of_checkpoints(checkpoints: Sequence[Checkpoint], result: Result) -> list[Bad]:
    """The first checkpoint that no longer holds: the change lies behind the last one that does."""
    agreed = 0
    for one in sorted(checkpoints, key=lambda one: one.size):
        if result.roots.get(one.size) != one.root:
            return [Bad("checkpoint_contradicted", min(agreed, result.size))]
        agreed = one.size
    return []


def _of_state(look: Look, projection: Projection) -> list[Bad]:
    """The tables of cases against the record: what was changed behind its back."""
    found = projection.differences(look.session.connection())
    return [Bad(one.code, one.seq, f"{one.table}:{one.key}:{one.column}".rstrip(":")) for one in found]


# ------------------------------------------------------------------------------------------------------------ exports


def export(tx: Tx, part: Part = WHOLE) -> None:
    """Record that the record leaves the house: all of it, one incident, or a stretch of time."""
    must(tx.actor, Permission.EXPORT_RECORD)
    scope = "incident" if part.incident else "period" if part.since else "all"
    times = {name: value for name, value in (("since", part.since), ("until", part.until)) if value}
    tx.record(EntryKind.RECORD_EXPORTED, incident=part.incident or None, out={"scope": scope, **times})


def extract(tx: Tx, form: str, number: int, incident: str = "", filters: Mapping[str, str] | None = None) -> None:
    """Record that so many entries leave the house as a file, and what was looked for, as far as that is codes."""
    must(tx.actor, Permission.EXPORT_RECORD)
    # What was typed as a filter may be anything: only what is a code, and holds no number or secret, is kept.
    codes = {name: text for name, text in (filters or {}).items() if _CODE(text) and mask(text) == text}
    tx.record(
        EntryKind.RECORD_EXPORTED, incident=incident or None,
        out={"scope": "extract", "form": form, "number": number, **codes},
    )  # fmt: skip


def ends_with_export(look: Look, incident: str, size: int) -> bool:
    """Is the last of the first `size` entries the export of this incident?"""
    row = look.session.exec(select(LedgerRow.kind, LedgerRow.inc).where(LedgerRow.seq == size - 1)).first()
    return row is not None and tuple(row) == (EntryKind.RECORD_EXPORTED.value, incident)


def entries(look: Look, size: int, part: Part = WHOLE) -> Iterator[tuple[bytes, bool, bool]]:
    """The first `size` entries, streamed: exact bytes, whether each belongs to the part, whether it is to be withheld.

    Withheld is what is hidden from who asks; its bytes are given so that the tree can be made of all.

    Raises:
        Forbidden: `period_holds_sealed`: in a stretch of time nothing can be withheld.
    """
    first, last = _stretch(look, size, part)
    hidden = unseen(look.session)
    query = select(LedgerRow.seq, LedgerRow.inc, LedgerRow.canonical).where(col(LedgerRow.seq) < size)
    found = query.order_by(col(LedgerRow.seq)).execution_options(yield_per=1000, **UNHIDDEN)
    for seq, inc, raw in look.session.exec(found):
        ours = inc == part.incident if part.incident else first <= seq <= last
        if ours and part.since and inc in hidden:
            raise Forbidden("period_holds_sealed")
        yield raw, ours, inc in hidden


def _stretch(look: Look, size: int, part: Part) -> tuple[int, int]:
    """The first and the last `seq` of a stretch of time, with the entries just outside, which prove its edges."""
    if not part.since:
        return 0, size - 1
    since, until = datetime.fromisoformat(part.since), datetime.fromisoformat(part.until)
    query = select(LedgerRow.seq).where(col(LedgerRow.seq) < size).order_by(col(LedgerRow.seq)).limit(1)
    query = query.execution_options(**UNHIDDEN)
    found = look.session.exec(query.where(LedgerRow.at >= since)).first()
    begins = size if found is None else found
    ends = look.session.exec(query.where(col(LedgerRow.seq) >= begins, LedgerRow.at >= until)).first()
    return max(begins - 1, 0), size - 1 if ends is None else ends


def openings(look: Look, size: int, part: Part = WHOLE) -> Iterator[bytes]:
    """Lines that open the commitments of the first `size` entries, as far as they belong to the part.

    Batches of detections hold the bytes of many cases, so they go along with the whole record only, and those that
    would make a line longer than the verifier takes stay at home, as do those with detections of a hidden case.
    What was erased is left out.

    Raises:
        Untrusted: a stored text does not fit its commitment.
    """
    at_home = _batches_of(look, unseen(look.session))
    wanted = (c for c in _texts(look, size, part) if c not in at_home)
    while some := list(islice(wanted, 20)):  # a batch of detections may take megabytes
        opened = look.vault.open_all(look.session, some)
        for c in some:
            if c in opened and len(line := opening_line(c, opened[c].salt, opened[c].text)) < MAX_OPENING:
                yield line


def erasures(look: Look, size: int, part: Part = WHOLE) -> Iterator[bytes]:
    """Lines that say which texts of these entries were erased, and which entry says so."""
    return erased_lines(look.session, size, _texts(look, size, part))


def _texts(look: Look, size: int, part: Part) -> Iterator[str]:
    """The commitments of the entries that are shown."""
    found = (raw for raw, ours, hidden in entries(look, size, part) if ours and not hidden)
    return (one.c for raw in found for one in parse(raw).pay)


def _batches_of(look: Look, hidden: Collection[str]) -> frozenset[str]:
    """The commitments of the batches that brought detections of these incidents in."""
    query = select(BatchRow.sealed_c).join(DetectionRow, col(DetectionRow.batch) == col(BatchRow.id)).distinct()
    query = query.where(col(DetectionRow.incident).in_(hidden)).execution_options(**UNHIDDEN)
    return frozenset(look.session.exec(query)) if hidden else frozenset()


def newest_incidents(look: Look, limit: int) -> list[str]:
    """The ids of the newest incidents, oldest of them first."""
    query = select(IncidentRow.id).order_by(col(IncidentRow.received).desc(), col(IncidentRow.id)).limit(limit)
    return list(look.session.exec(query))[::-1]
