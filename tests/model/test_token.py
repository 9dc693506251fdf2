"""The form of tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.model.token import is_whole, token_of

BITS = "0123456789abcdef" * 4
TOKEN = token_of("css", "ids-1", BITS)


def test_a_token_says_what_it_is_and_carries_its_sum() -> None:
    assert TOKEN.startswith(f"css_ids-1_{BITS}_")
    assert is_whole(TOKEN)
    assert is_whole(f"css_ids-1_{BITS}")  # of before


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_a_slip_of_one_sign_is_told(place: int, sign: str) -> None:
    slipped = TOKEN[:place] + sign + TOKEN[place + 1 :]
    assert is_whole(slipped) == (slipped == TOKEN)


@pytest.mark.parametrize("token", ["", "x", "css_", f"{TOKEN}\n", TOKEN.upper(), f"xyz_ids-1_{BITS}", TOKEN[:-1]])
def test_what_is_no_token(token: str) -> None:
    assert not is_whole(token)
