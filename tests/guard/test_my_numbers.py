"""Finding 個人番号: the check digit, the ways people write them, and what is none."""

import time
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csirt.errors import Invalid
from csirt.guard import MY_NUMBER, find_my_numbers, is_my_number, mask, refuse_my_number

# Published examples and one with remainder 0; all made up, none is anybody's.
VALID = ("983205673214", "123456789018", "123456789050")
NUMBER = "983205673214"
FULL_WIDTH = NUMBER.translate({ord(digit): ord(digit) - 0x30 + 0xFF10 for digit in "0123456789"})


def with_check_digit(eleven: str) -> str:
    return next(eleven + digit for digit in "0123456789" if is_my_number(eleven + digit))


ELEVEN = st.text("0123456789", min_size=11, max_size=11).filter(lambda digits: digits != "0" * 11)
MY_NUMBERS = ELEVEN.map(with_check_digit)


@pytest.mark.parametrize("digits", VALID)
def test_known_numbers(digits: str) -> None:
    assert is_my_number(digits)
    assert find_my_numbers(digits) == ((0, 12),)


@pytest.mark.parametrize(
    "digits", ["", "1", "983205673215", "9832056732140", "000000000000", FULL_WIDTH, "98320567321x"]
)
def test_what_is_no_my_number(digits: str) -> None:
    assert not is_my_number(digits)


@settings(deadline=None)
@given(ELEVEN)
def test_exactly_one_check_digit_is_right(eleven: str) -> None:
    assert sum(is_my_number(eleven + digit) for digit in "0123456789") == 1


def test_one_in_ten_random_numbers_passes() -> None:
    chance = Random(85)
    passed = sum(is_my_number(f"{chance.randrange(10**12):012d}") for _ in range(20_000))
    assert 0.09 < passed / 20_000 < 0.11


WRITTEN = [
    NUMBER,
    FULL_WIDTH,
    "9832-0567-3214",
    "9832 0567 3214",
    "9832\u30000567\u30003214",  # full-width blanks
    "9832ー0567ー3214",  # the long vowel of katakana
    "9832ｰ0567ｰ3214",  # the same, half-width
    "9832－0567－3214",
    "9832‐0567‐3214",
    "9832–0567—3214",
    "9832−0567−3214",
    "9832─0567━3214",
    "9832 - 0567 - 3214",
    "9832・0567・3214",
    "9832･0567･3214",
    "9832.0567.3214",
    "9832/0567/3214",
    "9832_0567_3214",
    "9832，0567，3214",
    "9832\t0567\t3214",
    "9832\u00a00567\u00a03214",
    "9832\u200b05\u200b67\u200b3214",
    "9832\ufeff05673214",
    "9832\u00ad05673214",
    "98320567\u202e3214",
    "9832\x0005673214",
    "9832-0567-\n3214",
    "9832-0567-\r\n3214",
    "983-205-673-214",
    "98-32-05-67-32-14",
    "983205 673214",
    "9 8 3 2 0 5 6 7 3 2 1 4",
    "⑨⑧③②⓪⑤⑥⑦③②①④",
    "⁹⁸³²⁰⁵⁶⁷³²¹⁴",
    "𝟗𝟖𝟑𝟐𝟎𝟓𝟔𝟕𝟑𝟐𝟏𝟒",
    "٩٨٣٢٠٥٦٧٣٢١٤",
    "".join(f"{digit}\ufe0f\u20e3" for digit in NUMBER),  # keycap emoji
    "九八三二〇五六七三二一四",
]


@pytest.mark.parametrize("written", WRITTEN, ids=ascii)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("番号は", "です。"), ("No. ", " end"), ("MN", ""), ("(", ")")]
)
def test_every_way_of_writing_is_found_and_nothing_else_is_masked(written: str, before: str, after: str) -> None:
    text = before + written + after
    assert find_my_numbers(text) == ((len(before), len(before) + len(written)),)
    assert mask(text) == before + MY_NUMBER + after
    with pytest.raises(Invalid) as caught:
        refuse_my_number(text, field="note")
    assert (caught.value.code, caught.value.params) == ("my_number_refused", {"field": "note", "count": 1})
    assert not any(part in str(caught.value) for part in ("9832", "0567", "3214"))


@pytest.mark.parametrize(
    "text",
    [
        "マイナンバー 123456789012",
        "マイナンバー：1234-5678-9012",
        "ﾏｲﾅﾝﾊﾞｰ:123456789012",
        "まいなんばー 1234 5678 9012",
        "個人番号は123456789012",
        "個人番号（１２３４５６７８９０１２）",
        "123456789012が本人の個人番号",
        "My Number: 123456789012",
        "MYNUMBER=1234 56789012",
        "individual number 12-3456-789012",
        "個人番号 12 3456 7890 12",
        "個人番号 000000000000",
    ],
)
def test_twelve_digits_near_the_word_are_found_even_if_the_check_digit_is_wrong(text: str) -> None:
    assert len(find_my_numbers(text)) == 1
    assert MY_NUMBER in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123456789012",  # the check digit is wrong
        "7000012050002",  # a corporate number (法人番号), public
        "法人番号 7-0000-1205-0002",
        "T7000012050002",
        "9832056732145",
        "98320567321",
        "個人番号利用事務系の端末 123456789012",  # the name of a network
        "マイナンバー利用事務系 123456789012",
        "マイナンバー" + "。" * 60 + "123456789012",  # too far away
        "個人番号 7-0000-1205-0002",
        "192.168.100.200",
        "個人番号の端末 192.168.100.200",
        "2026-11-22T09:12:33.123456Z",
        "令和8年11月22日 9時12分33秒 03-1234-5678",
        "2024 2025 2026 2027",
        "000000000000",
        "00:00:00:00:00:00 00-00-00-00-00-00",
        "01234567-89ab-4def-8123-983205673214",  # the end of a UUID
        "e3b0c44298fc1c149983205673214afbf4c8996fb92427ae41e4649b934ca495",  # inside a hash
        "令和八年十一月二十二日",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert find_my_numbers(text) == ()
    assert mask(text) == text
    refuse_my_number(text, field="note")


@settings(deadline=None)
@given(st.text(), MY_NUMBERS, st.sampled_from(["", "-", " ", "ー", "　", "\u200b"]), st.text())
def test_a_my_number_in_any_text_does_not_survive_the_mask(before: str, number: str, gap: str, after: str) -> None:
    years = all(number[at : at + 2] in {"19", "20"} for at in (0, 4, 8))
    written = gap.join((number[:4], number[4:8], number[8:]))
    text = f"{before}。{written}。{after}"
    assert years or written not in mask(text)
    assert years or any(
        start <= len(before) + 1 and end >= len(before) + 1 + len(written) for start, end in find_my_numbers(text)
    )


@settings(deadline=None)
@given(
    st.text(
        st.one_of(st.characters(), st.sampled_from("0123456789０１２３-ー 　個人番号マイナンバー:=\"'pasword")),
        max_size=120,
    )
)
def test_masking_never_fails_and_twice_is_once(text: str) -> None:
    masked = mask(text)
    assert mask(masked) == masked
    assert find_my_numbers(masked) == ()
    spans = find_my_numbers(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


HOSTILE = {
    "digits": "1" * 200_000,
    "blanks": "1 " * 100_000,
    "fours": "1234 " * 40_000,
    "words": "マイナンバー1" * 20_000,
    "cards": "4111 1111 1111 1111 " * 10_000,
    "secrets": "password=" * 20_000,
    "quotes": 'password="' * 20_000,
    "keys": "-----BEGIN PRIVATE KEY-----" * 8_000,
    "jwt": "eyJ" * 70_000,
    "urls": "://" * 70_000,
    "userinfo": "://a:" * 40_000,
    "bearer": "authorization:" * 15_000,
    "zero width": "\u200b" * 200_000,
    "planes": "".join(map(chr, range(0x10000, 0x30000))),
    "expanding": "\ufdfa" * 20_000,
    "dashes": "-" * 200_000,
    "breaks": "1-\n" * 60_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_time_in_proportion_to_its_length(name: str) -> None:
    start = time.process_time()
    mask(HOSTILE[name])
    assert time.process_time() - start < 6


def test_ordinary_lines_are_quick() -> None:
    lines = [
        f"2026-11-22T09:12:33.123456Z host-{n} sshd[1234]: Failed login for u-0193 from 192.0.2.{n % 255} port 51234"
        for n in range(4000)
    ] + [f"令和8年11月22日 9時12分 端末{n}号機から不審な通信先 203.0.113.{n % 255} への接続を検知" for n in range(4000)]
    start = time.process_time()
    for line in lines:
        mask(line)
    assert time.process_time() - start < 8000 / 15_000  # 40,000 a second and more on a quiet machine


@pytest.mark.parametrize(
    "text", ["7f{}", "{}f7", "7{}", "{}7", "a7{}", "{}a7", "a" * 60 + "7{}", "{}" + "a" * 60 + "7"]
)
def test_a_number_in_a_word_of_letters_and_other_digits_is_part_of_a_name(text: str) -> None:
    assert find_my_numbers(text.format("123456789018")) == ()


@pytest.mark.parametrize(
    "text",
    ["f{}", "{}f", "no{}", "{}円", "7 f{}", "7-f{}", "{}f 7", "端7端{}", "7" + "a" * 70 + "{}", "{}" + "a" * 70 + "7"],
)
def test_a_number_beside_a_word_without_digits_is_found(text: str) -> None:
    start = text.index("{}")
    assert find_my_numbers(text.format("123456789018")) == ((start, start + 12),)
