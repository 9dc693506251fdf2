"""Times as sources write them, to an instant in UTC; None where the text does not fix one.

A time without an offset is not guessed at: what it means is for people to say. Fractions of up to nine digits are cut
to microseconds. Nothing here raises on content.
"""

import re
from datetime import UTC, datetime, timedelta

# RFC 3339 and ISO 8601 as found in the field: blank instead of T, comma before fractions, offset without a colon.
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"\s?(?:([Zz])|(?:UTC|GMT)?([+-])([0-9]{2}):?([0-9]{2})?|\(?([A-Za-z]{3})\)?)?"
)
# RFC 5322 §3.3, as mail and HTTP write it; what stands in brackets behind the offset is a comment.
_MAIL = re.compile(
    r"(?:[A-Za-z]{3}, {1,2})?([0-9]{1,2}) ([A-Za-z]{3}) ([0-9]{4}) ([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?"
    r"(?: ?(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2})|([A-Za-z]{3})))?(?: \([A-Za-z]{1,9}\))?"
)
# As Japanese products and people write it: 2026年6月10日 10時12分41秒, 令和8年6月10日 10:12, 2026/06/10 10:12:41.
_JAPANESE = re.compile(
    r"(?:令和([0-9]{1,2}|元)|([0-9]{4}))[年/]([0-9]{1,2})[月/]([0-9]{1,2})日?\s{0,2}(?:\([月火水木金土日]\)\s{0,2})?"
    r"([0-9]{1,2})[時:]([0-9]{1,2})(?:[分:](?:([0-9]{1,2})秒?(?:\.([0-9]{1,9}))?)?)?"
    r"\s?(?:([Zz])|(?:UTC|GMT)?([+-])([0-9]{2}):?([0-9]{2})?|\(?([A-Za-z]{3})\)?)?"
)
# Suricata and Snort in fast.log: month/day[/year]-time, with a year of two or four digits or none.
_FAST = re.compile(
    r"([0-9]{2})/([0-9]{2})(?:/([0-9]{4}|[0-9]{2}))?-([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
)
# As most sensors write it (RFC 3339 §5.6): the standard library reads that, and quickly.
_COMMON = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3}(?:[0-9]{3})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
# CEF revision 16 to 26, "Date formats": MMM dd [yyyy] HH:mm:ss[.SSS] [zzz]; RFC 3164 §4.1.2 is the shortest of them.
_MONTH_FIRST = re.compile(
    r"([A-Za-z]{3}) {1,2}([0-9]{1,2})(?: ([0-9]{4}))? ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?: ?(?:([Zz])|(?:UTC|GMT)?([+-])([0-9]{2}):?([0-9]{2})?|([A-Za-z]{3})))?"
)
_EPOCH = re.compile(r"([0-9]{9,19})(?:\.([0-9]{1,9}))?")
_COUNT = re.compile(r"([0-9]{1,19})(?:\.([0-9]{1,9}))?")
_FACTORS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1, "epoch_ns": None}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Only names that mean one offset everywhere or in Japan; CST, IST and their like mean several.
_ZONES = {"utc": timedelta(0), "gmt": timedelta(0), "jst": timedelta(hours=9)}
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
# Below this many digits an epoch counts seconds, milliseconds, microseconds; from there on nanoseconds.
_UNITS = ((12, 1_000_000), (15, 1_000), (18, 1))
_FIRST_OF_REIWA = 2019
_LONGEST = 64


def instant(raw: str | None, without_offset: timedelta | None = None) -> datetime | None:
    """The instant in UTC that a text names: ISO 8601, epoch in s, ms, µs or ns, month first, mail, Japanese, fast.log.

    `without_offset` is the offset from UTC that the vendor documents for times that are written without one; None where
    nothing is documented, and then such a time names no instant.
    """
    text = (raw or "").strip()
    if not text or len(text) > _LONGEST:
        return None
    if match := _EPOCH.fullmatch(text):
        return _since_epoch(match[1], match[2])
    return _common(text) or _written(text, without_offset)


def _common(text: str) -> datetime | None:
    """The instant of a time as most write it; None for others, a leap second, and a day that is in no calendar."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if _COMMON.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


def _written(text: str, without_offset: timedelta | None) -> datetime | None:
    """The instant of a time that is no count."""
    if match := _ISO.fullmatch(text):
        year, month, day, hour, minute, second, fraction, *zone = match.groups()
        return _at((year, month, day, hour, minute, second or "0"), fraction, _offset(zone, without_offset))
    if match := _MONTH_FIRST.fullmatch(text):
        name, day, year, hour, minute, second, fraction, *zone = match.groups()
        parts = (year or "0", _month(name), day, hour, minute, second)
        return _at(parts, fraction, _offset(zone, without_offset))
    if match := _MAIL.fullmatch(text):
        day, name, year, hour, minute, second, *zone = match.groups()
        return _at((year, _month(name), day, hour, minute, second or "0"), None, _offset(zone, without_offset))
    if match := _JAPANESE.fullmatch(text):
        era_year, year, month, day, hour, minute, second, fraction, *zone = match.groups()
        year = year or str(_FIRST_OF_REIWA + (0 if era_year == "元" else int(era_year) - 1))
        return _at((year, month, day, hour, minute, second or "0"), fraction, _offset(zone, without_offset))
    if match := _FAST.fullmatch(text):
        month, day, year, hour, minute, second, fraction = match.groups()
        return _at((f"{year or 0:0>4}", month, day, hour, minute, second), fraction, without_offset)
    return None


def instant_as(raw: str | None, form: str, without_offset: timedelta | None = None) -> datetime | None:
    """The same where the form is known: `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`, or one of `datetime.strptime`.

    `auto` is `instant`. A count of any size is taken in the unit that is named.
    """
    text = (raw or "").strip()
    if form == "auto" or not text or len(text) > _LONGEST:
        return instant(text, without_offset)
    if form.startswith("epoch_"):
        match = _COUNT.fullmatch(text)
        return _counted(match[1], match[2], _FACTORS[form]) if match else None
    try:
        written = datetime.strptime(text, form)  # noqa: DTZ007 an offset is added below or there is no instant
        offset = written.utcoffset() if written.tzinfo else without_offset
        return None if offset is None else written.replace(tzinfo=UTC) - offset
    except (ValueError, OverflowError):
        return None


def looks_like_time(raw: str) -> bool:
    """Whether a text has one of the forms above, even one that names no instant."""
    return any(form.fullmatch(raw.strip()[:_LONGEST]) for form in (_ISO, _EPOCH, _MONTH_FIRST, _MAIL, _JAPANESE, _FAST))


def to_milliseconds(at: datetime) -> str:
    """An instant as ISO 8601 in UTC with milliseconds (cut, not rounded) and Z."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z".rjust(24, "0")


def _month(name: str) -> str:
    """The number of a month's English name; 0 for none."""
    return str(_MONTHS.index(name.lower()) + 1) if name.lower() in _MONTHS else "0"


def _offset(zone: list[str | None], without: timedelta | None) -> timedelta | None:
    """The offset from UTC; `without` where none is written, None where its name is not one of ours."""
    zulu, sign, hours, minutes, name = zone
    if zulu:
        return timedelta(0)
    if name:
        return _ZONES.get(name.lower())
    if not sign or not hours:
        return without
    offset = timedelta(hours=int(hours), minutes=int(minutes or "0"))
    return -offset if sign == "-" else offset


def _at(parts: tuple[str, ...], fraction: str | None, offset: timedelta | None) -> datetime | None:
    """Put an instant together; None where the calendar or the clock has no such time."""
    year, month, day, hour, minute, second = (int(part) for part in parts)
    leap = second == 60  # RFC 3339 §5.7 allows a leap second: it is the second after :59
    if offset is None or abs(offset) >= timedelta(hours=24):
        return None
    microsecond = int((fraction or "").ljust(6, "0")[:6])
    try:
        local = datetime(year, month, day, hour, minute, second - leap, microsecond, tzinfo=UTC)
        return local + timedelta(seconds=leap) - offset
    except (ValueError, OverflowError):
        return None


def _since_epoch(digits: str, fraction: str | None) -> datetime | None:
    """An instant from a count; its unit shows in its size. Counts before 1973 are fillers, not times."""
    significant = digits.lstrip("0")
    if len(significant) < 9:
        return None
    return _counted(significant, fraction, next((factor for below, factor in _UNITS if len(significant) < below), None))


def _counted(digits: str, fraction: str | None, factor: int | None) -> datetime | None:
    """An instant from a count of units of `factor` microseconds; None for nanoseconds."""
    microseconds = int(digits) // 1000 if factor is None else int(digits) * factor
    if factor == 1_000_000:
        microseconds += int((fraction or "").ljust(6, "0")[:6])
    try:
        return _EPOCH_START + timedelta(microseconds=microseconds)
    except OverflowError:
        return None
