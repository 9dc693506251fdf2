"""Suricata EVE JSON (docs.suricata.io, "Eve JSON Format", versions 4 to 8).

Only `event_type` alert reports something; flow, dns, tls, http, stats and the rest are context. The field `host` of
EVE names the sensor, so it is not taken for the attacked host; where a rule declares its target (`alert.source`,
`alert.target`), that is kept as observables `attacker` and `attacked`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable
from csirt.readers.limits import DEFAULT_LIMITS, Limits, as_text, as_title, opens_json
from csirt.readers.records import Piece, json_records
from csirt.readers.times import instant

FORMAT = "suricata-eve"

# alert.severity is the priority of the rule's class (classification.config): 1 is the highest, 4 and above inform.
LEVELS = {"1": 2, "2": 1, "3": 0, "4": 0}
LEVEL_UNKNOWN = 1  # no severity, or one the table does not know: somebody should look
LEVEL_LOWEST = 0  # any larger number: priorities go down as numbers go up

EVENT_TYPES = frozenset(
    {
        *("anomaly", "drop", "fileinfo", "flow", "frame", "metadata", "netflow", "packet", "stats"),
        *("arp", "bittorrent-dht", "dcerpc", "dhcp", "dnp3", "dns", "doh2", "enip", "ftp", "ftp_data", "http", "http2"),
        *("ike", "krb5", "ldap", "mdns", "modbus", "mqtt", "nfs", "pgsql", "pop3", "quic", "rdp", "rfb", "sip", "smb"),
        *("smtp", "snmp", "ssh", "tftp", "tls", "websocket"),
    }
)

_MARK = re.compile(rb'"event_type"\s*:')
_TIMESTAMP = re.compile(rb'"timestamp"\s*:')
_STATS = re.compile(rb'"event_type"\s*:\s*"stats"')


@dataclass(slots=True)
class SuricataEve:
    """Reads EVE JSON: one object a line, one array, or objects over several lines."""

    limits: Limits = DEFAULT_LIMITS
    format: str = FORMAT

    def recognises(self, head: bytes) -> bool:
        """JSON that names `event_type` and `timestamp`, the two fields of every EVE record."""
        return opens_json(head) and bool(_MARK.search(head)) and bool(_TIMESTAMP.search(head))

    def read(self, data: bytes) -> Iterator[SourceRecord]:
        """Every record in order."""
        for piece in json_records(data, self.limits):
            yield SourceRecord(piece.index, piece.raw, _judge(piece))


def is_eve(record: object) -> bool:
    """Whether a parsed object has the two fields of every EVE record, at its top."""
    return isinstance(record, dict) and isinstance(record.get("event_type"), str) and "timestamp" in record


def _judge(piece: Piece) -> Detection | NotADetection | Unreadable:
    """What one record is."""
    record = piece.value
    if isinstance(record, Unreadable):
        # Counters of a many-threaded sensor pass the bound of keys and come every few seconds; nothing else does.
        counters = record.code == "too_many_keys" and _STATS.search(piece.raw)
        return NotADetection(FORMAT, "event_type:stats") if counters else record
    return judge(record) if isinstance(record, dict) else Unreadable("not_an_object", "record")


def judge(record: Mapping[str, object]) -> Detection | NotADetection | Unreadable:
    """What one record is that has been parsed."""
    kind = record.get("event_type")
    if not isinstance(kind, str):
        return Unreadable("field_missing", "event_type")
    if kind != "alert":
        return NotADetection(FORMAT, f"event_type:{kind if kind in EVENT_TYPES else 'other'}")
    alert = record.get("alert")
    return _detection(record, alert) if isinstance(alert, dict) else Unreadable("field_missing", "alert")


def _detection(record: Mapping[str, object], alert: Mapping[str, object]) -> Detection:
    """An alert as a detection."""
    severity = as_text(alert.get("severity"))
    signature = as_text(alert.get("signature_id"))
    category = as_text(alert.get("category"))
    time_raw = as_text(record.get("timestamp"))
    return Detection(
        format=FORMAT,
        title=as_title(alert.get("signature")) or category or f"sid {signature or '?'}",
        severity_native=severity or "",
        level=level_of(severity),
        id=as_text(record.get("flow_id")),
        time_raw=time_raw,
        time_utc=instant(time_raw),
        src_ip=as_text(record.get("src_ip")),
        dst_ip=as_text(record.get("dest_ip")),
        category=category,
        signature=signature,
        observables=_observables(record, alert),
    )


def level_of(severity: str | None) -> int:
    """Our level for a native severity."""
    if severity in LEVELS:
        return LEVELS[severity]
    if severity and severity.isascii() and severity.isdigit() and int(severity[:9]) > 0:
        return LEVEL_LOWEST
    return LEVEL_UNKNOWN


def _observables(record: Mapping[str, object], alert: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """What else the record names: who hit whom by the rule's own word, names, addresses and hashes."""
    http, tls = _inner(record, "http"), _inner(record, "tls")
    files = record.get("files")
    first = files[0] if isinstance(files, list) and files and isinstance(files[0], dict) else {}
    found = {
        "attacked": _inner(alert, "target").get("ip"),
        "attacker": _inner(alert, "source").get("ip"),
        "domain": http.get("hostname") or tls.get("sni"),
        "url": http.get("url"),
        "sha256": _inner(record, "fileinfo").get("sha256") or first.get("sha256"),
    }
    return {kind: (text,) for kind, value in found.items() if (text := as_text(value))}


def _inner(record: Mapping[str, object], name: str) -> Mapping[str, object]:
    """An object inside a record; empty where there is none."""
    value = record.get(name)
    return value if isinstance(value, dict) else {}
