"""The tree against the reference vectors of Certificate Transparency, exhaustively for small sizes, and by chance."""

import hashlib
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csirt.errors import Invalid, LedgerBroken
from csirt.record.tree import Frontier, Tree, leaf_hash, node_hash, root_from, verify_consistency, verify_inclusion

# The test data of RFC 6962 (Certificate Transparency's merkletree tests): eight leaves and the root after each.
LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
EXHAUSTIVE = 48


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


def tree_of(leaves: list[bytes]) -> Tree:
    return Tree(lambda start, end: leaves[start:end])


def definition(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(definition(leaves[:split]), definition(leaves[split:]))


def test_reference_roots() -> None:
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]
    frontier = Frontier()
    assert frontier.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for size, root in enumerate(ROOTS, 1):
        frontier = frontier.append(leaves[size - 1])
        assert frontier.root().hex() == root
        assert tree_of(leaves).root(size).hex() == root
        assert root_from(leaves[:size]).hex() == root


@settings(deadline=None)
@given(st.integers(0, 700), st.data())
def test_edge_root_and_definition_agree_and_the_edge_goes_on_after_storing(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    cut = data.draw(st.integers(0, size))
    stored = Frontier().extend(leaves[:cut]).to_bytes()
    assert len(stored) <= 8 + 64 * 32
    frontier = Frontier.from_bytes(stored).extend(leaves[cut:])
    assert (frontier.size, frontier.root()) == (size, definition(leaves))
    assert tree_of(leaves).root(size) == definition(leaves)


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\0" * 9, b"\0" * 7 + b"\1", b"\0" * 7 + b"\3" + b"x" * 32])
def test_a_broken_edge_is_refused(data: bytes) -> None:
    with pytest.raises(LedgerBroken):
        Frontier.from_bytes(data)


def bent(proof: list[bytes]) -> Iterable[list[bytes]]:
    """A proof, tampered with in every way that is cheap to list."""
    yield [*proof, b"\0" * 32]
    yield [b"\0" * 32, *proof]
    yield [*proof, b"short"]
    for place, one in enumerate(proof):
        yield proof[:place] + proof[place + 1 :]
        yield [*proof[:place], bytes([one[0] ^ 1]) + one[1:], *proof[place + 1 :]]


def test_every_inclusion_proof_of_small_trees() -> None:
    leaves = leaves_of(EXHAUSTIVE)
    tree = tree_of(leaves)
    for size in range(1, EXHAUSTIVE + 1):
        root = tree.root(size)
        for index in range(size):
            proof = tree.inclusion(index, size)
            assert verify_inclusion(leaves[index], index, size, proof, root)
            assert not verify_inclusion(leaves[index], index ^ 1, size, proof, root)
            assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, root)
            assert not any(verify_inclusion(leaves[index], index, size, bad, root) for bad in bent(proof))


def test_every_consistency_proof_of_small_trees() -> None:
    tree = tree_of(leaves_of(EXHAUSTIVE))
    for size in range(1, EXHAUSTIVE + 1):
        root = tree.root(size)
        for old in range(1, size + 1):
            proof, before = tree.consistency(old, size), tree.root(old)
            assert verify_consistency(old, size, proof, before, root)
            assert not verify_consistency(old, size, proof, leaf_hash(b"other"), root)
            assert not verify_consistency(old, size, proof, before, leaf_hash(b"other"))
            assert not any(verify_consistency(old, size, bad, before, root) for bad in bent(proof))


@settings(deadline=None)
@given(st.integers(1, 3000), st.data())
def test_proofs_of_larger_trees(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    tree = tree_of(leaves)
    root, index, old = definition(leaves), data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert verify_inclusion(leaves[index], index, size, tree.inclusion(index, size), root)
    assert verify_consistency(old, size, tree.consistency(old, size), definition(leaves[:old]), root)


@settings(deadline=None)
@given(st.integers(-2, 99), st.integers(-2, 99), st.lists(st.binary(max_size=40), max_size=9), st.binary(max_size=33))
def test_hostile_proofs_never_raise_and_never_pass(index: int, size: int, proof: list[bytes], root: bytes) -> None:
    assert not verify_inclusion(leaf_hash(b"leaf"), index, size, proof, root)
    if index != size:
        assert not verify_consistency(index, size, proof, leaf_hash(b"old"), root)


def test_proofs_outside_of_the_tree_are_refused() -> None:
    tree = tree_of(leaves_of(4))
    for index, size in ((4, 4), (-1, 4), (0, 0)):
        with pytest.raises(Invalid):
            tree.inclusion(index, size)
    for old, size in ((0, 4), (5, 4), (-1, 4)):
        with pytest.raises(Invalid):
            tree.consistency(old, size)


def test_a_proof_reads_few_leaves_once_the_tree_is_known() -> None:
    leaves, asked = leaves_of(20_000), 0

    def counting(start: int, end: int) -> list[bytes]:
        nonlocal asked
        asked += end - start
        return leaves[start:end]

    tree = Tree(counting)
    tree.root(20_000)
    asked = 0
    tree.inclusion(12_345, 20_000)
    tree.consistency(9_999, 20_000)
    assert asked < 1500
    asked = 0
    tree.inclusion(0, 1024)
    assert asked == 255  # within the leaf's own 256; the larger subtrees beside it are remembered
