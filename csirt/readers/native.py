"""Our own JSON, for sensors and scripts that speak to us directly: `csirt.detection.v1`.

One object, an array of them, or one a line. Fields are those of `csirt.model.detection.Detection`:

| field | value |
|---|---|
| `schema` | `csirt.detection.v1`; may be left out |
| `title` | text, required |
| `level` | integer 0 to 4; 1 where left out |
| `severity_native` | text or number, as the source words it |
| `id` | text or number: the source's own id |
| `time` or `time_utc` | ISO 8601 with an offset, or an epoch; a time without an offset is kept as written |
| `time_raw` | as written by the source |
| `src_ip`, `dst_ip` | IPv4 or IPv6 addresses |
| `host`, `user`, `category`, `signature` | text |
| `observables` | object: kind to a text or a list of texts |
| `format` | where it came from at first; kept as observable `origin` |
| `i` | ignored, so that what `csirt read --json` wrote can be read again |

A field of another name is refused: a slip of the pen must not cost a fact.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from csirt.model.detection import Detection, SourceRecord, Unreadable
from csirt.readers.limits import DEFAULT_LIMITS, Limits, as_text, as_title, opens_json
from csirt.readers.records import json_records
from csirt.readers.times import instant

FORMAT = "csirt.detection.v1"
LEVEL_UNKNOWN = 1
HIGHEST_LEVEL = 4
_LONGEST_ADDRESS = 200  # characters, with a zone and blanks around it

_TEXTS = ("id", "severity_native", "time_raw", "time", "time_utc", "host", "user", "category", "signature", "format")
_ADDRESSES = ("src_ip", "dst_ip")
_AS_TEXT = frozenset((*_TEXTS, *_ADDRESSES))
FIELDS = frozenset((*_TEXTS, *_ADDRESSES, "schema", "title", "level", "observables", "i"))

_MARK = re.compile(rb'"schema"\s*:\s*"csirt\.detection\.v1"')
_TITLE = re.compile(rb'"title"\s*:')
_OWN_FIELD = re.compile(rb'"(?:severity_native|time_raw|src_ip|dst_ip)"\s*:')
_EVE = re.compile(rb'"event_type"\s*:')
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(slots=True)
class Native:
    """Reads our own JSON."""

    limits: Limits = DEFAULT_LIMITS
    format: str = FORMAT

    def is_sure_of(self, head: bytes) -> bool:
        """JSON that names our schema."""
        return opens_json(head) and bool(_MARK.search(head))

    def recognises(self, head: bytes) -> bool:
        """JSON that names our schema, or a title together with a field name that is ours."""
        if not opens_json(head):
            return False
        ours = bool(_TITLE.search(head)) and bool(_OWN_FIELD.search(head)) and not _EVE.search(head)
        return ours or self.is_sure_of(head)

    def read(self, data: bytes) -> Iterator[SourceRecord]:
        """Every record in order."""
        for piece in json_records(data, self.limits):
            yield SourceRecord(piece.index, piece.raw, _judge(piece.value))


def _judge(record: object) -> Detection | Unreadable:
    """What one record is."""
    if isinstance(record, Unreadable):
        return record
    if not isinstance(record, dict):
        return Unreadable("not_an_object", "record")
    wrong = _first_wrong(record)
    return wrong or _detection(record)


def _first_wrong(record: Mapping[str, object]) -> Unreadable | None:
    """The first thing that keeps this from being a detection of ours."""
    if not record.keys() <= FIELDS:
        place = next(place for place, name in enumerate(record, start=1) if name not in FIELDS)
        return Unreadable("field_unknown", f"field {place}")
    if record.get("schema", FORMAT) != FORMAT:
        return Unreadable("schema_unknown", "schema")
    if not isinstance(record.get("title"), str) or as_title(record["title"]) is None:
        return Unreadable("field_missing", "title")
    for name, value in record.items():
        is_good = _CHECKS.get(name)
        if is_good and not is_good(value):
            return Unreadable("field_invalid", name)
    return None


def _detection(record: Mapping[str, object]) -> Detection:
    """A checked record as a detection."""
    level = record.get("level")
    told = {name: as_text(value) for name, value in record.items() if name in _AS_TEXT}.get
    written = told("time") or told("time_utc")
    time_raw = told("time_raw") or written
    return Detection(
        format=FORMAT,
        title=as_title(record["title"]) or "",
        severity_native=told("severity_native") or "",
        level=level if isinstance(level, int) else LEVEL_UNKNOWN,
        id=told("id"),
        time_raw=time_raw,
        time_utc=instant(told("time_utc")) or instant(written) or instant(time_raw),
        src_ip=told("src_ip"),
        dst_ip=told("dst_ip"),
        host=told("host"),
        user=told("user"),
        category=told("category"),
        signature=told("signature"),
        observables=_observables(record.get("observables"), told("format")),
    )


def _is_scalar(value: object) -> bool:
    """Text, a number, or nothing."""
    return value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))


def _is_level(value: object) -> bool:
    """0 to 4, or nothing."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST_LEVEL)


def _is_address(value: object) -> bool:
    """An IP address as text, or nothing."""
    return value is None or (isinstance(value, str) and len(value) <= _LONGEST_ADDRESS and _names_an_address(value))


@lru_cache(maxsize=8192)
def _names_an_address(text: str) -> bool:
    """The same addresses come again and again."""
    try:
        ipaddress.ip_address(text.strip())
    except ValueError:
        return False
    return True


def _are_observables(value: object) -> bool:
    """Kinds that are plain words, each with a text or a list of texts; or nothing."""
    if value is None:
        return True
    return isinstance(value, dict) and all(
        _KIND.fullmatch(kind) and all(isinstance(text, str) for text in (inner if isinstance(inner, list) else [inner]))
        for kind, inner in value.items()
    )


def _is_instant(value: object) -> bool:
    """A time that we can place, or nothing."""
    return value is None or (_is_scalar(value) and instant(as_text(value)) is not None)


_CHECKS: Mapping[str, Callable[[object], bool]] = {
    **dict.fromkeys(_TEXTS, _is_scalar),
    **dict.fromkeys(_ADDRESSES, _is_address),
    "level": _is_level,
    "observables": _are_observables,
    "time_utc": _is_instant,
}


def _observables(given: object, origin: str | None) -> dict[str, tuple[str, ...]]:
    """The observables, bounded; and the format that a forwarded detection had at first."""
    found = {
        kind: tuple(text for one in (inner if isinstance(inner, list) else [inner]) if (text := as_text(one)))
        for kind, inner in (given.items() if isinstance(given, dict) else ())
    }
    if origin and origin != FORMAT:
        found.setdefault("origin", (origin,))
    return {kind: texts for kind, texts in found.items() if texts}
