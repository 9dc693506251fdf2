"""A mapping: how one vendor's JSON becomes detections, as data. Read from TOML and checked here; applied in `mapped`.

`docs/howto/write-a-mapping.md` describes every key. A mapping holds paths (`csirt.readers.paths`), tables and
conditions, and no patterns, so nothing in it can be made slow by what an attacker writes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from csirt.model.detection import Unreadable
from csirt.readers.limits import as_text
from csirt.readers.paths import Path

FIELDS = ("id", "title", "host", "user", "src_ip", "dst_ip", "category", "signature", "state")
UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
LEVEL_UNKNOWN = 1
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)  # as a vendor writes one; each sign has one way to fit
PAIRS = "pairs"  # `input` of a mapping for lines of key=value
CSV = "csv"  # `input` of a mapping for tables
XML = "xml"  # `input` of a mapping for XML


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to a text: a path, or a template of paths and the words between them (`words` has one more)."""

    paths: tuple[Path, ...]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of the values at a path. Only what is set counts; all that is set must hold."""

    path: Path
    exists: bool | None = None
    is_: frozenset[str] | None = None
    not_in: frozenset[str] | None = None
    starts: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    at_least: float | None = None
    below: float | None = None

    def is_met(self, record: object) -> bool:
        """Whether a record meets it. Letters' case does not count."""
        values = self.path.find(record)
        if self.exists is not None and any(_says_something(one) for one in values) != self.exists:
            return False
        return self._words_fit([text for one in values if (text := plain(one))]) and self._sizes_fit(values)

    def _words_fit(self, texts: list[str]) -> bool:
        """The part about words: `is`, `not_in`, `starts`, `holds`, `lacks`."""
        folded = [text.casefold() for text in texts]
        checks: tuple[tuple[object, Callable[[], bool]], ...] = (
            (self.is_, lambda: any(text in (self.is_ or ()) for text in folded)),
            (self.not_in, lambda: not any(text in (self.not_in or ()) for text in folded)),
            (self.starts, lambda: any(text.startswith(self.starts) for text in folded)),
            (self.holds, lambda: any(part in text for text in folded for part in self.holds)),
            (self.lacks, lambda: not any(part in text for text in folded for part in self.lacks)),
        )
        return all(check() for wanted, check in checks if wanted)

    def _sizes_fit(self, values: list[object]) -> bool:
        """The part about numbers; without any number `below` holds and `at_least` does not."""
        numbers = [number for one in values if (number := as_number(one)) is not None]
        if self.at_least is not None and not any(number >= self.at_least for number in numbers):
            return False
        return self.below is None or all(number < self.below for number in numbers)


@dataclass(frozen=True, slots=True)
class When:
    """Several conditions: all of `every`, and one of `some` where it has any."""

    every: tuple[Condition, ...] = ()
    some: tuple[Condition, ...] = ()

    def is_met(self, record: object) -> bool:
        """Whether a record meets them."""
        return all(one.is_met(record) for one in self.every) and (
            not self.some or any(one.is_met(record) for one in self.some)
        )

    @property
    def first_keys(self) -> frozenset[str]:
        """The keys, folded, without which no record can meet the conditions that something be there."""
        return frozenset(one.path.steps[0].key.casefold() for one in self.every if one.exists or one.is_ or one.starts)

    @property
    def weight(self) -> int:
        """How much it asks for: of two mappings that fit, the more exact one is taken."""
        return len(self.every) + bool(self.some)


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows (`why`, or a least `level`) when conditions are met."""

    when: When
    why: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Times:
    """Where the time stands and how it is written; `offset` is what the vendor documents for times without one."""

    choices: tuple[Choice, ...] = ()
    format: str = "auto"
    offset: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Severity:
    """The source's own severity, and the written table that makes our level (0 to 4) of it."""

    choices: tuple[Choice, ...] = ()
    highest_of: tuple[Path, ...] = ()
    levels: Mapping[str, int] = field(default_factory=dict)
    bands: tuple[tuple[float, int], ...] = ()
    unknown: int = LEVEL_UNKNOWN

    def level_of(self, native: str | None) -> int:
        """Our level for a native severity: by the table of words, else by the bands of numbers."""
        word = (native or "").strip().casefold()
        if word in self.levels:
            return self.levels[word]
        number = as_number(word)
        fitting = [level for least, level in self.bands if number is not None and number >= least]
        return fitting[0] if fitting else self.unknown


@dataclass(frozen=True, slots=True)
class Classes:
    """A table from the source's own classes to those of RSIT; a key that ends with `*` fits what begins so."""

    choices: tuple[Choice, ...] = ()
    table: Mapping[str, str] = field(default_factory=dict)

    def class_of(self, texts: list[str]) -> str | None:
        """The class of the first text that the table knows."""
        for text in texts:
            folded = text.casefold()
            if folded in self.table:
                return self.table[folded]
            for key, value in self.table.items():
                if key.endswith("*") and folded.startswith(key[:-1]):
                    return value
        return None


@dataclass(frozen=True, slots=True)
class VendorMapping:
    """All that is known about one vendor's JSON. `lists` lead to records in an envelope, `body` into one record."""

    format: str
    name: str
    input: str = "json"  # or "mail": the facts of a mail, see `letters`; "pairs", "csv", "xml": see their modules
    documents: tuple[str, ...] = ()
    lists: tuple[tuple[str, ...], ...] = ()
    body: tuple[Path, ...] = ()
    required: tuple[Path, ...] = ()
    recognise: tuple[When, ...] = ()
    not_a_detection: tuple[Rule, ...] = ()
    no_alarm: tuple[Rule, ...] = ()
    at_least: tuple[Rule, ...] = ()
    fields: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    time: Times = field(default_factory=Times)
    severity: Severity = field(default_factory=Severity)
    observables: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    rsit: Classes = field(default_factory=Classes)
    cut: Mapping[str, str] = field(default_factory=dict)  # of a field or kind: its values end before this text
    split: Mapping[str, str] = field(default_factory=dict)  # of a field or kind: the text that stands between values
    columns: tuple[str, ...] = ()  # of a table that does not name its own
    separator: str = ""  # between the cells of a table; empty: commas, tabs or semicolons, as its first line shows

    def likeness(self, record: object) -> int:
        """How surely a record is of this vendor: 0 not at all, else the number of conditions that speak for it."""
        body = self.body_of(record)
        return max((one.weight for one in self.recognise if one.is_met(body)), default=0)

    def body_of(self, record: object) -> object:
        """The part of a record that the other paths start from."""
        for path in self.body:
            inner = next((one for one in path.find(record) if isinstance(one, dict)), None)
            if inner is not None:
                return inner
        return record

    def missing(self, record: object) -> Unreadable | None:
        """What a record lacks that this format requires."""
        lacking = next((path for path in self.required if not any(map(_says_something, path.find(record)))), None)
        return Unreadable("field_missing", ".".join(step.key for step in lacking.steps)) if lacking else None


def plain(value: object) -> str | None:
    """A value as a text to compare: truth values as `true` and `false`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return as_text(value)


def as_number(value: object) -> float | None:
    """A number, or a short text that is written as one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    return float(text) if len(text) <= 20 and _NUMBER.fullmatch(text) else None


def _says_something(value: object) -> bool:
    """Whether a value is more than null, an empty text, an empty object or an empty list."""
    return value is not None and value not in ("", {}, [])
