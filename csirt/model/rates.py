"""How often and how fast people answer when they are called: figures for rehearsals, as dated data of a city. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NoReturn

from csirt.errors import Invalid
from csirt.model.chains import duration_from

_KEYS = frozenset({"source", "valid_from", "spread", "rate"})
_RATE_KEYS = frozenset({"party", "channel", "open", "closed", "median"})
_MOST_TEXT = 200
_WIDEST = 3.0


@dataclass(frozen=True, slots=True)
class Rate:
    """The probability that one call is answered, and the time that half of those who answer take."""

    answers: float
    median: timedelta


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the file: for which party (`*`: any; `office:*`: any office) and channel."""

    party: str
    channel: str
    open: float
    closed: float
    median: timedelta

    def is_for(self, party: str, channel: str) -> bool:
        if self.channel not in {"*", channel}:
            return False
        kind, star, _ = self.party.partition("*")
        return party.startswith(kind) if star else party == self.party


@dataclass(frozen=True, slots=True)
class AnswerRates:
    """The lines of the file; the first that fits counts. Times scatter log-normally with `sigma`."""

    lines: tuple[_Line, ...]
    sigma: float
    source: str
    valid_from: date

    def of(self, party: str, channel: str, *, is_open: bool) -> Rate:
        """The rate of one call. Nobody answers what no line speaks of."""
        for line in self.lines:
            if line.is_for(party, channel):
                return Rate(line.open if is_open else line.closed, line.median)
        return Rate(0.0, timedelta(minutes=1))


def rates_from(mapping: Mapping[str, Any], source: str) -> AnswerRates:
    """The rates that a file describes. Raises `Invalid` (`rates_malformed`) with file, line and key."""
    for key in mapping:
        if key not in _KEYS:
            _refuse(source, 0, str(key)[:40])
    lines = mapping.get("rate")
    if not isinstance(lines, list) or not lines:
        _refuse(source, 0, "rate")
    said, since, sigma = mapping.get("source"), mapping.get("valid_from"), mapping.get("spread", 0.8)
    if not isinstance(said, str) or not 0 < len(said) <= _MOST_TEXT:
        _refuse(source, 0, "source")
    if not isinstance(since, date) or isinstance(since, datetime):
        _refuse(source, 0, "valid_from")
    if not _is_number(sigma) or not 0 <= sigma <= _WIDEST:
        _refuse(source, 0, "spread")
    return AnswerRates(
        tuple(_line(line, number, source) for number, line in enumerate(lines, 1)), float(sigma), said, since
    )


def _line(line: object, number: int, source: str) -> _Line:
    if not isinstance(line, Mapping):
        _refuse(source, number, "rate")
    for key in _RATE_KEYS | line.keys():
        if key not in _RATE_KEYS or key not in line:
            _refuse(source, number, str(key)[:40])
    median = duration_from(line["median"])
    sound = {
        "open": _is_share(line["open"]),
        "closed": _is_share(line["closed"]),
        "party": isinstance(line["party"], str) and bool(line["party"]),
        "channel": isinstance(line["channel"], str) and bool(line["channel"]),
    }
    for key, is_sound in sound.items():
        if not is_sound:
            _refuse(source, number, key)
    if not median:
        _refuse(source, number, "median")
    return _Line(line["party"], line["channel"], float(line["open"]), float(line["closed"]), median)


def _is_share(value: object) -> bool:
    return _is_number(value) and 0 <= value <= 1  # type: ignore[operator]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse(file: str, line: int, key: str) -> NoReturn:
    raise Invalid("rates_malformed", file=file, line=line, key=key)
