r"""Common Event Format (ArcSight, "Implementing ArcSight CEF", revisions 16 to 26), bare or inside syslog.

The seven fields of the header end at pipes that no backslash escapes; the extension is `key=value` with blanks inside
values, where a key is a word after a blank and before an unescaped equals sign. Around it may stand a header of
RFC 3164 or RFC 5424, or none. Products bend this: a blank after `CEF:`, variables left as `$name`, words for
severities; values are kept as they arrived, and only what cannot be split is refused.

`host` of a detection is `dvchost`, else `dhost`, else `shost`. Which host was *attacked* is another question: a sensor
in the network reports about others, an agent about its own machine. The answer is the observable `attacked`.

A header that breaks off is unreadable (`cef_header`). What other lines are, `csirt.readers.logs` knows.
"""

import re
from collections.abc import Mapping

from csirt.model.detection import Detection, NotADetection, Unreadable
from csirt.model.sorting import ours_and_theirs, plain_address
from csirt.readers.limits import Limits, as_text, as_title
from csirt.readers.syslog_header import header_time
from csirt.readers.times import instant, looks_like_time

FORMAT = "cef"

# Severity, by the revision 25 table: 0-3 Low, 4-6 Medium, 7-8 High, 9-10 Very-High; the same as words.
LEVELS = {
    **dict.fromkeys(("0", "1", "2", "3", "low", "info", "informational"), 0),
    **dict.fromkeys(("4", "5", "6", "medium", "moderate", "warning"), 1),
    **dict.fromkeys(("7", "8", "high"), 2),
    **dict.fromkeys(("9", "10", "very-high", "very high", "critical"), 3),
}
LEVEL_UNKNOWN = 1  # Unknown, an unfilled variable, a number off the scale: somebody should look

# Products that run on the machine they report about: there `dvchost` is the machine that was hit.
AGENTS = re.compile(
    r"agent|endpoint|\bedr\b|\bxdr\b|anti.?virus|apex one|officescan|deep security|workload|server protect|defender"
    r"|falcon|sentinelone|carbon black|cylance|sysmon|エージェント|エンドポイント",
    re.IGNORECASE | re.ASCII,  # ASCII: a boundary also between Latin letters and Japanese
)

# What products send in CEF beside their alerts, by their own word for the kind: vendor, where the word stands, how it
# begins, and what it is. (FortiOS "CEF support", PAN-OS "CEF Configuration Guide", Kaspersky Security Center.)
CONTEXT = (
    ("fortinet", "cat", ("traffic:", "traffic"), "flow"),
    ("fortinet", "cat", ("event:", "event"), "audit"),
    ("palo alto networks", "name", ("traffic",), "flow"),
    ("palo alto networks", "name", ("system", "config", "hipmatch", "hip-match", "userid", "globalprotect"), "audit"),
    ("kasperskylab", "class", ("klaud_", "klprci_taskstate", "klnag_"), "audit"),
    # Barracuda, "Types of Logs": accesses and network firewall, audit, system; WF is the web firewall.
    *(("barracuda", "cat", ("tr", "nf"), "flow"), ("barracuda", "cat", ("audit", "sys"), "audit")),
)
# Products whose numbers are no 0 to 10. Kaspersky Security Center: 1 information, 2 warning, 3 failure, 4 critical.
SCALES = {"kasperskylab": {"1": 0, "2": 1, "3": 1, "4": 2}}

MARKER = re.compile(r"CEF:\s?[0-9]+(?:\.[0-9]+)?\|")
BROKEN_MARKER = re.compile(r"(?:^|\s)CEF:")
_HEADER_FIELD = re.compile(r"((?:[^\\|]|\\.)*+)(\||$)", re.DOTALL)
_ESCAPED_IN_HEADER = re.compile(r"\\([\\|])")
_KEY = re.compile(r"(?:^|(?<=\s))([A-Za-z0-9_][A-Za-z0-9_.\-]*+(?:\[[0-9]{1,6}\])?)=")
# \n and \r stay as they are: nothing here needs line ends, and half-escaped Windows paths and accounts survive.
_ESCAPED_IN_VALUE = re.compile(r"\\([\\=|])")
_HEX = {32: "md5", 40: "sha1", 64: "sha256"}


def judge(line: str, limits: Limits) -> Detection | NotADetection | Unreadable:
    """A line that holds the marker of CEF as a detection, unless its product says that it reports nothing."""
    marker = MARKER.search(line)
    if marker is None:
        return Unreadable("cef_header", "field 1 of 7")
    fields: list[str] = []
    at = marker.end()
    while len(fields) < 6:
        field = _HEADER_FIELD.match(line, at)
        if field is None or (not field[2] and len(fields) < 5):
            return Unreadable("cef_header", f"field {len(fields) + 2} of 7")
        fields.append(_ESCAPED_IN_HEADER.sub(r"\1", field[1]).strip())
        at = field.end()
    values = extension(line[at:])
    if len(values) > limits.keys:
        return Unreadable("too_many_keys", f"{len(values)} keys")
    if why := _context(fields, values):
        return NotADetection(FORMAT, why)
    return _detection(fields, values, line[: marker.start()])


def extension(text: str) -> dict[str, str]:
    """Keys and values of an extension; of a key given twice the first that has a value stays.

    Values run to the next key: `msg=a b src=…` gives `a b`. The first wins, because what an attacker can write (a
    message, an address of a page) tends to stand behind what the product states.
    """
    found: dict[str, str] = {}
    end = len(text)
    for key in reversed(list(_KEY.finditer(text))):
        value = text[key.end() : end].strip()
        end = key.start()
        if value or key[1] not in found:
            found[key[1]] = _ESCAPED_IN_VALUE.sub(r"\1", value) if "\\" in value else value
    return found


def _context(header: list[str], fields: Mapping[str, str]) -> str:
    """What a line is that reports nothing; empty for every other."""
    vendor, _, _, event_class, name, _ = (one.casefold() for one in header)
    words = {"class": event_class, "name": name, "cat": fields.get("cat", "").casefold()}
    return next(
        (why for whose, place, kinds, why in CONTEXT if vendor.startswith(whose) and words[place].startswith(kinds)), ""
    )


def _detection(header: list[str], fields: Mapping[str, str], before: str) -> Detection:
    """A CEF record as a detection. `header`: vendor, product, version, event class, name, severity."""
    vendor, product, _, event_class, name, severity = header
    time_raw = _time(fields, before)
    source = _address(fields, "src", "sourceAddress", "c6a2")
    destination = _address(fields, "dst", "destinationAddress", "c6a3")
    host = _first(fields, "dvchost", "deviceHostName", "dhost", "destinationHostName", "shost", "sourceHostName")
    return Detection(
        format=FORMAT,
        title=as_title(name) or as_title(event_class) or as_title(f"{vendor} {product}") or "CEF",
        severity_native=as_text(severity) or "",
        level=level_of(severity, vendor),
        id=_identifier(fields),
        time_raw=time_raw,
        time_utc=instant(time_raw),
        src_ip=source,
        dst_ip=destination,
        host=host,
        user=_first(fields, "duser", "destinationUserName", "suser", "sourceUserName"),
        category=_first(fields, "cat", "deviceEventCategory"),
        # The class alone is not unique between products, and some give one class to all their alerts.
        signature=as_text(f"{vendor}|{product}|{event_class}|{name}"),
        observables={
            **_sides(fields, f"{vendor} {product}", source, destination),
            **_observables(fields),
        },
    )


def level_of(severity: str, vendor: str = "") -> int:
    """Our level for a native severity: a number of 0 to 10, a word, or what the vendor means by its numbers."""
    word = severity.strip().casefold()
    if (level := SCALES.get(vendor.casefold(), {}).get(word)) is not None:
        return level
    whole = word.partition(".")[0]
    return LEVELS.get(whole if whole.isdigit() else word, LEVEL_UNKNOWN)


def _identifier(fields: Mapping[str, str]) -> str | None:
    """The product's own id of the event; a variable that was not filled in is none."""
    given = _first(fields, "externalId", "externalID")
    return None if given and given.startswith("$") else given


def _time(fields: Mapping[str, str], before: str) -> str | None:
    """When it was: receipt, start, end, or the time of the syslog header; the first that fixes an instant.

    Where none does, the first that has the form of a time stands as it is written.
    """
    keys = ("rt", "deviceReceiptTime", "start", "startTime", "end", "endTime")
    written = [value for key in keys if (value := as_text(fields.get(key)))]
    if stamp := header_time(before):
        written.append(stamp)
    fixed = next((value for value in written if instant(value)), None)
    return fixed or next((value for value in written if looks_like_time(value)), None)


def _address(fields: Mapping[str, str], key: str, long_key: str, ipv6_key: str) -> str | None:
    """An address; IPv6 stands in a custom field whose label says so (revision 25, "c6a2", "c6a3")."""
    given = _first(fields, key, long_key)
    if given is None and "ipv6" in fields.get(f"{ipv6_key}Label", "").casefold():
        given = _first(fields, ipv6_key)
    return given


def _sides(
    fields: Mapping[str, str], product: str, source: str | None, destination: str | None
) -> dict[str, tuple[str, ...]]:
    """The attacked host, and the attacker where the addresses alone would not tell.

    An agent reports about its own machine. Else, of the two sides the one that is ours was hit, by name if it has one;
    a destination that is named only was hit by the source.
    """
    device = _first(fields, "dvchost", "deviceHostName")
    target = _first(fields, "dhost", "destinationHostName")
    origin = _first(fields, "shost", "sourceHostName")
    ours, _ = ours_and_theirs(source, destination)
    found: dict[str, str | None] = {}
    if device and AGENTS.search(product):
        found["attacked"] = device
    elif target and source and not destination:
        found = {"attacked": target, "attacker": source}
    elif ours and ours == plain_address(source) != plain_address(destination):
        found["attacked"] = origin or ours
    else:
        found["attacked"] = target or ours or origin or device
    return {kind: (value,) for kind, value in found.items() if value}


def _observables(fields: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """What else the record names."""
    digest = _first(fields, "fileHash") or ""
    found = {
        "url": _first(fields, "request"),
        "file": _first(fields, "filePath", "fname"),
        "device_id": _first(fields, "deviceExternalId", "deviceExternalID"),
        _HEX.get(len(digest), "hash"): digest,
    }
    return {kind: (value,) for kind, value in found.items() if value}


def _first(fields: Mapping[str, str], *keys: str) -> str | None:
    """The first of these keys that has a value, as bounded text."""
    for key in keys:
        if key in fields and (text := as_text(fields[key])):
            return text
    return None
