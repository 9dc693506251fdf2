"""One entry of the record by itself: what it changed, and the proof that it stands under a signed checkpoint.

State is a projection of the record, so that what was before an entry and what is after it need not be kept anywhere:
folding the entries of its incident up to it gives both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlmodel import col, select

from csirt.errors import NotFound
from csirt.record.entry import LedgerEntry
from csirt.record.proof import proof_bytes
from csirt.record.tree import Tree, leaf_hash, verify_inclusion
from csirt.record.verify_record import Checkpoint
from csirt.response.projection import Projection
from csirt.store.queries.timeline import TimelineEntry, parsed, read_entries
from csirt.store.sight import UNHIDDEN
from csirt.store.tables.record import LedgerRow
from csirt.store.tx import Look

Subtrees = dict[tuple[int, int], bytes]
"""Hashes of large subtrees, kept from one proof to the next: entries never change, and a proof is checked anyway."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value of the case that an entry changed; `before` is None where there was none."""

    table: str
    key: tuple[Any, ...]
    column: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """All that the record says by one entry. `texts` opens the commitments that stand among the changes."""

    entry: TimelineEntry
    sealed: LedgerEntry
    raw: bytes
    changes: tuple[Change, ...]
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry under a checkpoint. `holds` is what checking the proof found, not what was hoped for."""

    seq: int
    head: Checkpoint
    path: tuple[bytes, ...]
    holds: bool
    file: bytes


def detail(look: Look, seq: int) -> EntryDetail:
    """One entry, with what it changed.

    Raises:
        NotFound: `entry_unknown`, also where it is of a case that is hidden from who asks.
        LedgerBroken: `record_broken`: the row is no entry of ours.
    """
    row = look.session.exec(select(LedgerRow).where(LedgerRow.seq == seq)).first()
    if row is None:
        raise NotFound("entry_unknown", seq=seq)
    (entry,), sealed = read_entries(look, [row]), parsed(row)
    changes = _changes(look, sealed.inc, seq) if sealed.inc else ()
    wanted = {str(one) for change in changes if change.column.endswith("_c") for one in (change.before, change.after)}
    texts = look.vault.texts(look.session, sorted(wanted - {"None"}))
    return EntryDetail(entry, sealed, bytes(row.canonical), changes, texts)


def _changes(look: Look, incident: str, seq: int) -> tuple[Change, ...]:
    query = select(LedgerRow.canonical).where(LedgerRow.inc == incident, col(LedgerRow.seq) <= seq)
    *earlier, last = look.session.exec(query.order_by(col(LedgerRow.seq))).all()
    fold = Projection()
    for raw in earlier:
        fold.apply(orjson.loads(raw))
    before = {(name, key): dict(row.values) for name, rows in fold.tables.items() for key, row in rows.items()}
    fold.apply(orjson.loads(last))
    return tuple(
        Change(name, key, column, before.get((name, key), {}).get(column), value)
        for name, rows in fold.tables.items()
        for key, row in rows.items()
        if row.seq == seq
        for column, value in row.values.items()
        if before.get((name, key), {}).get(column) != value
    )


def prove(look: Look, seq: int, raw: bytes, head: Checkpoint, note: bytes, known: Subtrees | None = None) -> Proof:
    """The proof that an entry stands under a checkpoint, and whether it does. Raises `Invalid` `proof_out_of_range`."""

    def leaves(start: int, end: int) -> Iterable[bytes]:
        query = select(LedgerRow.leaf, LedgerRow.seq).where(col(LedgerRow.seq) >= start, col(LedgerRow.seq) < end)
        rows = look.session.exec(query.order_by(col(LedgerRow.seq)).execution_options(**UNHIDDEN))
        return [_hashed(look, at) if leaf is None else bytes(leaf) for leaf, at in rows]

    try:
        path = tuple(Tree(leaves, {} if known is None else known).inclusion(seq, head.size))
    except TypeError:  # a tampered row may hold any type
        path = ()
    holds = verify_inclusion(leaf_hash(raw), seq, head.size, list(path), head.root)
    return Proof(seq, head, path, holds, proof_bytes(raw, seq, path, note))


def _hashed(look: Look, seq: int) -> bytes:
    """The leaf hash of an entry from before leaf hashes were kept."""
    query = select(LedgerRow.canonical).where(LedgerRow.seq == seq).execution_options(**UNHIDDEN)
    return leaf_hash(look.session.exec(query).one())
