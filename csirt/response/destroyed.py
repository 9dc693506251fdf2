"""Keys that are gone, against the record: each must have been destroyed by an erasure, and by nothing else.

A text whose key is gone cannot be checked any more. So whoever wants a text unreadable would only have to destroy its
key, were it not that the record names every key that an erasure destroyed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlmodel import Session, col, select

from csirt.record.entry import EntryKind
from csirt.record.verify_record import Bad
from csirt.store.tables.record import LedgerRow, VaultKeyRow

# An erasure here; or, at a restore, one that came after the backup, whose keys were destroyed in its folder of keys.
_NAMING = frozenset({EntryKind.PERSONAL_DATA_ERASED, EntryKind.DESK_RESTORED})


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


def _gone(session: Session) -> set[str]:
    return set(session.exec(select(VaultKeyRow.id).where(col(VaultKeyRow.wrapped).is_(None))))
