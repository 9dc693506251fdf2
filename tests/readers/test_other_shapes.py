"""Other products and newer interfaces of vendors that we read: each in the shape of its public documentation."""

import json
from typing import Any

import pytest

from csirt.model.detection import Detection
from csirt.model.sorting import attacked_and_attacker
from csirt.readers import formats

SHAPES: dict[str, tuple[dict[str, Any], str, dict[str, object]]] = {
    "an account of Vectra": (
        {
            "account_name": "svc@city.example", "category": "LATERAL MOVEMENT", "certainty": 95, "threat": 95,
            "d_type": "papi_breach", "d_type_vname": "Privilege Anomaly: Unusual Trio", "dd_dst_ip": "",
            "detection_id": 85, "dvchost": "brain", "headend_addr": "10.9.9.9", "severity": "9.5", "triaged": False,
            "vectra_timestamp": "1776769042",
        },
        "vectra",
        {"level": 3, "attacked": "svc@city.example", "time_utc": "2026-04-21T10:57:22.000Z"},
    ),
    "a unified alert of SentinelOne": (
        {
            "id": "0191", "analystVerdict": "UNDEFINED", "classification": "MALWARE", "confidenceLevel": "MALICIOUS",
            "assets": [{"name": "srv-1", "lastLoggedInUser": "taro"}], "detectedAt": "2026-02-04T15:54:59.485Z",
            "detectionSource": {"product": "CWS", "vendor": "SentinelOne"}, "name": "x.bin detected as Malware",
            "detectionTime": {"attacker": {"ip": "203.0.113.1"}}, "severity": "HIGH", "status": "NEW",
            "process": {"file": {"sha256": "ab" * 32}},
        },
        "sentinelone",
        {"level": 2, "host": "srv-1", "user": "taro", "attacked": "srv-1", "attacker": "203.0.113.1"},
    ),
    "a detection of Trend Vision One": (
        {
            "uuid": "u", "productCode": "sao", "eventName": "MALWARE_DETECTION", "endpointHostName": "pc-5",
            "eventTimeDT": "2026-04-21T01:38:38+00:00", "malName": "Eicar_test_1", "endpointIp": ["10.2.69.142"],
            "fileHash": "ab" * 20,
        },
        "trend-vision-one",
        {"title": "Eicar_test_1", "host": "pc-5", "src_ip": "10.2.69.142", "attacked": "pc-5"},
    ),
    "an observed attack technique of Trend Vision One": (
        {
            "source": "endpointActivityData", "uuid": "u", "entityType": "endpoint", "entityName": "pc-5(10.0.0.5)",
            "detectedDateTime": "2026-04-21T01:38:38Z", "endpoint": {"endpointName": "pc-5", "ips": ["10.0.0.5"]},
            "filters": [{"id": "F2140", "name": "Dump of credentials", "level": "high"}],
        },
        "trend-vision-one",
        {"title": "Dump of credentials", "level": 2, "host": "pc-5", "time_utc": "2026-04-21T01:38:38.000Z"},
    ),
    "an incident of CrowdStrike": (
        {
            "metadata": {"eventType": "IncidentSummaryEvent", "eventCreationTime": 1749420269000},
            "event": {"IncidentID": "inc:1", "IncidentType": 1, "IncidentDescription": "Lateral movement"},
        },
        "crowdstrike-stream",
        {"title": "Lateral movement"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_it_is_recognised_and_read(name: str) -> None:
    given, form, expected = SHAPES[name]
    data = json.dumps(given).encode()
    reader = formats.choose(data)
    assert reader.format == form
    (record,) = reader.read(data)
    assert isinstance(record.result, Detection)
    attacked, attacker = attacked_and_attacker(record.result)
    row = (formats.as_row(record) or {}) | {"attacked": attacked, "attacker": attacker}
    assert {key: row.get(key) for key in expected} == expected


def test_what_sentinelone_closed_as_false_opens_nothing() -> None:
    given = SHAPES["a unified alert of SentinelOne"][0] | {"analystVerdict": "FALSE_POSITIVE_BENIGN"}
    (record,) = formats.read(json.dumps(given).encode())
    assert isinstance(record.result, Detection)
    assert (record.result.level, record.result.observables["no_alarm"]) == (0, ("closed_by_source",))
