"""Shapes in which products hand the same facts over: embedded, empty, behind a header of syslog, as pairs, by scale."""

import json
from typing import Any

import pytest

from csirt.model.detection import Detection
from csirt.model.sorting import attacked_and_attacker
from csirt.readers.formats import as_row, buckets, choose, read

AT = "2026-06-10T01:12:41Z"
Wanted = str | dict[str, object]  # a bucket, or a part of a row


def told(data: bytes, form: str | None = None) -> list[Wanted]:
    """Of each record its row, with who was attacked, or its bucket."""
    found: list[Wanted] = []
    for record in read(data, form):
        row = as_row(record)
        if not isinstance(record.result, Detection) or row is None:
            found.append(next(iter(buckets([record]))))
            continue
        attacked, attacker = attacked_and_attacker(record.result)
        found.append({**row, "attacked": attacked, "attacker": attacker, "more": record.result.observables})
    return found


def check(data: bytes, wanted: list[Wanted], form: str | None = None) -> None:
    found = told(data, form)
    assert len(found) == len(wanted), found
    for one, expected in zip(found, wanted, strict=True):
        if isinstance(expected, str) or isinstance(one, str):
            assert one == expected
        else:
            assert {key: one.get(key) for key in expected} == expected


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


# ------------------------------------------------------------------------------------------------------- Microsoft


def graph_alert(name: str, **more: object) -> dict[str, object]:
    return {
        "@odata.type": "#microsoft.graph.security.alert", "id": name, "providerAlertId": name, "incidentId": "28",
        "serviceSource": "microsoftDefenderForEndpoint", "severity": "high", "title": f"検知 {name}", "status": "new",
        "createdDateTime": AT,
        "evidence": [{"@odata.type": "#microsoft.graph.security.deviceEvidence", "deviceDnsName": f"pc-{name}"}],
        **more,
    }  # fmt: skip


def graph_incident(name: str, **more: object) -> dict[str, object]:
    return {
        "@odata.type": "#microsoft.graph.security.incident", "id": name, "displayName": f"事案 {name}",
        "severity": "medium", "status": "active", "createdDateTime": AT, "redirectIncidentId": None,
        "incidentWebUrl": "https://security.example/i", **more,
    }  # fmt: skip


CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#security/incidents(alerts())"


def test_the_alerts_of_an_incident_are_read_one_by_one() -> None:
    answer = {
        "@odata.context": CONTEXT,
        "value": [
            graph_incident("28", alerts=[graph_alert("a"), graph_alert("b", severity="low")]),
            graph_incident("29", alerts=[]),
            graph_incident("30"),
            graph_incident("31", redirectIncidentId="28"),
        ],
    }
    wanted: list[Wanted] = [
        {"format": "microsoft-graph", "id": "a", "title": "検知 a", "level": 2, "host": "pc-a"},
        {"id": "b", "level": 0, "host": "pc-b"},
        {"id": "29", "title": "事案 29", "severity_native": "medium", "level": 1},
        {"id": "30", "title": "事案 30"},
        "not_a_detection:evidence",
    ]
    check(as_json(answer), wanted)
    check(as_json([answer]), wanted)  # pages that were saved as an array
    check(as_json(graph_incident("28", alerts=[graph_alert("a")])), wanted[:1])
    lines = [graph_incident("28", alerts=[graph_alert("a")]), graph_incident("29", alerts=[])]
    check(b"\n".join(map(as_json, lines)), [wanted[0], wanted[2]])


def test_each_embedded_alert_keeps_its_own_bytes_and_bounds() -> None:
    alerts = [graph_alert(str(at), description="x" * 9_000) for at in range(300)]  # 2.7 MB: more than one record may be
    records = list(read(as_json({"@odata.context": CONTEXT, "value": [graph_incident("1", alerts=alerts)]})))
    assert buckets(records) == {"detection": 300}
    assert json.loads(records[7].raw)["id"] == "7"


def test_alerts_of_the_older_incidents_api_are_read_one_by_one() -> None:
    alert = {"alertId": "d", "incidentId": 9, "title": "x", "severity": "High", "status": "New", "creationTime": AT}
    incident = {"incidentId": 9, "incidentName": "case", "severity": "High", "createdTime": AT}
    data = as_json({"value": [{**incident, "alerts": [alert, {**alert, "alertId": "e"}]}, {**incident, "alerts": []}]})
    check(data, [{"format": "defender-alert", "id": "d"}, {"id": "e"}, {"title": "case"}])


def test_an_answer_without_any_is_understood() -> None:
    check(as_json({"@odata.context": CONTEXT, "value": []}), ["not_a_detection:empty_answer"])
    lists: dict[str, list[object]] = {"messagesDelivered": [], "clicksPermitted": [], "clicksBlocked": []}
    check(as_json({"queryEndTime": AT, **lists}), ["not_a_detection:empty_answer"])
    cortex = {"reply": {"total_count": 0, "result_count": 0, "incidents": []}}
    check(as_json(cortex), ["not_a_detection:empty_answer"])


SENTINEL = {
    "title": "Sign-ins from abroad", "severity": "Medium", "status": "New", "incidentNumber": 5,
    "createdTimeUtc": AT, "relatedEntities": [
        {"kind": "Host", "properties": {"hostName": "srv-1"}}, {"kind": "Ip", "properties": {"address": "203.0.113.9"}},
    ],
}  # fmt: skip


def test_an_incident_of_sentinel_as_a_rule_of_automation_hands_it_on() -> None:
    handed = {"objectEventType": "Create", "object": {"name": "n", "properties": SENTINEL}}
    check(as_json(handed), [{"format": "sentinel", "id": "n", "host": "srv-1", "src_ip": "203.0.113.9", "level": 1}])


def test_a_row_of_the_table_of_alerts_has_its_entities_as_text() -> None:
    entities = [{"Type": "host", "HostName": "srv-2"}, {"Type": "account", "Name": "zei0142"}]
    row = {
        "TimeGenerated": AT, "SystemAlertId": "s", "AlertName": "x", "DisplayName": "Pass-the-hash", "Tactics": "y",
        "AlertSeverity": "High", "Status": "New", "ProviderName": "IPC", "Entities": json.dumps(entities),
    }  # fmt: skip
    check(as_json(row), [{"title": "Pass-the-hash", "host": "srv-2", "user": "zei0142", "level": 2}])


def sign_in(**more: object) -> dict[str, object]:
    return {
        "id": "s", "userPrincipalName": "zei@city.example", "appDisplayName": "Exchange", "clientAppUsed": "Browser",
        "createdDateTime": AT, "ipAddress": "203.0.113.9", "riskDetail": "none", "riskEventTypes_v2": ["anonymizedIP"],
        **more,
    }  # fmt: skip


def test_a_sign_in_is_a_detection_where_a_risk_was_seen() -> None:
    none, high = {"riskLevelDuringSignIn": "none", "riskState": "none"}, {"riskLevelDuringSignIn": "high"}
    data = as_json({"value": [sign_in(**none), sign_in(**high, riskState="atRisk")]})
    wanted = {"format": "entra-risk", "level": 2, "attacked": "zei@city.example", "attacker": "203.0.113.9"}
    check(data, ["not_a_detection:audit", wanted])
    check(as_json(sign_in(**high, riskState="dismissed")), [{"level": 0}])
    stored = {"category": "SignInLogs", "operationName": "Sign-in", "resultType": "0", "properties": sign_in(**high)}
    check(as_json({"records": [stored]}), [{"format": "entra-risk", "level": 2}])


# ------------------------------------------------------------------------------------------------- header of syslog

VECTRA = {
    "d_type_vname": "Hidden HTTPS Tunnel", "category": "COMMAND & CONTROL", "threat": 70, "certainty": 80, "id": 3,
    "host_name": "pc-9", "host_ip": "10.1.1.9", "dd_dst_ip": "203.0.113.7", "vectra_timestamp": "1781053961",
    "headend_addr": "10.9.9.9", "severity": 7, "triaged": False,
}  # fmt: skip
EVE = {
    "timestamp": "2026-06-10T01:12:41.0+0000", "event_type": "alert", "src_ip": "10.0.0.1", "dest_ip": "203.0.113.1",
    "alert": {"signature": "ET MALWARE x", "signature_id": 1, "severity": 1},
}  # fmt: skip
HEADERS = (
    b"<14>Jun 10 01:12:41 vectra vectra_json_v2 -: ",
    b"<13>1 2026-06-10T01:12:41Z brain vectra 1 - - ",
    b"Jun 10 01:12:41 brain vectra[12]: ",
)


@pytest.mark.parametrize("header", HEADERS)
def test_json_behind_a_header_of_syslog_is_read(header: bytes) -> None:
    line = header + as_json(VECTRA)
    wanted = {"format": "vectra", "title": "Hidden HTTPS Tunnel", "host": "pc-9", "level": 2, "dst_ip": "203.0.113.7"}
    assert choose(line).format == "vectra"
    check(line + b"\n" + line, [wanted, wanted])
    check(line, [wanted], "syslog")  # as the listener reads what no format was agreed for
    check(header + as_json(EVE), [{"format": "suricata-eve", "title": "ET MALWARE x"}])
    check(header + as_json(EVE), [{"format": "suricata-eve"}], "syslog")


def test_what_only_looks_like_json_stays_syslog() -> None:
    for text in (b'<14>Jun 10 01:12:41 h app: {"not json', b'<14>Jun 10 01:12:41 h app: {"unknown": "vendor"}'):
        check(text, ["not_a_detection:syslog"], "syslog")
    cef = b'<14>CEF:0|Vectra|X|1|d|Ransomware|9|dvchost=brain shost=pc-1 msg={"threat": 1, "certainty": 2}'
    check(cef, [{"format": "cef", "title": "Ransomware"}])


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ({"id": 1, "category": "EXFILTRATION", "detection": "Smash and Grab", "detection_category": "EXFILTRATION",
          "detection_type": "Smash and Grab", "src_ip": "10.1.1.1", "src_host": {"name": "pc-1"}, "threat": 90,
          "certainty": 9, "state": "active", "last_timestamp": AT}, {"id": "1", "level": 3, "host": "pc-1"}),
        ({"id": 2, "type": "account", "entity_id": 5, "detection_id": 61, "detection_type": "M365 Exfiltration",
          "d_type_vname": "M365 Exfiltration", "category": "exfiltration", "event_timestamp": AT, "threat": 40,
          "certainty": 50, "severity": 4, "src_entity": {"name": "O365:taro@city.example"}},
         {"level": 1, "host": "O365:taro@city.example"}),
    ],
)  # fmt: skip
def test_detections_of_both_interfaces_of_vectra(record: dict[str, Any], wanted: dict[str, object]) -> None:
    check(as_json({"results": [record]}), [{"format": "vectra", **wanted}])
    check(as_json({"events": [record], "next_checkpoint": 9}), [{"format": "vectra", **wanted}])


# ------------------------------------------------------------------------------------------------------ mail and EDR


def click(name: str) -> dict[str, object]:
    return {
        "campaignId": "c", "classification": "malware", "clickIP": "192.0.2.1", "clickTime": AT, "GUID": name,
        "recipient": "taro@city.example", "threatID": "t", "threatStatus": "active", "url": "http://evil.example/",
    }  # fmt: skip


def test_a_click_that_was_stopped_is_less_than_one_that_was_not() -> None:
    data = as_json({"queryEndTime": AT, "messagesDelivered": [], "clicksBlocked": [click("b")],
                    "clicksPermitted": [click("p")], "messagesBlocked": []})  # fmt: skip
    check(data, [{"format": "proofpoint", "id": "b", "level": 1}, {"id": "p", "level": 2}])
    check(as_json(click("p")), [{"level": 2}])  # stored by itself: nobody says that it was stopped


def falcon(kind: str, **event: object) -> bytes:
    return as_json({"metadata": {"eventType": kind, "eventCreationTime": 1781053961000}, "event": event})


@pytest.mark.parametrize(
    ("kind", "event", "level"),
    [
        ("IdpDetectionSummaryEvent", {"DetectName": "x", "Severity": 5}, 0),  # of 100
        ("IdpDetectionSummaryEvent", {"DetectName": "x", "Severity": 45}, 1),
        ("EppDetectionSummaryEvent", {"Name": "x", "Severity": 70}, 2),
        ("EppDetectionSummaryEvent", {"Name": "x", "Severity": 70, "SeverityName": "Critical"}, 3),
        ("DetectionSummaryEvent", {"DetectName": "x", "Severity": 5}, 3),  # of 5
        ("DetectionSummaryEvent", {"DetectName": "x", "Severity": 4}, 2),
        ("DetectionSummaryEvent", {"DetectName": "x", "Severity": 2}, 0),
        ("IncidentSummaryEvent", {"IncidentID": "i", "FineScore": 8.5}, 3),
        ("IncidentSummaryEvent", {"IncidentID": "i", "FineScore": 1.2}, 1),
        ("IncidentSummaryEvent", {"IncidentID": "i", "FineScore": 65}, 2),
    ],
)
def test_scales_of_crowdstrike(kind: str, event: dict[str, Any], level: int) -> None:
    check(falcon(kind, **event), [{"format": "crowdstrike-stream", "level": level}])


def test_an_alert_of_falcon_by_its_composite_id() -> None:
    alert = {"composite_id": "c:ind:1", "severity": 50, "display_name": "x", "product": "idp", "timestamp": AT,
             "source_account_name": "taro", "source_endpoint_host_name": "pc-1", "status": "new"}  # fmt: skip
    check(
        as_json({"resources": [alert]}), [{"format": "crowdstrike-alert", "id": "c:ind:1", "level": 1, "user": "taro"}]
    )


# --------------------------------------------------------------------------------------------- search and firewalls

ELASTIC = {"kibana.alert.uuid": "u", "kibana.alert.rule.name": "x", "kibana.alert.risk_score": 60, "host.name": "pc-3"}


def test_alerts_of_elastic_with_keys_in_one_piece_or_as_objects() -> None:
    nested = {"kibana": {"alert": {"uuid": "u", "rule": {"name": "x"}, "risk_score": 60}}, "host": {"name": "pc-3"}}
    wanted = {"format": "elastic", "id": "u", "title": "x", "level": 2, "host": "pc-3"}
    check(as_json(ELASTIC), [wanted])
    check(as_json(nested), [wanted])
    check(as_json({"_id": "i", "_source": nested}), [wanted])
    check(as_json({**ELASTIC, "kibana.alert.building_block_type": "default"}), ["not_a_detection:evidence"])


def test_what_an_alert_action_of_splunk_sends() -> None:
    sent = {"sid": "s", "search_name": "Rare process", "app": "es", "result": {
        "urgency": "critical", "rule_name": "Rare process", "dest": "pc-4", "orig_time": "1781053961",
        "host": "idx"}}  # fmt: skip
    check(as_json(sent), [{"format": "splunk-notable", "title": "Rare process", "level": 3, "host": "pc-4"}])


def test_an_older_event_of_sophos_tells_an_update_from_malware() -> None:
    event = {"customer_id": "c", "id": "e", "severity": "medium", "type": "Event::Endpoint::Threat::Detected",
             "name": "Malware detected: 'EICAR'", "location": "pc-6", "source": "taro", "when": AT}  # fmt: skip
    update = {**event, "type": "Event::Endpoint::UpdateSuccess", "severity": "low", "name": "Update succeeded"}
    wanted = {"format": "sophos-central", "title": "Malware detected: 'EICAR'", "host": "pc-6", "level": 1}
    check(as_json({"items": [event, update], "has_more": False}), [wanted, "not_a_detection:sensor_health"])


def test_a_virus_met_by_a_firewall_without_a_header() -> None:
    line = (
        b'date=2026-06-10 time=10:12:41 devname=fw-1 devid=FG1 logid="0211008192" type="utm" subtype="virus" '
        b'eventtype="infected" level="warning" vd="root" eventtime=1781053961 tz="+0900" msg="File is infected." '
        b'srcip=10.0.0.5 dstip=203.0.113.5 virus="EICAR_TEST_FILE" filename="a.zip" user="taro" crlevel="critical"'
    )
    wanted = {"format": "fortigate", "title": "EICAR_TEST_FILE", "level": 3, "src_ip": "10.0.0.5", "user": "taro",
              "time_utc": "2026-06-10T01:12:41.000Z"}  # fmt: skip
    assert choose(line).format == "fortigate"
    check(line, [wanted])
    check(b"<185>" + line, [wanted], "syslog")
    cef = (
        b"<185>Jun 10 10:12:41 fw-1 CEF:0|Fortinet|Fortigate|v7.2.0|08192|utm:virus infected blocked|4|"
        b"deviceExternalId=FG1 FTNTFGTlogid=0211008192 cat=utm:virus src=10.0.0.5 dst=203.0.113.5 "
        b"FTNTFGTlevel=warning FTNTFGTvirus=EICAR_TEST_FILE msg=File is infected."
    )
    check(cef, [{"format": "cef", "src_ip": "10.0.0.5", "level": 1}])


def test_a_text_in_quotes_cannot_pose_as_another_key() -> None:
    line = b'<1>logid=1 type="utm" subtype="ips" devid=F attack="x srcip=192.0.2.66" severity=high srcip=10.0.0.5'
    check(line, [{"title": "x srcip=192.0.2.66", "src_ip": "10.0.0.5"}])


def test_check_point_for_splunk() -> None:
    line = b"<134>Jun 10 10:12:41 fw time=1781053961|loguid={0x1}|product=IPS|severity=High|src=203.0.113.5|attack=SQL"
    flow = b"time=1781053961|loguid={0x2}|product=VPN-1 & FireWall-1|src=10.0.0.5|dst=203.0.113.5"
    wanted: list[Wanted] = [{"format": "check-point", "title": "SQL", "level": 2}, "not_a_detection:telemetry"]
    check(line + b"\n" + flow, wanted)


def test_an_okta_session_with_a_high_risk() -> None:
    event = {"uuid": "o", "published": AT, "eventType": "policy.evaluate_sign_on", "severity": "INFO",
             "displayMessage": "Sign on policy", "actor": {"alternateId": "taro@city.example"},
             "client": {"ipAddress": "203.0.113.9"}, "outcome": {"result": "CHALLENGE"}}  # fmt: skip
    risk = {"debugContext": {"debugData": {"risk": "{reasons=Anomalous Location, level=HIGH}"}}}
    wanted = {"format": "okta", "level": 2, "attacked": "taro@city.example", "attacker": "203.0.113.9"}
    check(as_json([event, {**event, **risk}]), ["not_a_detection:audit", wanted])
