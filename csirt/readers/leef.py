"""Log Event Extended Format (IBM, "Log Event Extended Format (LEEF)", versions 1.0 and 2.0), inside syslog or bare.

Five header fields end at pipes; version 2.0 has a sixth that names the delimiter of the attributes: one character
(`^`), its code (`0x5E`, `x5E`), or nothing, which means a tab. Some products leave the sixth field out; then the text
after the fifth pipe already is an attribute. Severity is 1 to 10, 10 the highest.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from csirt.model.detection import Detection, Unreadable
from csirt.model.sorting import ours_and_theirs
from csirt.readers.limits import Limits, as_text, as_title
from csirt.readers.syslog_header import header_time
from csirt.readers.times import instant, instant_as

FORMAT = "leef"
MARKER = re.compile(r"LEEF:\s?([12](?:\.[0-9])?)\|")
BROKEN_MARKER = re.compile(r"(?:^|\s)LEEF:")
LEVEL_UNKNOWN = 1

# sev 1 (lowest) to 10 (highest); words as some products write them.
LEVELS = {
    **dict.fromkeys(("0", "1", "2", "3", "low", "info", "informational"), 0),
    **dict.fromkeys(("4", "5", "6", "medium", "moderate", "warning"), 1),
    **dict.fromkeys(("7", "8", "high"), 2),
    **dict.fromkeys(("9", "10", "very-high", "critical"), 3),
}
_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}=")
_CODE = re.compile(r"(?:0?x|\\x)([0-9A-Fa-f]{1,4})")
# Letters of Java's SimpleDateFormat that devTimeFormat uses, longest first, to those of strptime.
_JAVA = (
    *(("yyyy", "%Y"), ("MMM", "%b"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S")),
    *(("SSS", "%f"), ("Z", "%z"), ("z", "%Z"), ("XXX", "%z"), ("'T'", "T")),
)
_LETTERS = re.compile("|".join(re.escape(java) for java, _ in sorted(_JAVA, key=lambda pair: -len(pair[0]))))


def judge(line: str, limits: Limits) -> Detection | Unreadable:
    """A line that holds the marker of LEEF as a detection."""
    marker = MARKER.search(line)
    if marker is None:
        return Unreadable("leef_header", "field 1 of 5")
    fields = line[marker.end() :].split("|", 4)
    if len(fields) < 5:
        return Unreadable("leef_header", f"field {len(fields) + 1} of 5")
    found = attributes(fields[4], marker[1])
    if len(found) > limits.keys:
        return Unreadable("too_many_keys", f"{len(found)} keys")
    return _detection([one.strip() for one in fields[:4]], found, line[: marker.start()])


def attributes(text: str, version: str) -> dict[str, str]:
    """The attributes; the first of a name given twice stays."""
    delimiter = "\t"
    if version.startswith("2"):
        named, pipe, rest = text.partition("|")
        # With a sixth field there is a pipe before the first equals sign, and what stands before it is no attribute.
        if pipe and not _ATTRIBUTE.match(named) and len(named) <= 6:
            delimiter, text = _delimiter(named), rest
    if delimiter not in text and delimiter == "\t":
        delimiter = _guessed(text)
    found: dict[str, str] = {}
    for part in text.split(delimiter):
        name, equals, value = part.strip().partition("=")
        if equals and name and value.strip():
            found.setdefault(name, value.strip())
    return found


def _delimiter(field: str) -> str:
    """The delimiter that a sixth field names."""
    if code := _CODE.fullmatch(field.strip()):
        return chr(int(code[1], 16))
    return field[:1] or "\t"


def _guessed(text: str) -> str:
    """Products and relays that turn tabs into something else: what stands before the second name."""
    second = next((match for match in _ATTRIBUTE.finditer(text) if match.start() > 0), None)
    before = text[second.start() - 1] if second else "\t"
    return before if before in "^|;,\x01\x1f" else "\t"


def _detection(header: list[str], found: Mapping[str, str], before: str) -> Detection:
    """A record. `header`: vendor, product, version, event id."""
    vendor, product, _, event = header
    severity = _first(found, "sev", "severity") or ""
    source, destination = _first(found, "src", "srcIPv6"), _first(found, "dst", "dstIPv6")
    host = _first(found, "identHostName", "dstHostName", "resource", "srcHostName", "hostName")
    time_raw, at = _time(found, before)
    attacked, _ = ours_and_theirs(source, destination)
    observables = {
        "attacked": _first(found, "identHostName", "dstHostName", "resource") or attacked or host,
        "url": _first(found, "url"),
        "file": _first(found, "fileName", "filePath"),
        "hash": _first(found, "fileHash", "sha256", "md5"),
        "description": _first(found, "msg", "reason"),
        "policy": _first(found, "policy"),
    }
    return Detection(
        format=FORMAT,
        title=_title(event, f"{vendor} {product}", found),
        severity_native=as_text(severity) or "",
        level=LEVELS.get(severity.strip().casefold(), LEVEL_UNKNOWN),
        id=_first(found, "externalId", "eventId", "alertId"),
        time_raw=time_raw,
        time_utc=at,
        src_ip=source,
        dst_ip=destination,
        host=host,
        user=_first(found, "usrName", "identUserName", "accountName"),
        category=_first(found, "cat"),
        signature=as_text(f"{vendor}|{product}|{event}"),
        observables={kind: (value,) for kind, value in observables.items() if value},
    )


def _title(event: str, product: str, found: Mapping[str, str]) -> str:
    """The event's id where it is a name; a mere number is given words."""
    if event and not event.replace("-", "").replace(":", "").isdecimal():
        return as_title(event) or "LEEF"
    said = _first(found, "name", "eventName", "eventDesc", "msg", "reason", "cat")
    return as_title(f"{said} ({product} {event})" if said else f"{product} {event}") or "LEEF"


def _time(found: Mapping[str, str], before: str) -> tuple[str | None, datetime | None]:
    """DevTime in the form that devTimeFormat gives; else the time of the syslog header."""
    written, form = _first(found, "devTime"), found.get("devTimeFormat", "")
    stamp = header_time(before)
    at = (instant_as(written, _strptime(form)) if form else None) or instant(written)
    if written and at:
        return written, at
    if stamp and instant(stamp):
        return stamp, instant(stamp)
    return written or stamp, None


def _strptime(java: str) -> str:
    """A form of Java's SimpleDateFormat as one of strptime."""
    table = dict(_JAVA)
    return _LETTERS.sub(lambda match: table[match[0]], java[:64])


def _first(found: Mapping[str, str], *names: str) -> str | None:
    """The first of these attributes that has a value, as bounded text."""
    return next((text for name in names if (text := as_text(found.get(name)))), None)
