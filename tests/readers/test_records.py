"""Where records end: every shape of JSON, broken records that cost themselves only, bounds, and linear time."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.model.detection import Unreadable
from csirt.readers.limits import Limits
from csirt.readers.records import json_records, lines

SMALL = Limits(input_bytes=2000, record_bytes=60, depth=4, keys=5, records=8)
FLAT = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 9)
    | st.text(st.characters(codec="utf-8", min_codepoint=1), max_size=5)
    | st.fixed_dictionaries({"x": st.integers(0, 9)}),
    max_size=3,
)


def values(data: bytes, limits: Limits | None = None) -> list[object]:
    found = []
    for place, piece in enumerate(json_records(data, limits or Limits())):
        assert piece.index == place
        found.append(piece.value.code if isinstance(piece.value, Unreadable) else piece.value)
    return found


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", []),
        (b" \r\n\n", []),
        (b"\xef\xbb\xbf", []),
        (b"[]", []),
        (b'{"a":1}', [{"a": 1}]),
        (b'\xef\xbb\xbf{"a":1}\r\n{"a":2}\r\n', [{"a": 1}, {"a": 2}]),
        (b'{"a":1}\n\n  {"a":2}  \n', [{"a": 1}, {"a": 2}]),
        (b'{"a":1}{"a":2} {"a":3}', [{"a": 1}, {"a": 2}, {"a": 3}]),
        (b'[{"a":1},\n {"a":2}]', [{"a": 1}, {"a": 2}]),
        (b'[{"a":"]"},{"a":"}"}]\n{"a":3}\n[{"a":4}]', [{"a": "]"}, {"a": "}"}, {"a": 3}, {"a": 4}]),
        (b'{\n "a": {\n  "b": [1, "}"]\n }\n}\n', [{"a": {"b": [1, "}"]}}]),
        (b'{\n "a": 1\n}\n{\n "a": 2\n}', [{"a": 1}, {"a": 2}]),
        (b'{\n"a":\n{"b":1}}', [{"a": {"b": 1}}]),
        (b'[1, "x,]", null, [2, 3], {"a":1}]', ["not_an_object"] * 4 + [{"a": 1}]),
        (b'{"a":1} rest\n{"a":2}', [{"a": 1}, "not_json", {"a": 2}]),
        (b'noise\n{"a":1}\n}\n{"a":2}', ["not_json", {"a": 1}, "not_json", {"a": 2}]),
    ],
)
def test_shapes(data: bytes, wanted: list[object]) -> None:
    assert values(data) == wanted


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b'{"a":1}\n{"a":{"b":\n{"a":2}\n{"a":3}', [{"a": 1}, "not_json", {"a": 2}, {"a": 3}]),
        (b'{"a":1}\n{"a":"open\n{"a":2}', [{"a": 1}, "not_json", {"a": 2}]),
        (b'{"a":"b\n{"a":2}\n{"a":"b', ["not_json", {"a": 2}, "not_json"]),
        (b'{"a":1}}\n{"a":2}', [{"a": 1}, "not_json", {"a": 2}]),
        (b'{"a":{\n{"a":2}}\n{"a":3}', ["not_json", {"a": 2}, "not_json", {"a": 3}]),
        (b'[{"a":1},{bad},{"a":2}]', [{"a": 1}, "not_json", {"a": 2}]),
        (b'[{"a":1},{"a":2', [{"a": 1}, "not_json", "array_not_closed"]),
        (b'[{"a":1},', [{"a": 1}, "array_not_closed"]),
        (b'{"a":1,"a":1}\n{"a":2}', ["duplicate_key", {"a": 2}]),
    ],
)
def test_a_broken_record_costs_itself_only(data: bytes, wanted: list[object]) -> None:
    assert values(data) == wanted


@given(st.lists(FLAT, max_size=6), st.sampled_from(["lines", "array", "pretty array", "pretty", "glued"]))
def test_every_shape_gives_the_same_records(records: list[object], shape: str) -> None:
    indent = 2 if "pretty" in shape else None
    if "array" in shape:
        text = json.dumps(records, indent=indent)
    else:
        text = ("" if shape == "glued" else "\n").join(json.dumps(one, indent=indent) for one in records)
    assert values(text.encode()) == records


@given(
    st.lists(
        st.sampled_from(['{"a":1}', '{"a":', "{", "}", "[", "]", '"', "\\", "\n", ",", " ", "x", "\n{"]), max_size=40
    )
)
def test_nothing_is_lost_or_read_twice(parts: list[str]) -> None:
    data = "".join(parts).encode()
    pieces = list(json_records(data, SMALL))
    at = 0
    for piece in pieces:
        if isinstance(piece.value, Unreadable) and piece.value.code == "array_not_closed":
            continue
        found = data.index(piece.raw, at)
        assert set(data[at:found]) <= set(b" ,[]\n")
        at = found + len(piece.raw)
    assert set(data[at:]) <= set(b" ,[]\n")


def test_bounds_of_input_records_and_their_number() -> None:
    assert values(b" " * 2001, SMALL) == ["input_too_large"]
    assert values(b'{"a":"' + b"x" * 60 + b'"}\n{"a":1}', SMALL) == ["record_too_large", {"a": 1}]
    pieces = list(json_records(b'{"a":1}\n' * 12, SMALL))
    assert len(pieces) == 9
    assert pieces[-1].value == Unreadable("too_many_records", "byte 64")
    assert pieces[-1].raw == b'{"a":1}\n' * 4


def test_lines_and_their_bounds() -> None:
    data = b"\xef\xbb\xbfa\r\n\n \nb\n" + b"x" * 61
    found = [(piece.index, piece.raw, piece.value) for piece in lines(data, SMALL)]
    assert found == [(0, b"a", None), (1, b"b", None), (2, b"x" * 61, Unreadable("record_too_large", "61 bytes"))]
    assert [piece.value for piece in lines(b"x" * 2001, SMALL)] == [Unreadable("input_too_large", "2001 bytes")]
    *_, last = lines(b"y\n" * 12, SMALL)
    assert (last.index, last.raw, last.value) == (8, b"y\n" * 4, Unreadable("too_many_records", "byte 16"))


@pytest.mark.parametrize(
    "unit", [b"{", b"{\n", b"[{", b'{"', b'{"a":"1\n', b"{}", b"{[],[],\n", b'{"a":[\\"', b"[", b"]\n"]
)
def test_time_grows_with_the_bytes_and_not_faster(unit: bytes) -> None:
    def seconds(size: int) -> float:
        data = unit * (size // len(unit))
        before = time.perf_counter()
        for _ in json_records(data, Limits(record_bytes=4 * 1024)):
            pass
        return time.perf_counter() - before

    small = min(seconds(12 * 1024) for _ in range(3))
    assert seconds(12 * 16 * 1024) < 16 * 10 * small + 0.5
