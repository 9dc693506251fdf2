"""The tree as C2SP tlog-tiles: files that other tools read, from the leaf hashes and the entries themselves.

A tile holds up to 256 hashes of one level; the last of a level is partial and says so in its name. An entry bundle
holds the same entries as the tile of level 0, each behind its length in two bytes.
"""

from collections.abc import Iterable, Iterator

from csirt.record.verify_record import root_from

TILE = 256


def tile_path(level: int | str, index: int, width: int = TILE) -> str:
    """Where a tile lies: `tile/0/x001/234`, and `.p/WIDTH` behind it if it is partial; level `entries`: a bundle."""
    digits = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        digits = f"x{index % 1000:03d}/{digits}"
    return f"tile/{level}/{digits}" + (f".p/{width}" if width < TILE else "")


def tiles(leaves: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Path and content of each tile of the tree over these leaf hashes, from the lowest level up."""
    level = 0
    hashes = leaves
    while True:
        above: list[bytes] = []
        found = False
        for index, tile in enumerate(_in_tiles(hashes)):
            found = True
            yield tile_path(level, index, len(tile)), b"".join(tile)
            if len(tile) == TILE:
                above.append(root_from(tile))
        if not found or not above:
            return
        level, hashes = level + 1, above


def bundles(entries: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Path and content of each entry bundle."""
    for index, some in enumerate(_in_tiles(entries)):
        content = b"".join(len(entry).to_bytes(2, "big") + entry for entry in some)
        yield tile_path("entries", index, len(some)), content


def _in_tiles(hashes: Iterable[bytes]) -> Iterator[list[bytes]]:
    some: list[bytes] = []
    for one in hashes:
        some.append(one)
        if len(some) == TILE:
            yield some
            some = []
    if some:
        yield some
