"""Mapping files: which field of a report goes into which cell of an official form. Errors name file, line and field.

```toml
form = "common_ransomware"
editions = ["2026-10-01"]
file = "yoshiki2.xlsx"

[[cell]]
field = "summary"
to = "様式2!C12"          # or the name of a cell, as Excel's name box has it

[[cell]]
fact = "cause"            # a single fact; with `is` a mark is written where it has that value
is = "ransomware"
to = "様式2!B5"
write = "☑"
```
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from csirt.errors import Invalid
from csirt.model.fact import FactCatalogue
from csirt.model.report import OF_THE_CASE, ReportForm

_CELL = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_NAME = re.compile(r"[\w\u3000-\u9fff][\w.\u3000-\u9fff]{0,254}")
_FILE = re.compile(r"[^/\\]{1,120}\.xlsx")
_LINE = re.compile(r"\(at line ([0-9]+)")
_KEYS = frozenset({"field", "fact", "case", "is", "to", "write"})
_TOP = frozenset({"form", "editions", "file", "cell", "title"})
MOST_CELLS = 2000


@dataclass(frozen=True, slots=True)
class Target:
    """Where a text goes: a cell of a sheet, or (then `sheet` is empty) what a defined name points at."""

    sheet: str
    cell: str


@dataclass(frozen=True, slots=True)
class CellRule:
    """One cell. `field`, `fact` or `case` says what goes in; with `value`, `write` goes in where the fact has it."""

    line: int
    to: Target
    field: str = ""
    fact: str = ""
    case: str = ""
    value: str = ""
    write: str = ""

    @property
    def name(self) -> str:
        """What errors call it."""
        return self.field or self.fact or self.case


@dataclass(frozen=True, slots=True)
class FormMapping:
    """A mapping file that was read."""

    name: str
    title: str
    form: str
    editions: frozenset[str]
    file: str
    cells: tuple[CellRule, ...]

    def invalid(self, code: str, rule: CellRule, **more: str) -> Invalid:
        """An error about one cell."""
        return Invalid(code, file=self.name, line=rule.line, field=rule.name, **more)


def mapping_from(text: str, name: str, forms: Mapping[str, ReportForm], facts: FactCatalogue) -> FormMapping:
    """A mapping file, checked against the forms and facts that there are.

    Raises:
        Invalid: `form_mapping_not_toml` with `file` and `line`; `form_mapping_invalid` with `file`, `line` and `field`.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _LINE.search(str(error))
        raise Invalid("form_mapping_not_toml", file=name, line=int(place[1]) if place else 1) from error
    reader = _Reader(text, name, facts)
    if strange := sorted(set(table) - _TOP):
        raise reader.wrong(strange[0], reader.line_of_key(strange[0]))
    form = forms.get(str(table.get("form", "")))
    if form is None:
        raise reader.wrong("form", reader.line_of_key("form"))
    editions = table.get("editions", [one.name for one in form.editions])
    if not isinstance(editions, list) or not set(map(str, editions)) <= {one.name for one in form.editions}:
        raise reader.wrong("editions", reader.line_of_key("editions"))
    file = table.get("file")
    if not isinstance(file, str) or not _FILE.fullmatch(file):
        raise reader.wrong("file", reader.line_of_key("file"))
    rows = table.get("cell")
    if not isinstance(rows, list) or not rows or len(rows) > MOST_CELLS:
        raise reader.wrong("cell", 1)
    cells = tuple(reader.cell(row, place, form) for place, row in enumerate(rows))
    title = table.get("title", form.ja)
    return FormMapping(name, str(title), form.id, frozenset(map(str, editions)), file, cells)


class _Reader:
    """Reads cells, and knows on which line each stands."""

    def __init__(self, text: str, name: str, facts: FactCatalogue) -> None:
        self.name = name
        self.facts = facts
        self.lines = text.splitlines()
        self.heads = [n for n, line in enumerate(self.lines, 1) if re.match(r"\s*\[\[\s*cell\s*\]\]", line)]

    def wrong(self, field: str, line: int) -> Invalid:
        """The error for one key."""
        return Invalid("form_mapping_invalid", file=self.name, line=line, field=field[:60])

    def line_of_key(self, key: str, after: int = 0) -> int:
        """The first line from `after` on that sets a key; the one before it where none does."""
        named = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        return next((n for n, line in enumerate(self.lines, 1) if n > after and named.match(line)), max(after, 1))

    def cell(self, row: object, place: int, form: ReportForm) -> CellRule:
        """One row, whose head is the `place`-th."""
        head = self.heads[place] if place < len(self.heads) else 1
        if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
            raise self.wrong("cell", head)
        for key in sorted(set(row) - _KEYS):
            raise self.wrong(key, self.line_of_key(key, head))
        what = [key for key in ("field", "fact", "case") if row.get(key)]
        if len(what) != 1 or not self._is_known(what[0], row[what[0]], form):
            raise self.wrong(what[0] if what else "field", self.line_of_key(what[0], head) if what else head)
        if "is" in row and (what[0] != "fact" or not row.get("write")):
            raise self.wrong("is", self.line_of_key("is", head))
        if "write" in row and "is" not in row:
            raise self.wrong("write", self.line_of_key("write", head))
        target = self._target(row.get("to", ""), head)
        return CellRule(
            line=head, to=target, field=row.get("field", ""), fact=row.get("fact", ""), case=row.get("case", ""),
            value=row.get("is", ""), write=row.get("write", ""),
        )  # fmt: skip

    def _is_known(self, what: str, name: str, form: ReportForm) -> bool:
        if what == "field":
            return name in {one.name for one in form.fields}
        if what == "fact":
            return any(name in one.facts for one in form.fields) and name in self.facts.facts
        return name in (*OF_THE_CASE, "report_number", "kind")

    def _target(self, to: str, head: int) -> Target:
        if found := _CELL.fullmatch(to):
            sheet = found[1].replace("''", "'") if found[1] else found[2]
            return Target(sheet, f"{found[3]}{found[4]}")
        if _NAME.fullmatch(to):
            return Target("", to)
        raise self.wrong("to", self.line_of_key("to", head))
