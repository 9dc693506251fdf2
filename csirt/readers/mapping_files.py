"""Mapping files: TOML to a checked mapping. What is wrong is named with file, line and key."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn, TypeVar

from csirt.errors import Invalid
from csirt.readers import mapping
from csirt.readers.mapping import Choice, Classes, Condition, Rule, Severity, Times, VendorMapping, When
from csirt.readers.paths import Path, PathError, parse_path

HIGHEST_LEVEL = 4
MOST_CHOICES = 40
MOST_BYTES = 256 * 1024

_TOP = {
    *("format", "name", "input", "documents", "any_case", "lists", "body", "required", "recognise", "not_a_detection"),
    *("no_alarm", "at_least", "fields", "time", "severity", "observables", "rsit", "cut"),
    *("split", "columns", "separator"),
}
_CONDITION = {"path", "exists", "is", "not_in", "starts", "holds", "lacks", "at_least", "below"}
_NAME = re.compile(r"[a-z][a-z0-9.-]{1,39}")
_INPUT = re.compile("json|mail|pairs|csv|xml")
_SEPARATOR = re.compile(r"blank|tab|[,;|]")
_SIGNS = {"blank": " ", "tab": "\t"}
_WHY = re.compile(r"[a-z][a-z0-9_:]{1,39}")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RSIT = re.compile(r"[a-z][a-z0-9-]*(?:/[a-z][a-z0-9-]*)?")
_PLACE = re.compile(r"\{([^{}]+)\}")
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_LINE = re.compile(r"\(at line ([0-9]+)")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _File:
    """The file that is being read, for the place that an error names."""

    name: str
    text: str

    def unknown(self, key: str) -> Invalid:
        """The error for a key that we do not know."""
        return Invalid("mapping_key_unknown", file=self.name, line=line_of(self.text, key), key=key)

    def missing(self, key: str) -> Invalid:
        """The error for a key that must be there."""
        return Invalid("mapping_key_missing", file=self.name, line=line_of(self.text, key), key=key)

    def wrong(self, key: str, wanted: str) -> Invalid:
        """The error for a value of another form; `wanted` says which."""
        return Invalid("mapping_value_invalid", file=self.name, line=line_of(self.text, key), key=key, wanted=wanted)


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of the file; `at` is its own key with a dot, or empty."""

    file: _File
    at: str
    values: Mapping[str, object]
    any_case: bool = False

    def only(self, known: Iterable[str]) -> None:
        """Refuse keys of other names: a slip of the pen must not cost a fact."""
        for key in self.values:
            if key not in known:
                raise self.file.unknown(self.at + key)

    def reject(self, key: str, wanted: str) -> NoReturn:
        """Refuse the value of a key."""
        if key not in self.values:
            raise self.file.missing(self.at + key)
        raise self.file.wrong(self.at + key, wanted)

    def text(self, key: str, form: re.Pattern[str] | None = None) -> str:
        """A text that is there and, with `form`, has this form."""
        value = self.values.get(key)
        if not isinstance(value, str) or not value.strip() or (form and not form.fullmatch(value)):
            self.reject(key, "text" if form is None else form.pattern)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts; none where the key is not there."""
        value = self.values.get(key, [])
        many = value if isinstance(value, list) else [value]
        if len(many) > MOST_CHOICES or not all(isinstance(one, str | int | float) for one in many):
            self.reject(key, "texts")
        return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in many)

    def paths(self, key: str) -> tuple[Path, ...]:
        """Paths; none where the key is not there."""
        return tuple(self._path(key, one) for one in self.texts(key))

    def choices(self, key: str) -> tuple[Choice, ...]:
        """Paths and templates; none where the key is not there."""
        return tuple(self._choice(key, one) for one in self.texts(key))

    def level(self, key: str, otherwise: int) -> int:
        """A level of ours."""
        value = self.values.get(key, otherwise)
        if not is_level(value):
            self.reject(key, f"0..{HIGHEST_LEVEL}")
        return int(str(value))

    def table(self, key: str) -> "_Table":
        """A table inside; empty where the key is not there."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.reject(key, "table")
        return _Table(self.file, f"{self.at}{key}.", value, self.any_case)

    def tables(self, key: str) -> "list[_Table]":
        """A list of tables; none where the key is not there."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.reject(key, "tables")
        return [_Table(self.file, f"{self.at}{key}[{at}].", one, self.any_case) for at, one in enumerate(value)]

    def _path(self, key: str, text: str) -> Path:
        try:
            return parse_path(text, any_case=self.any_case)
        except PathError:
            self.reject(key, "path")

    def _choice(self, key: str, text: str) -> Choice:
        if "{" not in text:
            return Choice((self._path(key, text),))
        parts = _PLACE.split(text)
        if any("{" in word or "}" in word for word in parts[::2]) or len(parts) == 1:
            self.reject(key, "template")
        return Choice(tuple(self._path(key, one) for one in parts[1::2]), tuple(parts[::2]))


def read_mapping(content: bytes, file: str) -> VendorMapping:
    """A mapping from the bytes of its file; `file` is the name that errors give.

    Raises:
        Invalid: `mapping_not_toml`, `mapping_key_unknown`, `mapping_key_missing` or `mapping_value_invalid`, each with
            `file`, `line` (from 1) and, but for the first, `key`.
    """
    if len(content) > MOST_BYTES:
        raise Invalid("mapping_not_toml", file=file, line=1)
    try:
        text = content.decode()
        values = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        place = _LINE.search(str(error))
        raise Invalid("mapping_not_toml", file=file, line=int(place[1]) if place else 1) from error
    return _mapping(_Table(_File(file, text), "", values, any_case=values.get("any_case") is True))


def _mapping(top: _Table) -> VendorMapping:
    top.only(_TOP)
    if not isinstance(top.values.get("any_case", False), bool):
        top.reject("any_case", "true, false")
    recognise = tuple(_recognise(one) for one in top.tables("recognise"))
    if not recognise:
        top.reject("recognise", "tables")
    fields, kinds = top.table("fields"), top.table("observables")
    fields.only(mapping.FIELDS)
    if not fields.values.get("title"):
        fields.reject("title", "paths")
    for kind in kinds.values:
        if not _KIND.fullmatch(kind):
            kinds.reject(kind, _KIND.pattern)
    return VendorMapping(
        format=top.text("format", _NAME),
        name=top.text("name"),
        input=_optional(top, "input", _INPUT) or "json",
        documents=top.texts("documents"),
        lists=tuple(tuple(step.key for step in path.steps) for path in top.paths("lists")),
        body=top.paths("body"),
        required=top.paths("required"),
        recognise=recognise,
        not_a_detection=tuple(_rule(one, ("why",)) for one in top.tables("not_a_detection")),
        no_alarm=tuple(_rule(one, ("why",)) for one in top.tables("no_alarm")),
        at_least=tuple(_rule(one, ("level",)) for one in top.tables("at_least")),
        fields={key: fields.choices(key) for key in fields.values},
        time=_times(top.table("time")),
        severity=_severity(top.table("severity")),
        observables={kind: kinds.choices(kind) for kind in kinds.values},
        rsit=_classes(top.table("rsit")),
        cut=_texts_by_field(top.table("cut"), {*fields.values, *kinds.values}),
        split=_texts_by_field(top.table("split"), {*fields.values, *kinds.values}),
        columns=_columns(top),
        separator=_SIGNS.get(sign, sign) if (sign := _optional(top, "separator", _SEPARATOR)) else "",
    )


def _optional(top: _Table, key: str, form: re.Pattern[str]) -> str:
    """A text of this form; empty where the key is not there."""
    return top.text(key, form) if key in top.values else ""


def _columns(top: _Table) -> tuple[str, ...]:
    """The names of a table's columns, of any number; none where the file names them itself."""
    names = top.values.get("columns", [])
    good = isinstance(names, list) and all(isinstance(one, str) for one in names)
    if not good or not isinstance(names, list) or (names and top.values.get("input") != mapping.CSV):
        top.reject("columns", "texts")
    return tuple(names)


def _recognise(table: _Table) -> When:
    """What a record of this vendor must have: `has` paths, and conditions."""
    table.only({"has", "all", "any"})
    has = tuple(Condition(path, exists=True) for path in table.paths("has"))
    when = _when(table)
    if not (has or when.every or when.some):
        raise table.file.missing(f"{table.at}has")
    return When((*has, *when.every), when.some)


def _rule(table: _Table, result: Sequence[str]) -> Rule:
    table.only({*result, "all", "any"})
    when = _when(table)
    if not (when.every or when.some):
        raise table.file.missing(f"{table.at}all")
    if "why" in result:
        return Rule(when, why=table.text("why", _WHY))
    if "level" not in table.values:
        table.reject("level", f"0..{HIGHEST_LEVEL}")
    return Rule(when, level=table.level("level", 0))


def _when(table: _Table) -> When:
    return When(
        tuple(_condition(one) for one in table.tables("all")), tuple(_condition(one) for one in table.tables("any"))
    )


def _condition(table: _Table) -> Condition:
    table.only(_CONDITION)
    table.text("path")
    if len(table.values) == 1:
        raise table.file.missing(f"{table.at}is")
    exists = table.values.get("exists")
    if exists is not None and not isinstance(exists, bool):
        table.reject("exists", "true, false")
    return Condition(
        path=table.paths("path")[0],
        exists=exists,
        is_=frozenset(map(str.casefold, table.texts("is"))) or None,
        not_in=frozenset(map(str.casefold, table.texts("not_in"))) or None,
        starts=tuple(map(str.casefold, table.texts("starts"))),
        holds=tuple(map(str.casefold, table.texts("holds"))),
        lacks=tuple(map(str.casefold, table.texts("lacks"))),
        at_least=_number(table, "at_least"),
        below=_number(table, "below"),
    )


def _number(table: _Table, key: str) -> float | None:
    value = table.values.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        table.reject(key, "number")
    return float(value)


def _times(table: _Table) -> Times:
    table.only({"of", "format", "without_offset"})
    form = table.text("format") if "format" in table.values else "auto"
    if form not in {"auto", "epoch_ns", *mapping.UNITS} and "%" not in form:
        table.reject("format", f"auto, {', '.join(mapping.UNITS)}, epoch_ns, %Y-…")
    offset = None
    if "without_offset" in table.values:
        written = table.text("without_offset")
        match = _OFFSET.fullmatch("+00:00" if written == "utc" else written)
        if match is None:
            table.reject("without_offset", "utc, +09:00")
        offset = timedelta(hours=int(match[2]), minutes=int(match[3])) * (-1 if match[1] == "-" else 1)
    return Times(table.choices("of"), form, offset)


def _severity(table: _Table) -> Severity:
    table.only({"of", "highest_of", "level", "bands", "unknown"})
    levels = table.table("level")
    for word, level in levels.values.items():
        if not is_level(level):
            levels.reject(word, f"0..{HIGHEST_LEVEL}")
    return Severity(
        choices=table.choices("of"),
        highest_of=table.paths("highest_of"),
        levels={word.casefold(): int(str(level)) for word, level in levels.values.items()},
        bands=_bands(table),
        unknown=table.level("unknown", mapping.LEVEL_UNKNOWN),
    )


def _bands(table: _Table) -> tuple[tuple[float, int], ...]:
    """Pairs of the least number and the level, the highest number first."""
    value = table.values.get("bands", [])
    pairs: list[tuple[float, int]] = []
    for one in value if isinstance(value, list) else [None]:
        good = isinstance(one, list) and len(one) == 2 and not isinstance(one[0], bool) and is_level(one[1])
        if not good or not isinstance(one, list) or not isinstance(one[0], int | float):
            table.reject("bands", "[[number, level], …]")
        pairs.append((float(one[0]), one[1]))
    return tuple(sorted(pairs, reverse=True))


def _classes(table: _Table) -> Classes:
    table.only({"of", "table"})
    inner = table.table("table")
    for word in inner.values:
        inner.text(word, _RSIT)
    return Classes(table.choices("of"), {word.casefold(): str(value) for word, value in inner.values.items()})


def _texts_by_field(table: _Table, known: set[str]) -> Mapping[str, str]:
    """Of fields and kinds of observables one text each: before which values end, or which stands between them."""
    table.only(known)
    for key, value in table.values.items():
        if not isinstance(value, str) or not value:
            table.reject(key, "text")
    return {key: str(value) for key, value in table.values.items()}


def is_level(value: object) -> bool:
    """Whether a value is one of our levels."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST_LEVEL


def line_of(text: str, key: str) -> int:
    """The line (from 1) on which a key such as `severity.level.high` or `recognise[1].has` stands, or nearest to it.

    Where the key itself is not written (it is missing, or stands inside a table of one line), the line of what it
    would belong to.
    """
    wanted = re.sub(r"\[[0-9]+\]", lambda match: f".{match[0][1:-1]}", key).split(".")
    best, found = 1, 0
    for number, place in _places(text):
        shared = _shared(place, wanted)
        if shared > found:
            best, found = number, shared
    return best


def _places(text: str) -> Iterable[tuple[int, list[str]]]:
    """Each line that opens a table or sets a key, with the full key as a list of names and counts."""
    table: list[str] = []
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _names(header[2])
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], -1) + 1
                table = [*table, str(counts[header[2]])]
            yield number, table
        elif "=" in line and not line.lstrip().startswith("#"):
            yield number, [*table, *_names(line.partition("=")[0])]


def _names(text: str) -> list[str]:
    return [part.strip().strip("\"'") for part in text.split(".")]


def _shared(place: Sequence[str], wanted: Sequence[str]) -> int:
    """How many names two keys share from their beginning; 0 where the place leads elsewhere."""
    same: Callable[[tuple[str, str]], bool] = lambda pair: pair[0] == pair[1]  # noqa: E731
    return len(place) if len(place) <= len(wanted) and all(map(same, zip(place, wanted, strict=False))) else 0
