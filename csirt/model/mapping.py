"""What our levels and types are called by others: dated data, one scheme a publisher. Pure.

A scheme may have several editions; the one of the day on which the city knew of the incident counts. What our source
was not certain of carries that mark.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from csirt.model.fact import invalid, text_of
from csirt.model.incident import IncidentType, Level

_KEYS = frozenset({"id", "ja", "en", "source", "valid_from", "valid_to", "uncertain", "levels", "types"})
_WORDS = frozenset({"ja", "en"})


@dataclass(frozen=True, slots=True)
class Term:
    """A class of another's scheme, in both languages."""

    ja: str
    en: str

    def label(self, language: str) -> str:
        """In `ja` or `en`."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class Scheme:
    """One edition of one scheme: classes for our levels, for our types, or for both."""

    id: str
    name: Term
    source: str
    valid_from: date
    valid_to: date | None = None
    uncertain: bool = False
    levels: Mapping[int, Term] = field(default_factory=dict)
    types: Mapping[str, Term] = field(default_factory=dict)

    @property
    def edition(self) -> str:
        """How this edition is called: the day from which it is valid."""
        return self.valid_from.isoformat()

    def is_valid(self, on: date) -> bool:
        """Is this edition in force on a day?"""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one scheme calls an incident."""

    scheme: Scheme
    term: Term


def mapped(schemes: Sequence[Scheme], type_: str, level: int, on: date) -> list[Mapped]:
    """What each scheme in force on a day calls an incident of this type and level, where it has a class for it."""
    found = []
    for scheme in schemes:
        term = scheme.types.get(type_) or scheme.levels.get(level)
        if term is not None and scheme.is_valid(on):
            found.append(Mapped(scheme, term))
    return found


def schemes_from(rows: object, file: str) -> tuple[Scheme, ...]:
    """The schemes of a parsed TOML file's list `scheme`.

    Raises:
        Invalid: `law_data_invalid`; `file` and `key` name the place.
    """
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise invalid(file, "scheme")
    found: list[Scheme] = []
    for place, row in enumerate(rows):
        one = _scheme(row, file, f"scheme[{place}]")
        if any(other.id == one.id and _overlap(other, one) for other in found):
            raise invalid(file, f"scheme[{place}].valid_from")
        found.append(one)
    return tuple(found)


def _overlap(one: Scheme, other: Scheme) -> bool:
    first, second = sorted((one, other), key=lambda scheme: scheme.valid_from)
    return first.valid_to is None or first.valid_to >= second.valid_from


def _scheme(row: Mapping[str, object], file: str, place: str) -> Scheme:
    if strange := sorted(set(row) - _KEYS):
        raise invalid(file, f"{place}.{strange[0]}")
    text = {key: text_of(row, key, file, f"{place}.{key}") for key in ("id", "ja", "en", "source")}
    days: dict[str, date | None] = {}
    for key in ("valid_from", "valid_to"):
        day = row.get(key)
        if (day is not None or key == "valid_from") and type(day) is not date:
            raise invalid(file, f"{place}.{key}")
        days[key] = day if isinstance(day, date) else None
    levels = _terms(row.get("levels", {}), {str(int(one)) for one in Level}, file, f"{place}.levels")
    types = _terms(row.get("types", {}), {one.value for one in IncidentType}, file, f"{place}.types")
    if not levels and not types:
        raise invalid(file, f"{place}.levels")
    return Scheme(
        text["id"], Term(text["ja"], text["en"]), text["source"], days["valid_from"] or date.min, days["valid_to"],
        row.get("uncertain") is True, {int(key): term for key, term in levels.items()}, types,
    )  # fmt: skip


def _terms(table: object, known: set[str], file: str, place: str) -> dict[str, Term]:
    """A text is the same in both languages; a table says both."""
    if not isinstance(table, Mapping):
        raise invalid(file, place)
    found: dict[str, Term] = {}
    for key, value in table.items():
        if key not in known:
            raise invalid(file, f"{place}.{key}")
        words = {"ja": value, "en": value} if isinstance(value, str) else value
        if not isinstance(words, Mapping) or set(words) != _WORDS or not all(_said(one) for one in words.values()):
            raise invalid(file, f"{place}.{key}")
        found[key] = Term(str(words["ja"]), str(words["en"]))
    return found


def _said(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
