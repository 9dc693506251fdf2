"""The tree of RFC 6962: its right edge, for appending; inclusion and consistency proofs, and their verification.

Hashes and the growing of the edge come from `verify_record`, so that nothing is written twice.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from csirt.errors import Invalid, LedgerBroken
from csirt.record.verify_record import grow, leaf_hash, node_hash, root_by_path, root_from, root_of

HASH = 32
LeafRange = Callable[[int, int], Iterable[bytes]]
"""Gives the leaf hashes from a `seq` up to, without, another: a slice of a list, or one query."""

_CACHED_LEVEL = 8  # subtrees of 2^8 leaves and more are kept: a proof then reads some hundred leaves, not all


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: all that is needed to append and to know the root. At most 64 hashes."""

    size: int = 0
    edge: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> "Frontier":
        """The edge with one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> "Frontier":
        """The edge with more leaf hashes."""
        edge, size = list(self.edge), self.size
        for leaf in leaves:
            grow(edge, size, leaf)
            size += 1
        return Frontier(size, tuple(edge))

    def root(self) -> bytes:
        """The root of the tree."""
        return root_of(self.edge)

    def to_bytes(self) -> bytes:
        """Eight bytes of size, then the hashes, largest subtree first."""
        return self.size.to_bytes(8, "big") + b"".join(self.edge)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Frontier":
        """Read `to_bytes()` back. Raises `LedgerBroken` `frontier_malformed`."""
        size = int.from_bytes(data[:8], "big")
        if len(data) != 8 + HASH * size.bit_count():
            raise LedgerBroken("frontier_malformed")
        return cls(size, tuple(data[at : at + HASH] for at in range(8, len(data), HASH)))


def _split(size: int) -> int:
    """The largest power of two below `size` (RFC 6962 §2.1)."""
    return 1 << ((size - 1).bit_length() - 1)


@dataclass(slots=True)
class Tree:
    """A tree that can be asked for proofs. Larger subtrees are remembered, so keep it while its leaves stay."""

    leaves: LeafRange
    _known: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def root(self, size: int) -> bytes:
        """The root over the first `size` leaves."""
        return self._subtree(0, size)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of a leaf in the tree of `size` (RFC 6962 §2.1.1). Raises `Invalid` `proof_out_of_range`."""
        if not 0 <= index < size:
            raise Invalid("proof_out_of_range", index=index, size=size)
        path, start, end = [], 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._subtree(middle, end))
                end = middle
            else:
                path.append(self._subtree(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int, size: int) -> list[bytes]:
        """That the tree of `old` is the beginning of the tree of `size` (§2.1.2). Raises `Invalid`."""
        if not 0 < old <= size:
            raise Invalid("proof_out_of_range", index=old, size=size)
        path, start, end = [], 0, size
        while old < end:
            middle = start + _split(end - start)
            if old <= middle:
                path.append(self._subtree(middle, end))
                end = middle
            else:
                path.append(self._subtree(start, middle))
                start = middle
        if start:  # else the old tree is a perfect subtree, and its root is known to the verifier
            path.append(self._subtree(start, end))
        return path[::-1]

    def _subtree(self, start: int, end: int) -> bytes:
        size = end - start
        if size < 1 << _CACHED_LEVEL:
            return root_from(self.leaves(start, end))
        perfect = size & (size - 1) == 0
        if perfect and (start, end) in self._known:
            return self._known[start, end]
        if size == 1 << _CACHED_LEVEL:
            found = root_from(self.leaves(start, end))
        else:
            middle = start + _split(size)
            found = node_hash(self._subtree(start, middle), self._subtree(middle, end))
        if perfect:
            self._known[start, end] = found
        return found


def _are_hashes(*hashes: bytes) -> bool:
    return all(len(one) == HASH for one in hashes)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """Is the leaf at `index` in the tree of that size and root (RFC 9162 §2.1.3.2)? Never raises on hostile proofs."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    return root_by_path(leaf, index, size, proof) == root


def verify_consistency(old: int, size: int, proof: list[bytes], old_root: bytes, root: bytes) -> bool:
    """Is the old tree the beginning of the new one (RFC 9162 §2.1.4.2)? Never raises on hostile proofs."""
    if not 0 < old <= size or not _are_hashes(old_root, root, *proof):
        return False
    if old == size:
        return not proof and old_root == root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(path) and _replay_consistency(old - 1, size - 1, path) == (old_root, root)


def _replay_consistency(node: int, last: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for other in path[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            old, new = node_hash(other, old), node_hash(other, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, other)
        node, last = node >> 1, last >> 1
    return (old, new) if last == 0 else None


__all__ = [
    "Frontier",
    "LeafRange",
    "Tree",
    "leaf_hash",
    "node_hash",
    "root_from",
    "verify_consistency",
    "verify_inclusion",
]
