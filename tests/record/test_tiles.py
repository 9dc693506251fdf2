"""Tiles lie where C2SP tlog-tiles says, and hold what it says. Go's reader judges them, too (`test_go`)."""

import pytest

from csirt.record.tiles import bundles, tile_path, tiles
from csirt.record.verify_record import leaf_hash, root_from


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 999, 256, "tile/0/999"),
        (0, 1000, 256, "tile/0/x001/000"),
        (1, 1234067, 256, "tile/1/x001/x234/067"),
        (0, 273, 8, "tile/0/273.p/8"),
        ("entries", 1234067, 3, "tile/entries/x001/x234/067.p/3"),
    ],
)
def test_where_a_tile_lies(level: int | str, index: int, width: int, path: str) -> None:
    assert tile_path(level, index, width) == path


def test_higher_tiles_hold_the_roots_of_whole_ones_below() -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(70_000)]
    found = dict(tiles(leaves))
    assert found["tile/0/000"] == b"".join(leaves[:256])
    assert found["tile/0/273.p/112"] == b"".join(leaves[273 * 256 :])
    assert found["tile/1/000"] == b"".join(root_from(leaves[at * 256 : at * 256 + 256]) for at in range(256))
    assert found["tile/1/001.p/17"][:32] == root_from(leaves[65536 : 65536 + 256])
    assert found["tile/2/000.p/1"] == root_from(leaves[:65536])
    assert set(dict(tiles([]))) == set()
    assert set(dict(tiles(leaves[:256]))) == {"tile/0/000", "tile/1/000.p/1"}


def test_bundles_hold_each_entry_behind_its_length() -> None:
    found = dict(bundles(bytes([number % 256]) * number for number in range(300)))
    assert set(found) == {"tile/entries/000", "tile/entries/001.p/44"}
    assert found["tile/entries/000"][:6] == b"\0\0" + b"\0\1\1" + b"\0"
