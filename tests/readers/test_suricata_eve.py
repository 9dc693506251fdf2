"""EVE by its documentation: what is a detection, and which field becomes what."""

import json
from typing import Any

import pytest

from csirt.model.detection import Detection, NotADetection, Unreadable
from csirt.readers.suricata_eve import SuricataEve, level_of

ALERT: dict[str, Any] = {
    "timestamp": "2026-06-10T10:12:41.208113+0900",
    "flow_id": 9007199254740993,
    "event_type": "alert",
    "host": "sensor-1",
    "src_ip": "203.0.113.45",
    "dest_ip": "10.20.3.142",
    "alert": {"signature": "LOCAL Test", "signature_id": 1000001, "category": "Misc activity", "severity": 3},
}


def judge(record: object) -> object:
    (found,) = SuricataEve().read(json.dumps(record).encode())
    return found.result


def detection(**changes: object) -> Detection:
    found = judge(ALERT | changes)
    assert isinstance(found, Detection)
    return found


def test_an_alert_becomes_a_detection() -> None:
    found = detection()
    assert (found.title, found.signature, found.category) == ("LOCAL Test", "1000001", "Misc activity")
    assert (found.severity_native, found.level) == ("3", 0)
    assert (found.src_ip, found.dst_ip, found.id) == ("203.0.113.45", "10.20.3.142", "9007199254740993")
    assert found.time_utc is not None
    assert found.time_utc.isoformat() == "2026-06-10T01:12:41.208113+00:00"


def test_the_sensor_is_not_the_attacked_host() -> None:
    assert detection().host is None


def test_the_target_that_the_rule_declares_is_kept() -> None:
    alert = ALERT["alert"] | {"source": {"ip": "10.20.3.142", "port": 80}, "target": {"ip": "203.0.113.45"}}
    assert detection(alert=alert).observables == {"attacked": ("203.0.113.45",), "attacker": ("10.20.3.142",)}


def test_names_and_hashes_become_observables() -> None:
    digest = "a" * 64
    found = detection(http={"hostname": "x.example", "url": "/a"}, tls=7, files=[{"sha256": digest}])
    assert found.observables == {"domain": ("x.example",), "url": ("/a",), "sha256": (digest,)}


@pytest.mark.parametrize(
    ("severity", "level"),
    [(1, 2), (2, 1), (3, 0), (4, 0), (255, 0), ("1", 2), (None, 1), (0, 1), (-1, 1), ("high", 1), ([1], 1), (1.5, 1)],
)
def test_severity_to_level(severity: object, level: int) -> None:
    assert detection(alert=ALERT["alert"] | {"severity": severity}).level == level


def test_a_severity_of_many_digits_is_only_low() -> None:
    assert level_of("9" * 200) == 0


@pytest.mark.parametrize("kind", ["flow", "dns", "stats", "drop", "tls"])
def test_context_is_no_detection(kind: str) -> None:
    assert judge(ALERT | {"event_type": kind}) == NotADetection("suricata-eve", f"event_type:{kind}")


def test_a_kind_from_outside_does_not_reach_the_reason() -> None:
    assert judge(ALERT | {"event_type": "山田太郎"}) == NotADetection("suricata-eve", "event_type:other")


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ({"alert": {}}, Unreadable("field_missing", "event_type")),
        (ALERT | {"event_type": 7}, Unreadable("field_missing", "event_type")),
        (ALERT | {"alert": None}, Unreadable("field_missing", "alert")),
        (ALERT | {"alert": [1]}, Unreadable("field_missing", "alert")),
    ],
)
def test_what_is_no_eve_is_unreadable(record: object, wanted: Unreadable) -> None:
    assert judge(record) == wanted


def test_an_alert_with_nothing_in_it_is_still_a_detection() -> None:
    found = judge({"event_type": "alert", "alert": {}})
    assert isinstance(found, Detection)
    assert (found.title, found.severity_native, found.level, found.id, found.time_utc) == ("sid ?", "", 1, None, None)


def test_counters_of_a_large_sensor_pass_the_bound_of_keys_and_are_no_detection() -> None:
    many = {f"w{n}": n for n in range(600)}
    assert judge({"timestamp": "", "event_type": "stats", "stats": many}) == NotADetection(
        "suricata-eve", "event_type:stats"
    )
    refused = judge(ALERT | {"note": '"event_type":"stats"', "x": many})
    assert isinstance(refused, Unreadable)
    assert refused.code == "too_many_keys"


def test_a_time_without_offset_names_no_instant() -> None:
    found = detection(timestamp="2009-11-24T21:27:09.534255")
    assert (found.time_raw, found.time_utc) == ("2009-11-24T21:27:09.534255", None)
