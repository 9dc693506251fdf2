"""Keys that are gone, against the record: each must have been destroyed by an erasure, and by nothing else.

A text whose key is gone cannot be checked any more. So whoever wants a text unreadable would only have to destroy its
key, were it not that the record names every key that an erasure destroyed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson
from sqlmodel import Session, col, select

from csirt.record.entry import EntryKind
from csirt.record.export import erased_line
from csirt.record.verify_record import Bad
from csirt.store.tables.record import LedgerRow, VaultKeyRow, VaultPayloadRow

# An erasure here; or, at a restore, one that came after the backup, whose keys were destroyed in its folder of keys.
_NAMING = frozenset({EntryKind.PERSONAL_DATA_ERASED, EntryKind.DESK_RESTORED})
_AT_ONCE = 500  # below the number of parameters that a statement may have


@dataclass(slots=True)
class Destroyed:
    """What entries say of keys, gathered on a walk over them."""

    named: dict[str, int] = field(default_factory=dict)  # key -> the entry by which it was destroyed
    first: dict[str, int] = field(default_factory=dict)  # key -> the first entry with a text under it
    last: dict[str, int] = field(default_factory=dict)

    def note(self, seq: int, fields: Mapping[str, Any]) -> None:
        """An entry that is sound."""
        if fields["kind"] in _NAMING:
            self.named |= dict.fromkeys(fields.get("out", {}).get("keys", ()), seq)

    def found_closed(self, seq: int, key: str) -> None:
        """This entry has a text whose key is gone."""
        self.first.setdefault(key, seq)
        self.last[key] = max(seq, self.last.get(key, seq))

    def check(self, session: Session) -> Iterator[Bad]:
        """Keys that are gone though no entry says so, or before their text was recorded; and keys that came back."""
        gone = _gone(session)
        for key in sorted(gone - set(self.named)):
            yield Bad("erasure_unrecorded", self.first.get(key), f"vault_key:{key}")
        for key in sorted(gone & set(self.last)):
            if self.last[key] > self.named.get(key, self.last[key]):
                yield Bad("erasure_unrecorded", self.last[key], f"vault_key:{key}")
        kept = set(session.exec(select(VaultKeyRow.id).where(col(VaultKeyRow.wrapped).is_not(None))))
        for key in sorted(kept & set(self.named)):
            yield Bad("erasure_undone", self.named[key], f"vault_key:{key}")


def unnamed(session: Session) -> list[str]:
    """The keys that are gone and that no entry names, as in a backup that is older than an erasure."""
    known = Destroyed()
    query = select(LedgerRow.seq, LedgerRow.canonical).where(col(LedgerRow.kind).in_(sorted(_NAMING)))
    for seq, raw in session.exec(query):
        known.note(seq, orjson.loads(raw))
    return sorted(_gone(session) - set(known.named))


def erased_lines(session: Session, size: int, commitments: Iterable[str]) -> Iterator[bytes]:
    """Lines that say which of these texts were erased, each with the entry that says so, of the first `size`.

    Where no entry says so the line has none, and whoever verifies finds it. An erasure that lies beyond `size` is not
    sealed yet: it shows nothing, and its texts are left out as those are that nobody exports.
    """
    by_key: dict[str, list[str]] = defaultdict(list)
    wanted = iter(commitments)
    while some := list(islice(wanted, _AT_ONCE)):
        query = select(VaultPayloadRow.key, VaultPayloadRow.c).join(
            VaultKeyRow, col(VaultKeyRow.id) == col(VaultPayloadRow.key)
        )
        query = query.where(col(VaultPayloadRow.c).in_(some), col(VaultKeyRow.wrapped).is_(None))
        for key, c in session.exec(query):
            by_key[key].append(c)
    naming = _naming(session) if by_key else {}
    for key, texts in sorted(by_key.items()):
        seq, entry = naming.get(key, (-1, b""))
        for start in range(0, len(texts) if seq < size else 0, _AT_ONCE):
            yield erased_line(key, sorted(texts)[start : start + _AT_ONCE], entry)


def _naming(session: Session) -> dict[str, tuple[int, bytes]]:
    """Destroyed key -> the entry that names it."""
    query = select(LedgerRow.seq, LedgerRow.canonical).where(col(LedgerRow.kind).in_(sorted(_NAMING)))
    rows = [(seq, raw, orjson.loads(raw).get("out", {}).get("keys", ())) for seq, raw in session.exec(query)]
    return {key: (seq, raw) for seq, raw, keys in rows for key in keys}


def _gone(session: Session) -> set[str]:
    return set(session.exec(select(VaultKeyRow.id).where(col(VaultKeyRow.wrapped).is_(None))))
