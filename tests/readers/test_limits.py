"""The strict way in: what is refused, with which code, and what comes through whole."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.model.detection import Unreadable
from csirt.readers import limits
from csirt.readers.limits import CUT_MARK, Limits, as_text, as_title, decode, parse_json

TEXT = st.text(st.characters(codec="utf-8", min_codepoint=1), max_size=8)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def code(raw: bytes, limits: Limits | None = None) -> str:
    value = parse_json(raw, limits or Limits())
    assert isinstance(value, Unreadable), value
    return value.code


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b'{"a":1,"a":2}', "duplicate_key"),
        (b'{"a":{"b":1,"\\u0062":2}}', "duplicate_key"),
        (b'[{"a":1},{"b":[{"c":1,"c":1}]}]', "duplicate_key"),
        (b'{"a":"x\\u0000y"}', "nul"),
        (b'{"\\u0000":1}', "nul"),
        (b'{"a":["\\\\\\u0000"]}', "nul"),
        (b'{"a":"x\x00y"}', "not_json"),
        (b'{"a":"\\ud800"}', "lone_surrogate"),
        (b'{"a":"\\udc00\\ud800"}', "lone_surrogate"),
        (b'{"a":"\xed\xa0\x80"}', "not_utf8"),
        (b'{"a":"\xff"}', "not_utf8"),
        (b'{"a":NaN}', "not_json"),
        (b'{"a":Infinity}', "not_json"),
        (b'{"a":01}', "not_json"),
        (b'{"a":1,}', "not_json"),
        (b"", "not_json"),
        (b"[" * 33 + b"]" * 33, "too_deep"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
        (json.dumps({str(n): n for n in range(501)}).encode(), "too_many_keys"),
        (json.dumps([{"k": n} for n in range(501)]).encode(), "too_many_keys"),
        (b'"' + b"x" * 1024 * 1024 + b'"', "record_too_large"),
    ],
)
def test_hostile_json_is_refused_with_its_code(raw: bytes, wanted: str) -> None:
    assert code(raw) == wanted


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"[" * 32 + b"]" * 32, None),
        (json.dumps({str(n): '{[:\\"' * 20 for n in range(500)}).encode(), None),
        (b'{"a":"\\\\u0000"}', {"a": "\\u0000"}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a":9007199254740993}', {"a": 9007199254740993}),
        (b'{"a":18446744073709551616}', {"a": "18446744073709551616"}),
        (b'{"a":-18446744073709551616,"b":1}', {"a": "-18446744073709551616", "b": 1}),
        (b'{"a":-999999999999999999,"b":9999999999999999999}', {"a": -999999999999999999, "b": "9999999999999999999"}),
        (b'{"a":"1234567890123456789012"}', {"a": "1234567890123456789012"}),
    ],
)
def test_what_is_within_bounds_comes_through_whole(raw: bytes, wanted: object) -> None:
    value = parse_json(raw)
    assert not isinstance(value, Unreadable)
    assert wanted is None or value == wanted


def test_a_number_that_no_machine_holds_is_refused() -> None:
    assert parse_json(b'{"a":' + b"7" * 300 + b"}") == {"a": "7" * 300}
    assert code(b'{"a":' + b"7" * 5000 + b"}") == "not_json"


@given(JSON, st.sampled_from([None, 1]))
def test_it_reads_what_the_standard_library_writes(value: object, indent: int | None) -> None:
    raw = json.dumps(value, indent=indent).encode()
    assert parse_json(raw) == value


JSON_PARTS = st.lists(
    st.sampled_from(
        [*'{}[],: 1\n"', '"a"', '"b"', '"a":', '"a" :', '"b":1', '"\\u0000"', '"{["', '"\\":"', "9" * 19, "-1e300"]
    ),
    max_size=12,
)


@given(JSON_PARTS.map("".join).map(str.encode) | JSON.map(json.dumps).map(str.encode))
def test_the_quick_way_and_the_careful_way_agree(raw: bytes) -> None:
    """Strings are taken out only where something may hide in them: the answer is the same as if they always were.

    Of what is no JSON either may find the first of several faults.
    """
    bounds = Limits(depth=4, keys=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "_is_plain", lambda _raw, _depth: False)
        careful = parse_json(raw, bounds)
    quick = parse_json(raw, bounds)
    assert quick == careful or ({type(quick), type(careful)} == {Unreadable} and not is_json(raw))


def is_json(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except ValueError:
        return False
    return True


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,\\u0d8\x00 1a', max_size=40).map(str.encode))
def test_no_bytes_break_it_and_what_it_takes_is_json(raw: bytes) -> None:
    value = parse_json(raw, Limits(depth=4, keys=5, record_bytes=50))
    if not isinstance(value, Unreadable):
        assert json.loads(raw) == value


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (" a\0b ", "ab"),
        (7, "7"),
        (0, "0"),
        (1.5, "1.5"),
        (True, None),
        (None, None),
        ("", None),
        (" \0 ", None),
        (["a"], None),
        ({"a": 1}, None),
        ("x" * 255, "x" * 255),
        ("x" * 256, "x" * 254 + CUT_MARK),
    ],
)
def test_text_is_bounded(value: object, wanted: str | None) -> None:
    assert as_text(value) == wanted


def test_a_title_may_be_longer() -> None:
    assert as_title("題" * 501) == "題" * 499 + CUT_MARK


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("不審な通信".encode(), "不審な通信"),
        ("不審な通信".encode("cp932"), "不審な通信"),
        (b"a\x00b", "ab"),
        (b"a\xff\xfe", "a\ufffd\ufffd"),
    ],
)
def test_text_logs_are_decoded_as_japanese_products_write_them(raw: bytes, wanted: str) -> None:
    assert decode(raw) == wanted
