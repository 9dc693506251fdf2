"""PAN-OS (Palo Alto Networks, "Syslog Field Descriptions", PAN-OS 9 to 11): comma-separated logs inside syslog.

THREAT is a detection where its subtype says that something hostile was met; traffic, configuration, system, url
filtering and the like are context. Times are the device's own clock without an offset; the newer field at the end with
an offset (`high resolution timestamp`) is taken where it is there. Severity is a word.
"""

import csv
import re

from csirt.model.detection import Detection, NotADetection, Unreadable
from csirt.readers.limits import as_text, as_title
from csirt.readers.times import instant

FORMAT = "pan-os"
# Future use, receive time, serial number, type: the first field may follow the header of syslog at once.
MARKER = re.compile(
    r"(?:^|[ \t:])[0-9]{0,3},(?P<time>[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8}),(?P<serial>[A-Za-z0-9-]{0,40}),"
    r"(?P<type>[A-Z-]{3,20}),"
)
THREATS = frozenset(
    {
        *("virus", "wildfire-virus", "spyware", "vulnerability", "wildfire", "flood", "scan", "packet", "exploit"),
        *("ml-virus", "spyware-dns", "dns-security", "inline-cloud-c2", "c2"),
    }
)
LEVELS = {"informational": 0, "low": 0, "medium": 1, "high": 2, "critical": 3}
LEVEL_UNKNOWN = 1
_TYPES = frozenset({"TRAFFIC", "CONFIG", "SYSTEM", "HIPMATCH", "HIP-MATCH", "USERID", "DECRYPTION", "GLOBALPROTECT"})
_OFFSET_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9]{2}:[0-9]{2})")
# Places of a THREAT log, from 0.
_SUBTYPE, _TIME, _SRC, _DST, _RULE, _SRC_USER, _DST_USER, _APP, _SESSION = 4, 6, 7, 8, 11, 12, 13, 14, 22
_URL, _THREAT, _CATEGORY, _SEVERITY = 31, 32, 33, 34


def judge(line: str) -> Detection | NotADetection | Unreadable:
    """A line that holds the marker of PAN-OS."""
    marker = MARKER.search(line)
    if marker is None:
        return Unreadable("not_pan_os", "line")
    start = marker.start() + (0 if line[marker.start()].isdigit() or line[marker.start()] == "," else 1)
    try:
        fields = next(csv.reader([line[start:]]))
    except (csv.Error, StopIteration):
        return Unreadable("not_csv", "line")
    kind, subtype = marker["type"], fields[_SUBTYPE].casefold() if len(fields) > _SUBTYPE else ""
    if kind != "THREAT":
        return NotADetection(
            FORMAT, f"log_type:{kind.lower().replace('-', '')}" if kind in _TYPES else "log_type:other"
        )
    if subtype not in THREATS:
        return NotADetection(FORMAT, "log_type:threat_context")
    if len(fields) <= _SEVERITY:
        return Unreadable("too_few_fields", f"{len(fields)} fields")
    return _detection(fields, subtype)


def _detection(fields: list[str], subtype: str) -> Detection:
    threat, severity = fields[_THREAT], fields[_SEVERITY]
    written = next((one for one in reversed(fields) if _OFFSET_TIME.fullmatch(one)), None) or fields[_TIME]
    observables = {
        "url": as_text(fields[_URL]),
        "rule": as_text(fields[_RULE]),
        "application": as_text(fields[_APP]),
        "session": as_text(fields[_SESSION]),
    }
    return Detection(
        format=FORMAT,
        title=as_title(threat) or f"PAN-OS {subtype}",
        severity_native=as_text(severity) or "",
        level=LEVELS.get(severity.strip().casefold(), LEVEL_UNKNOWN),
        time_raw=as_text(written),
        time_utc=instant(as_text(written)),
        src_ip=as_text(fields[_SRC]),
        dst_ip=as_text(fields[_DST]),
        user=as_text(fields[_SRC_USER]) or as_text(fields[_DST_USER]),
        category=as_text(subtype),
        signature=as_text(f"{subtype}|{threat}"),
        observables={kind: (value,) for kind, value in observables.items() if value},
    )
