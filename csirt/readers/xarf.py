"""What makes an X-ARF report valid (xarf.org, version 4; the schemas of versions 1 to 3 before it).

An abuse report is a claim by a stranger, so it must have the form it claims before it opens anything here. Reports of
version 3 may name fields that we do not know only under `Custom` and `AdditionalInfo`. Codes: `field_missing`,
`field_invalid`, with the path.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping

from csirt.model.detection import Unreadable
from csirt.readers.times import instant

CATEGORIES = frozenset(
    {
        *("connection", "content", "copyright", "infrastructure", "messaging", "reputation", "vulnerability"),
        *("abuse", "other"),
    }
)
_PROTOCOLS = frozenset({"tcp", "udp", "icmp", "icmpv6", "sctp", "gre", "esp", "igmp"})
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_SOURCES = ("SourceIp", "Source", "SourceUrl", "SourceUri", "Url", "SourceDomain", "SourceEmail")
Check = Callable[[object], bool]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_address(value: object) -> bool:
    try:
        ipaddress.ip_address(value if isinstance(value, str) else "")
    except ValueError:
        return False
    return True


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65_535


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_time(value: object) -> bool:
    return isinstance(value, str) and instant(value) is not None


def _is_mail(value: object) -> bool:
    return isinstance(value, str) and value.count("@") == 1 and not value.startswith("@") and not value.endswith("@")


def _is_domain(value: object) -> bool:
    return isinstance(value, str) and bool(_DOMAIN.fullmatch(value))


def _is_protocol(value: object) -> bool:
    return isinstance(value, str) and value.casefold() in _PROTOCOLS


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(_WORD.fullmatch(value))


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _are_scalars(value: object) -> bool:
    return isinstance(value, dict) and all(one is None or isinstance(one, str | int | float) for one in value.values())


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


_V4: dict[str, Check] = {
    "report_id": _is_text,
    "timestamp": _is_time,
    "source_identifier": _is_text,
    "category": lambda value: value in CATEGORIES if isinstance(value, str) else False,
    "type": _is_word,
}
_V4_OPTIONAL: dict[str, Check] = {
    "source_port": _is_port,
    "destination_ip": _is_address,
    "destination_port": _is_port,
    "first_seen": _is_time,
    "last_seen": _is_time,
    "evidence": _are_objects,
    "tags": _are_texts,
}
_PARTY: dict[str, Check] = {"org": _is_text, "contact": _is_mail, "domain": _is_domain}
_REPORTER: dict[str, Check] = {"ReporterOrg": _is_text, "ReporterOrgDomain": _is_domain, "ReporterOrgEmail": _is_mail}
_REPORTER_OPTIONAL: dict[str, Check] = {
    "ReporterContactEmail": _is_mail,
    "ReporterContactName": _is_text,
    "ReporterContactPhone": _is_text,
}
_REPORT: dict[str, Check] = {"ReportClass": _is_text, "ReportType": _is_text, "Date": _is_time}
_REPORT_OPTIONAL: dict[str, Check] = {
    "SourceIp": _is_address,
    "DestinationIp": _is_address,
    "SourcePort": _is_port,
    "DestinationPort": _is_port,
    "FirstSeen": _is_time,
    "LastSeen": _is_time,
    "TransportProtocol": _is_protocol,
    "ByteCount": _is_count,
    "PacketCount": _is_count,
    "FileSize": _is_count,
    "FileHash": _is_text,
    "FileName": _is_text,
    "Ongoing": _is_flag,
    "Custom": _are_scalars,
    "Samples": _are_objects,
    "Attachment": _are_objects,
}
_SAMPLE: dict[str, Check] = {"ContentType": _is_text, "Payload": lambda value: isinstance(value, str)}
_SAMPLE_OPTIONAL: dict[str, Check] = {"Description": lambda value: isinstance(value, str), "Base64Encoded": _is_flag}


def flaw(record: Mapping[str, object]) -> Unreadable | None:
    """The first thing that keeps a report from being valid; None for a valid one."""
    return _flaw_of_4(record) if "xarf_version" in record else _flaw_of_3(record)


def _flaw_of_4(record: Mapping[str, object]) -> Unreadable | None:
    version = record.get("xarf_version")
    if not isinstance(version, str) or not version.startswith("4."):
        return Unreadable("field_invalid", "xarf_version")
    parties = [(name, record.get(name)) for name in ("reporter", "sender") if name == "reporter" or name in record]
    return _checked(record, _V4, _V4_OPTIONAL, "") or _first(
        _checked(party, _PARTY, {}, f"{name}.") if isinstance(party, dict) else Unreadable("field_invalid", name)
        for name, party in parties
    )


def _flaw_of_3(record: Mapping[str, object]) -> Unreadable | None:
    reporter, report = record.get("ReporterInfo"), record.get("Report")
    if not isinstance(reporter, dict):
        return Unreadable("field_invalid" if "ReporterInfo" in record else "field_missing", "ReporterInfo")
    if not isinstance(report, dict):
        return Unreadable("field_invalid" if "Report" in record else "field_missing", "Report")
    unknown = next((one for one in reporter if one not in {**_REPORTER, **_REPORTER_OPTIONAL}), None)
    return _first(
        (
            Unreadable("field_invalid", "ReporterInfo") if unknown is not None else None,
            _checked(record, {"Version": _is_text, "Disclosure": _is_flag}, {}, ""),
            _checked(reporter, _REPORTER, _REPORTER_OPTIONAL, "ReporterInfo."),
            _checked(report, _REPORT, _REPORT_OPTIONAL, "Report."),
            None if any(report.get(name) for name in _SOURCES) else Unreadable("field_missing", "Report.SourceIp"),
            _flaw_of_samples(report.get("Samples")),
            _flaw_of_processing(record),
        )
    )


def _flaw_of_samples(samples: object) -> Unreadable | None:
    many = samples if isinstance(samples, list) else []
    return _first(_checked(one, _SAMPLE, _SAMPLE_OPTIONAL, "Report.Samples.") for one in many if isinstance(one, dict))


def _flaw_of_processing(record: Mapping[str, object]) -> Unreadable | None:
    """Parts that are objects or absent, and the tags of those who passed the report on."""
    for name in ("OnBehalfOf", "InternalProcessing"):
        if name in record and not isinstance(record[name], dict):
            return Unreadable("field_invalid", name)
    inner = record.get("InternalProcessing")
    tags = inner.get("EventTags", []) if isinstance(inner, dict) else []
    return None if _are_texts(tags) else Unreadable("field_invalid", "InternalProcessing.EventTags")


def _checked(
    record: Mapping[str, object], must: Mapping[str, Check], may: Mapping[str, Check], at: str
) -> Unreadable | None:
    """The first field that is missing or of another form."""
    for name, check in must.items():
        if record.get(name) is None:
            return Unreadable("field_missing", f"{at}{name}")
        if not check(record[name]):
            return Unreadable("field_invalid", f"{at}{name}")
    wrong = next(
        (name for name, check in may.items() if record.get(name) is not None and not check(record[name])), None
    )
    return Unreadable("field_invalid", f"{at}{wrong}") if wrong else None


def _first(flaws: "object") -> Unreadable | None:
    return next((one for one in flaws if one is not None), None)  # type: ignore[attr-defined]
