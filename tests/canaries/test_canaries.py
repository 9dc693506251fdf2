"""Canaries are found in whatever spelling. Flying them through every door: `benchmarks/canaries.py`."""

from tests.canaries.planting import KINDS, SPELLINGS, canaries, found_in


def test_a_canary_is_found_in_whatever_spelling() -> None:
    planted = list(canaries(7, 200))
    assert len(SPELLINGS) == 12
    assert {one.kind for one in planted} == set(KINDS)
    for one in planted:
        assert found_in(f"前{one.text}後", [one]) == [one], one
        assert found_in("何もない 12345 2026-11-22T05:00:00.000000Z", [one]) == []
