"""Facts of an incident: what is known of it, how surely, since when and from whom; every statement is a new version.

Which facts there are is dated data (a catalogue). Codes, counts and times stand in the clear; free text lies in the
vault. A correction never overwrites: the sheet shows the newest version of each fact, the history shows all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from csirt.errors import Invalid

Value = None | int | str | tuple[str, ...]

TEXT_LIMIT = 4000
COUNT_LIMIT = 1_000_000_000
_YEARS = range(1990, 2200)


class FactState(StrEnum):
    """How sure a fact is: 確定, 推定, 調査中, 不明."""

    CONFIRMED = "confirmed"
    ESTIMATED = "estimated"
    INVESTIGATING = "investigating"
    UNKNOWN = "unknown"


class FactKind(StrEnum):
    """What a fact's value is."""

    TIME = "time"  # an instant, ISO 8601 in UTC
    COUNT = "count"  # a whole number from 0, in the unit of its definition
    FINDING = "finding"  # yes, suspected (おそれ), no
    CHOICE = "choice"  # one code
    CHOICES = "choices"  # several codes
    TEXT = "text"  # free text, kept in the vault


class FactSource(StrEnum):
    """Where a statement comes from."""

    REPORT = "report"  # the report that opened the case
    STAFF = "staff"  # what a member of staff found out or said
    LOGS = "logs"
    CONTRACTOR = "contractor"
    VENDOR = "vendor"
    SOC = "soc"
    POLICE = "police"
    AGENCY = "agency"  # another public body
    CITIZEN = "citizen"
    PLAYBOOK = "playbook"
    DETECTION = "detection"


FINDINGS = ("yes", "suspected", "no")
UNITS = ("people", "mails", "machines", "hours", "yen", "mbps", "pps")
NEEDS_VALUE = frozenset({FactState.CONFIRMED, FactState.ESTIMATED})


@dataclass(frozen=True, slots=True)
class FactOption:
    """One code that a choice may have, with its words."""

    code: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """One fact of the catalogue. `unit` is a code of ours; `source` says which rule or form asks for it."""

    name: str
    group: str
    kind: FactKind
    ja: str
    en: str
    valid_from: date
    source: str
    hint_ja: str = ""
    hint_en: str = ""
    unit: str = ""
    options: tuple[FactOption, ...] = ()

    def label(self, language: str) -> str:
        """Its name in `ja` or `en`."""
        return self.ja if language == "ja" else self.en

    def hint(self, language: str) -> str:
        """What to put in, in words; may be empty."""
        return self.hint_ja if language == "ja" else self.hint_en

    def option(self, code: str, language: str) -> str:
        """The words of a code; the code itself where it is no longer in the catalogue."""
        found = next((one for one in self.options if one.code == code), None)
        return code if found is None else found.ja if language == "ja" else found.en


@dataclass(frozen=True, slots=True)
class FactGroup:
    """A heading of the fact sheet."""

    name: str
    ja: str
    en: str

    def label(self, language: str) -> str:
        """Its name in `ja` or `en`."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class FactCatalogue:
    """All facts that may be stated, in the order of the sheet."""

    groups: tuple[FactGroup, ...] = ()
    facts: Mapping[str, FactDefinition] = field(default_factory=dict)
    source: str = ""

    def definition(self, name: str) -> FactDefinition:
        """The definition of a fact. Raises `Invalid` `fact_unknown`."""
        if name not in self.facts:
            raise Invalid("fact_unknown", field="fact", fact=name[:64])
        return self.facts[name]

    def in_group(self, group: str) -> Iterator[FactDefinition]:
        """The facts under one heading."""
        return (one for one in self.facts.values() if one.group == group)


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody says about one fact. `at`: as of when it holds, the instant of the commit unless it is given."""

    fact: str
    state: FactState
    value: Value = None
    source: FactSource = FactSource.STAFF
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One version of one fact; version 1 is the first. `by` is an opaque id, `stated_at` when it was recorded."""

    name: str
    version: int
    state: FactState
    value: Value
    source: FactSource
    at: datetime
    by: str
    stated_at: datetime

    @property
    def is_known(self) -> bool:
        """Is there a value to reckon with, be it estimated?"""
        return self.value is not None

    @property
    def instant(self) -> datetime | None:
        """The value of a TIME as an aware instant."""
        return datetime.fromisoformat(self.value) if isinstance(self.value, str) else None


def checked(statement: Statement, catalogue: FactCatalogue) -> Statement:
    """The same statement with its value in canonical form.

    Raises:
        Invalid: `fact_unknown`; `fact_value_missing` (確定 or 推定 without a value); `fact_value_unwanted` (不明 with
            one); `fact_value_malformed`, `text_too_long`; `field` names the fact.
    """
    definition = catalogue.definition(statement.fact)
    given = statement.value
    if given is None or given in {"", ()}:
        if statement.state in NEEDS_VALUE:
            raise Invalid("fact_value_missing", field=statement.fact, fact=statement.fact)
        value: Value = None
    elif statement.state is FactState.UNKNOWN:
        raise Invalid("fact_value_unwanted", field=statement.fact, fact=statement.fact)
    else:
        value = _CHECKS[definition.kind](definition, given)
    return Statement(statement.fact, statement.state, value, statement.source, statement.at)


def value_from(definition: FactDefinition, given: object) -> Value:
    """A value as JSON or a form gives it: lists become tuples, digits a count. Says nothing about whether it fits."""
    if isinstance(given, list | tuple):
        return tuple(str(one) for one in given)
    if isinstance(given, bool):
        return "yes" if given else "no"
    if definition.kind is FactKind.COUNT and isinstance(given, str) and given.strip().isdecimal():
        return int(given.strip()[:12])
    if isinstance(given, int | str) or given is None:
        return given
    raise _malformed(definition)


def _time(definition: FactDefinition, given: Value) -> Value:
    try:
        at = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at.year not in _YEARS:
        raise _malformed(definition)
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _count(definition: FactDefinition, given: Value) -> Value:
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= COUNT_LIMIT:
        raise _malformed(definition)
    return given


def _finding(definition: FactDefinition, given: Value) -> Value:
    if given not in FINDINGS:
        raise _malformed(definition)
    return given


def _choice(definition: FactDefinition, given: Value) -> Value:
    if not isinstance(given, str) or given not in {one.code for one in definition.options}:
        raise _malformed(definition)
    return given


def _choices(definition: FactDefinition, given: Value) -> Value:
    chosen = {given} if isinstance(given, str) else set(given) if isinstance(given, tuple) else set()
    codes = tuple(one.code for one in definition.options if one.code in chosen)
    if not codes or len(codes) != len(chosen):
        raise _malformed(definition)
    return codes


def _text(definition: FactDefinition, given: Value) -> Value:
    if not isinstance(given, str) or not given.strip():
        raise _malformed(definition)
    if len(given) > TEXT_LIMIT:
        raise Invalid("text_too_long", field=definition.name, limit=TEXT_LIMIT)
    return given.strip()


_CHECKS = {
    FactKind.TIME: _time,
    FactKind.COUNT: _count,
    FactKind.FINDING: _finding,
    FactKind.CHOICE: _choice,
    FactKind.CHOICES: _choices,
    FactKind.TEXT: _text,
}


def _malformed(definition: FactDefinition) -> Invalid:
    return Invalid("fact_value_malformed", field=definition.name, fact=definition.name, kind=definition.kind.value)


# -------------------------------------------------------------------------------------------------- reading the data

_KEYS = frozenset(
    {"name", "group", "kind", "ja", "en", "hint_ja", "hint_en", "unit", "options", "valid_from", "source"}
)


def catalogue_from(mapping: Mapping[str, object], file: str) -> FactCatalogue:
    """The catalogue of a parsed TOML file: `source`, lists `group` and `fact`.

    Raises:
        Invalid: `law_data_invalid`; `file` and `key` name the place.
    """
    groups = tuple(_group(row, file, f"group[{place}]") for place, row in enumerate(_rows(mapping, "group", file)))
    names = {group.name for group in groups}
    facts: dict[str, FactDefinition] = {}
    for place, row in enumerate(_rows(mapping, "fact", file)):
        one = _definition(row, file, f"fact[{place}]", names)
        if one.name in facts:
            raise invalid(file, f"fact[{place}].name")
        facts[one.name] = one
    return FactCatalogue(groups, facts, text_of(mapping, "source", file, "source"))


def invalid(file: str, key: str) -> Invalid:
    """The error for one place in a file of law data."""
    return Invalid("law_data_invalid", file=file, key=key)


def text_of(row: Mapping[str, object], key: str, file: str, place: str, *, optional: bool = False) -> str:
    """A text of a row, with something in it unless it is `optional`. Raises `Invalid`."""
    found = row.get(key, "" if optional else None)
    if not isinstance(found, str) or not (found.strip() or optional):
        raise invalid(file, place)
    return found


def _rows(mapping: Mapping[str, object], key: str, file: str) -> Sequence[Mapping[str, object]]:
    rows = mapping.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise invalid(file, key)
    return rows


def _group(row: Mapping[str, object], file: str, place: str) -> FactGroup:
    return FactGroup(*(text_of(row, key, file, f"{place}.{key}") for key in ("name", "ja", "en")))


def _definition(row: Mapping[str, object], file: str, place: str, groups: set[str]) -> FactDefinition:
    if strange := sorted(set(row) - _KEYS):
        raise invalid(file, f"{place}.{strange[0]}")
    text = {key: text_of(row, key, file, f"{place}.{key}") for key in ("name", "group", "kind", "ja", "en", "source")}
    more = {key: text_of(row, key, file, f"{place}.{key}", optional=True) for key in ("hint_ja", "hint_en", "unit")}
    valid_from, options = row.get("valid_from"), _options(row.get("options", []), file, f"{place}.options")
    if text["group"] not in groups:
        raise invalid(file, f"{place}.group")
    if text["kind"] not in set(FactKind):
        raise invalid(file, f"{place}.kind")
    if type(valid_from) is not date:
        raise invalid(file, f"{place}.valid_from")
    if more["unit"] not in {"", *UNITS}:
        raise invalid(file, f"{place}.unit")
    kind = FactKind(text.pop("kind"))
    if bool(options) != (kind in {FactKind.CHOICE, FactKind.CHOICES}):
        raise invalid(file, f"{place}.options")
    return FactDefinition(kind=kind, valid_from=valid_from, options=options, **text, **more)


def _options(rows: object, file: str, place: str) -> tuple[FactOption, ...]:
    """Triples of code, Japanese and English."""
    if not isinstance(rows, list):
        raise invalid(file, place)
    for row in rows:
        if not isinstance(row, list) or len(row) != 3 or not all(isinstance(part, str) and part for part in row):
            raise invalid(file, place)
    return tuple(FactOption(*row) for row in rows)
