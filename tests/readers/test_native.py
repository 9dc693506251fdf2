"""Our own JSON: every documented field, and what is refused."""

import json
from typing import Any

import pytest

from csirt.model.detection import Detection, Unreadable
from csirt.readers.formats import as_row, read
from csirt.readers.native import FORMAT, Native

WHOLE: dict[str, Any] = {
    "schema": FORMAT,
    "title": "不審なログイン",
    "level": 2,
    "severity_native": "high",
    "id": 12345678901234567890123,
    "time": "2026-06-10T10:12:41.5+09:00",
    "src_ip": "203.0.113.45",
    "dst_ip": "2001:db8::1",
    "host": "NRT-ZEI-0142",
    "user": "zei0142",
    "category": "login",
    "signature": "L-1",
    "observables": {"sha256": ["a", "b"], "domain": "x.example"},
}


def judge(record: object) -> object:
    (found,) = Native().read(json.dumps(record).encode())
    return found.result


def test_every_field_arrives() -> None:
    found = judge(WHOLE)
    assert isinstance(found, Detection)
    assert found.time_utc is not None
    assert found == Detection(
        format=FORMAT,
        title="不審なログイン",
        severity_native="high",
        level=2,
        id="12345678901234567890123",
        time_raw="2026-06-10T10:12:41.5+09:00",
        time_utc=found.time_utc,
        src_ip="203.0.113.45",
        dst_ip="2001:db8::1",
        host="NRT-ZEI-0142",
        user="zei0142",
        category="login",
        signature="L-1",
        observables={"sha256": ("a", "b"), "domain": ("x.example",)},
    )
    assert found.time_utc.isoformat() == "2026-06-10T01:12:41.500000+00:00"


def test_a_title_is_enough() -> None:
    assert judge({"title": "x"}) == Detection(format=FORMAT, title="x", severity_native="", level=1)


def test_what_we_print_can_be_read_again() -> None:
    eve = {
        "timestamp": "2026-06-10T10:12:41.208113+0900",
        "event_type": "alert",
        "flow_id": 1,
        "src_ip": "203.0.113.45",
        "dest_ip": "10.0.0.1",
        "alert": {"signature": "x", "severity": 1},
    }
    (first,) = read(json.dumps(eve).encode())
    row = as_row(first)
    (second,) = read(json.dumps(row).encode())
    again = as_row(second)
    assert row is not None
    assert again == row | {"format": FORMAT}
    assert isinstance(second.result, Detection)
    assert second.result.observables["origin"] == ("suricata-eve",)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"titel": "x"}, Unreadable("field_unknown", "field 14")),
        ({"schema": "csirt.detection.v2"}, Unreadable("schema_unknown", "schema")),
        ({"title": " "}, Unreadable("field_missing", "title")),
        ({"title": 7}, Unreadable("field_missing", "title")),
        ({"level": 5}, Unreadable("field_invalid", "level")),
        ({"level": -1}, Unreadable("field_invalid", "level")),
        ({"level": True}, Unreadable("field_invalid", "level")),
        ({"level": "2"}, Unreadable("field_invalid", "level")),
        ({"src_ip": "10.0.0.256"}, Unreadable("field_invalid", "src_ip")),
        ({"dst_ip": 167772161}, Unreadable("field_invalid", "dst_ip")),
        ({"host": ["a"]}, Unreadable("field_invalid", "host")),
        ({"user": False}, Unreadable("field_invalid", "user")),
        ({"time_utc": "2026-06-10 10:12:41"}, Unreadable("field_invalid", "time_utc")),
        ({"observables": []}, Unreadable("field_invalid", "observables")),
        ({"observables": {"A b": "x"}}, Unreadable("field_invalid", "observables")),
        ({"observables": {"a": [1]}}, Unreadable("field_invalid", "observables")),
    ],
)
def test_what_does_not_fit_is_refused_by_name(change: dict[str, Any], wanted: Unreadable) -> None:
    assert judge(WHOLE | change) == wanted


def test_a_time_without_offset_is_kept_as_written() -> None:
    found = judge({"title": "x", "time": "2026-06-10 10:12:41"})
    assert isinstance(found, Detection)
    assert (found.time_raw, found.time_utc) == ("2026-06-10 10:12:41", None)
