"""Firewalls, clouds and services by their public documentation: what reports something, and who was hit."""

import json

import pytest

from csirt.model.detection import Detection
from csirt.model.sorting import attacked_and_attacker
from csirt.readers import formats
from csirt.readers.pairs import pairs
from tests.readers.examples import examples
from tests.readers.growth import in_proportion

FTD = (
    "<113>Nov 30 2026 02:10:00 fw : %FTD-1-430001: EventPriority: High, FirstPacketSecond: 2026-11-30T02:09:59Z, "
    "SrcIP: 198.51.100.4, DstIP: 10.0.0.5, SrcPort: 4444, DstPort: 445, Protocol: tcp, Priority: 1, GID: 1, "
    "SID: 41978, Message: {message}, Classification: Attempted Administrator Privilege Gain, User: {user}"
)
SIDES = {
    "ecs-network": ("10.20.3.142", "203.0.113.45"),
    "darktrace": ("pc-kanri-5", None),
    "netskope": ("pc-shimin-07", None),
    "google-workspace": ("kato@city.example", "198.51.100.66"),
    "defender-cloud": ("vm-web1", "198.51.100.9"),
    "eset": ("pc-eset.city.local", None),
    "zscaler": ("pc-zei-3", "198.51.100.23"),
    "cylance": ("pc-cyl1", None),
    "juniper-srx": ("10.0.0.5", "198.51.100.4"),
    "sophos-firewall": ("10.0.0.5", "198.51.100.4"),
    "sonicwall": ("10.0.0.5", "198.51.100.4"),
    "cisco-ftd": ("10.0.0.5", "198.51.100.4"),
    "snort": ("10.0.0.5", "198.51.100.4"),
    "office-365": ("hara@city.example", None),
    "azure-activity": ("vm-1", None),
    "trellix-epo": ("pc-epo1", None),
    "trellix-epo-xml": ("pc-epo2", "203.0.113.9"),
    "fortiedr": ("pc-fe1", None),
    "withsecure": ("pc-ws1", None),
    "harmony-email": ("mori@city.example", None),
    "i-filter": ("10.0.9.31", None),
    "desktop-keeper": ("pc-zei-12", None),
}
"""Who was hit, and by whom, in the first detection of each example."""


def detections(data: bytes | str) -> list[Detection]:
    raw = data.encode() if isinstance(data, str) else data
    return [one.result for one in formats.read(raw) if isinstance(one.result, Detection)]


@pytest.mark.parametrize("name", SIDES)
def test_whoever_was_hit_is_named_and_never_the_sensor(name: str) -> None:
    first, *_ = detections(examples()[name][0])
    hit, by = attacked_and_attacker(first)
    assert (hit.casefold(), by) == SIDES[name]


def test_a_text_between_commas_cannot_pose_as_another_key_and_keeps_its_commas() -> None:
    (seen,) = detections(FTD.format(message="SMB, SrcIP: 192.0.2.66, DstIP: 10.9.9.9", user="taro"))
    assert (seen.src_ip, seen.dst_ip, seen.title, seen.user) == ("198.51.100.4", "10.0.0.5", "SMB", "taro")
    (seen,) = detections(FTD.format(message="SMB exploit, second form", user="taro"))
    assert seen.title == "SMB exploit, second form"


def test_a_text_between_commas_with_semicolons_in_it_is_no_line_of_semicolons() -> None:
    (seen,) = detections(FTD.format(message="SMB; SrcIP: 192.0.2.66; DstIP: 10.9.9.9; Severity: low", user="taro"))
    assert (seen.format, seen.src_ip, seen.dst_ip) == ("cisco-ftd", "198.51.100.4", "10.0.0.5")


def test_trend_micro_apex_central_in_cef_with_the_time_as_it_writes_it() -> None:
    (seen,) = detections(
        "CEF:0|Trend Micro|Apex Central|2019|AV:Clean failed|TROJ_X.A|8|deviceExternalId=104 rt=Nov 30 2026 02:10:00 "
        "GMT+00:00 dhost=PC-AC1 duser=mori act=Clean failed fname=x.exe filePath=C:\\\\Temp src=10.0.3.4"
    )
    assert (seen.title, seen.host, seen.user, seen.level) == ("TROJ_X.A", "PC-AC1", "mori", 2)
    assert str(seen.time_utc) == "2026-11-30 02:10:00+00:00"


def test_a_user_that_the_product_does_not_know_is_nobody() -> None:
    (seen,) = detections(FTD.format(message="SMB", user="No Authentication Required"))
    assert not seen.user


def test_a_sentence_with_commas_and_colons_is_no_record() -> None:
    for text in ("Warning: disk full, please clean up: now, or later", "a, b, c: d", ", , : ", "x: y"):
        assert pairs(text) is None, text


@pytest.mark.parametrize(
    "piece", ["a: b, ", "x, ", "A B C D E F ", ", : ", ": ", "Aa: b", "a b: c, d", "A_", "<1>- ", "a=b, c: d, "]
)
def test_lines_of_commas_take_time_in_proportion(piece: str) -> None:
    def read(pieces: int) -> None:
        pairs("a: b, c: d, e: f, " + piece * pieces)

    assert in_proportion(read, 5_000, 200_000, tries=3, least=0.001)


@pytest.mark.parametrize(
    ("name", "change", "level"),
    [
        ("eset", {"threat_handled": False, "severity": "Warning"}, 2),
        ("eset", {"severity": "Warning"}, 1),
        ("cybereason", {"severity": "Low"}, 3),  # ransomware by its kind
        ("cybereason", {"severity": "Low", "malopDetectionType": "X", "detectionTypes": ["y"]}, 0),
        ("extrahop", {"risk_score": 61}, 2),
        ("extrahop", {"risk_score": 30}, 0),
        ("qradar-offense", {"magnitude": 9}, 3),
        ("qradar-offense", {"magnitude": 3}, 0),
        ("darktrace", {"score": 0.95, "model": {"then": {"name": "x", "priority": 5, "category": "Suspicious"}}}, 2),
        ("darktrace", {"acknowledged": {"username": "taro"}}, 0),
        ("defender-cloud", {"Status": "Dismissed"}, 0),
        ("google-workspace", {"metadata": {"severity": "HIGH"}}, 2),
        ("google-workspace", {"metadata": {"severity": "HIGH", "status": "CLOSED"}}, 0),
    ],
)
def test_scales_and_what_the_source_has_closed(name: str, change: dict[str, object], level: int) -> None:
    given = json.loads(examples()[name][0])
    first = given[0] if isinstance(given, list) else given
    (seen,) = detections(json.dumps({**first, **change}))
    assert (seen.format, seen.level) == (name, level)


def test_what_gateways_log_beside_threats_raises_none() -> None:
    sophos = '<30>device_name="SFW" timestamp="2026-11-30T02:10:01+0900" log_id="1" severity="Info" log_subtype="x" '
    for line in (
        sophos + 'log_type="Event" log_component="GUI"',
        sophos + 'log_type="Heartbeat" log_component="Heartbeat" hb_health="Green"',
        '<134>id=firewall sn=18B1 time="2026-11-30 02:10:01 UTC" fw=10.0.0.1 pri=6 m=537 msg="Connection Closed"',
        "<44>Nov 30 02:10:00 h CylancePROTECT: Event Type: AuditLog, Event Name: Login, Device Name: x, User: z",
    ):
        records = list(formats.read(line.encode()))
        assert [formats.as_row(one) for one in records] == [None], line
        assert not any("syslog" in name for name in formats.buckets(records)), line


@pytest.mark.parametrize(
    ("line", "bucket"),
    [
        ("CEF:0|Fortinet|Fortigate|v7|00013|traffic:forward close|3|cat=traffic:forward src=10.0.0.5", "flow"),
        ("CEF:0|Fortinet|Fortigate|v7|32001|event:system login|2|cat=event:system", "audit"),
        ("CEF:0|Palo Alto Networks|PAN-OS|10.0|end|TRAFFIC|1|src=10.0.0.5", "flow"),
        ("CEF:0|Palo Alto Networks|PAN-OS|10.0|general|SYSTEM|1|", "audit"),
        ("CEF:0|BarracudaNetworks|WAAS|1.0|WAF|WAF|4|cat=TR src=198.51.100.4 outcome=200", "flow"),
        ("CEF:0|Barracuda|WAF|1200|AUDIT|login|4|cat=AUDIT suser=admin", "audit"),
        ("CEF:0|KasperskyLab|SecurityCenter|14|KLAUD_EV_ADMGROUP_CHANGED|Audit|1|dhost=KSC", "audit"),
    ],
)
def test_what_a_product_sends_in_cef_beside_its_alerts_raises_none(line: str, bucket: str) -> None:
    assert list(formats.buckets(formats.read(line.encode()))) == [f"not_a_detection:{bucket}"]


def test_alerts_of_the_same_products_are_raised_on_their_own_scale() -> None:
    for line, level in (
        ("CEF:0|Fortinet|Fortigate|v7|16384|utm:ips signature dropped|7|cat=utm:ips src=198.51.100.4", 2),
        ("CEF:0|Palo Alto Networks|PAN-OS|10.0|vulnerability|THREAT|4|src=198.51.100.4", 1),
        ("CEF:0|KasperskyLab|SecurityCenter|14|GNRL_EV_VIRUS_FOUND|Detected object|4|dhost=PC-1", 2),
        ("CEF:0|Barracuda|WAF|1200|SQL_INJECTION_IN_PARAM|SQL_INJECTION_IN_PARAM|7|cat=WF src=198.51.100.4", 2),
        ("CEF:0|Another|Traffic|1|1|traffic|4|cat=traffic:forward", 1),
    ):
        assert [one.level for one in detections(line)] == [level], line


def test_addresses_with_port_and_more_behind_them_of_both_kinds() -> None:
    snort = {"rule": "1:41978:5", "msg": "SMB", "src_ap": "198.51.100.4:4444", "dst_ap": "10.0.0.5:445", "priority": 1}
    (seen,) = detections(json.dumps(snort))
    assert (seen.format, seen.src_ip, seen.dst_ip, seen.level) == ("snort", "198.51.100.4", "10.0.0.5", 2)
    (seen,) = detections(
        json.dumps({"msg": "SMB", "src_addr": "2001:db8::1", "dst_addr": "2001:db8::2", "priority": 3})
    )
    assert (seen.src_ip, seen.dst_ip, seen.level) == ("2001:db8::1", "2001:db8::2", 0)
    wall = '<129>id=firewall sn=18B1 fw=10.0.0.1 pri=1 m=608 msg="IPS Detection Alert: x" ipspri=2 '
    (seen,) = detections(wall + "src=198.51.100.4:4444:X1 dst=10.0.0.5:80:X0")
    assert (seen.src_ip, seen.dst_ip, seen.level) == ("198.51.100.4", "10.0.0.5", 1)
    (seen,) = detections(wall + "srcV6=2001:db8::1 dstV6=2001:db8::2")
    assert (seen.src_ip, seen.dst_ip) == ("2001:db8::1", "2001:db8::2")


def test_a_sign_in_in_the_logs_of_azure_stays_a_sign_in() -> None:
    signed_in = {
        "id": "s", "userPrincipalName": "zei@city.example", "appDisplayName": "x", "clientAppUsed": "Browser",
        "createdDateTime": "2026-11-30T02:01:00Z", "ipAddress": "203.0.113.9", "riskLevelDuringSignIn": "high",
        "riskState": "atRisk", "riskEventTypes_v2": ["anonymizedIP"],
    }  # fmt: skip
    stored = {
        "time": "2026-11-30T02:01:00Z", "resourceId": "/tenants/t/providers/Microsoft.aadiam", "correlationId": "c",
        "operationName": "Sign-in activity", "category": "SignInLogs", "resultType": "0", "properties": signed_in,
    }  # fmt: skip
    (seen,) = detections(json.dumps({"records": [stored]}))
    assert (seen.format, seen.level) == ("entra-risk", 2)
