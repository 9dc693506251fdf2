"""Writes into an official .xlsx without breaking a cell: only the texts of the named cells change, nothing else.

A workbook is a ZIP archive of XML parts (ECMA-376). Whatever writes a workbook anew loses what it does not know: boxes
to tick, shapes, rich text. So openpyxl only reads: which sheets, names, merged cells and lists of values there are.
The cells themselves are changed in the bytes of their sheet, each as an inline text with the style that it had; every
other part of the archive stays as it was, byte for byte. A text is always a text, never a formula.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import coordinate_from_string, range_boundaries
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from csirt.errors import Invalid
from csirt.reports.fonts import visible
from csirt.reports.form_mapping import CellRule, FormMapping

MOST_BYTES: Final = 20 * 1024 * 1024  # of a form as it is given
MOST_UNPACKED: Final = 200 * 1024 * 1024
LONGEST: Final = 32_000  # Excel holds 32,767 UTF-16 units in a cell
_RELATION = re.compile(rb"<Relationship\b[^>]*?/>")
_ATTRIBUTE = re.compile(rb'(\w+(?::\w+)?)\s*=\s*"([^"]*)"')
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML 1.0 cannot hold


@dataclass(frozen=True, slots=True)
class _Place:
    """A checked target: sheet and cell."""

    sheet: str
    cell: str


def check_form(template: bytes, mapping: FormMapping) -> None:
    """Every cell of a mapping can be written in this form.

    Raises:
        Invalid: with `file`, `line` and `field` of the mapping: `form_sheet_unknown`, `form_name_unknown`,
            `form_cell_merged` (inside merged cells; `cell` is the one to name), `form_cell_formula`,
            `form_value_refused` (a mark that the cell's list does not allow); or `form_unreadable`: no .xlsx for us.
    """
    book = _opened(template, mapping)
    for rule in mapping.cells:
        place = _place(book, mapping, rule)
        if rule.write:
            _check_list(book, mapping, rule, place, rule.write)


def fill(template: bytes, mapping: FormMapping, texts: Mapping[CellRule, str]) -> bytes:
    """The form with these texts in its cells; a rule without a text leaves its cell alone.

    Raises as `check_form`, and:
        Invalid: `form_value_refused` for a text that the cell's list of values does not allow.
    """
    book = _opened(template, mapping)
    wanted: dict[str, dict[str, str]] = {}
    for rule in mapping.cells:
        place = _place(book, mapping, rule)
        if rule in texts:
            _check_list(book, mapping, rule, place, texts[rule])
            wanted.setdefault(place.sheet, {})[place.cell] = texts[rule]
    parts = _parts_of(template, mapping)
    changed = {parts[sheet]: cells for sheet, cells in wanted.items()}
    return _rewritten(template, changed, mapping)


def _opened(template: bytes, mapping: FormMapping) -> Workbook:
    """The workbook, read only to be asked."""
    try:
        if _is_harmless(template):
            return openpyxl.load_workbook(io.BytesIO(template))
    except Exception as error:
        raise Invalid("form_unreadable", file=mapping.file) from error
    raise Invalid("form_unreadable", file=mapping.file)


def _is_harmless(template: bytes) -> bool:
    """Neither too large, packed or unpacked, nor with a document type, which could name entities."""
    if len(template) > MOST_BYTES:
        return False
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        infos = archive.infolist()
        if sum(info.file_size for info in infos) > MOST_UNPACKED:
            return False
        return not any(b"<!DOCTYPE" in archive.read(info)[:2000] for info in infos if _is_xml(info.filename))


def _is_xml(name: str) -> bool:
    return name.endswith((".xml", ".rels", ".vml"))


def _place(book: Workbook, mapping: FormMapping, rule: CellRule) -> _Place:
    sheet_name, cell = rule.to.sheet, rule.to.cell
    if not sheet_name:
        sheet_name, cell = _named(book, mapping, rule)
    if sheet_name not in book.sheetnames or not isinstance(book[sheet_name], Worksheet):
        raise mapping.invalid("form_sheet_unknown", rule, sheet=sheet_name[:60])
    sheet = book[sheet_name]
    for merged in sheet.merged_cells.ranges:
        anchor = f"{get_column_letter(merged.min_col)}{merged.min_row}"
        if cell in merged and cell != anchor:
            raise mapping.invalid("form_cell_merged", rule, cell=anchor)
    if sheet[cell].data_type == "f":
        raise mapping.invalid("form_cell_formula", rule, cell=cell)
    return _Place(sheet_name, cell)


def _named(book: Workbook, mapping: FormMapping, rule: CellRule) -> tuple[str, str]:
    """What a defined name points at: one cell, or merged cells by their first one."""
    found = book.defined_names.get(rule.to.cell)
    places = list(found.destinations) if found is not None else []
    if len(places) != 1:
        raise mapping.invalid("form_name_unknown", rule, name=rule.to.cell[:60])
    sheet, area = places[0]
    column, row, *_ = range_boundaries(area.replace("$", ""))
    return sheet, f"{get_column_letter(column or 1)}{row or 1}"


def _check_list(book: Workbook, mapping: FormMapping, rule: CellRule, place: _Place, text: str) -> None:
    """A cell with a list of allowed values takes none but these; lists that lie in other cells are read there."""
    sheet = book[place.sheet]
    for one in sheet.data_validations.dataValidation:
        if one.type != "list" or place.cell not in one.sqref or one.errorStyle in {"warning", "information"}:
            continue
        allowed = _allowed(book, place.sheet, str(one.formula1 or ""))
        if allowed is not None and text not in allowed:
            raise mapping.invalid("form_value_refused", rule, cell=place.cell)


def _allowed(book: Workbook, sheet: str, formula: str) -> set[str] | None:
    """The values of a list; None where it is computed, and nobody but Excel can say."""
    if formula.startswith('"') and formula.endswith('"'):
        return {part.strip() for part in formula[1:-1].split(",")}
    name, _, area = formula.rpartition("!")
    target = name.strip("'") or sheet
    try:
        cells = book[target][area.replace("$", "")]
    except (KeyError, ValueError, AttributeError):
        return None
    rows = cells if isinstance(cells, tuple) else ((cells,),)
    return {str(one.value).strip() for row in rows for one in row if one.value is not None}


def _parts_of(template: bytes, mapping: FormMapping) -> dict[str, str]:
    """The part of the archive in which each sheet lies."""
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        relations = {}
        for found in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
            said = dict(_ATTRIBUTE.findall(found))
            relations[said.get(b"Id", b"")] = said.get(b"Target", b"").decode()
        book = archive.read("xl/workbook.xml")
    parts: dict[str, str] = {}

    def note(name: str, said: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "sheet":
            related = next((value for key, value in said.items() if key.endswith(":id")), "")
            target = relations.get(related.encode(), "")
            parts[said.get("name", "")] = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"

    parser = expat.ParserCreate()
    parser.StartElementHandler = note
    try:
        parser.Parse(book, True)  # noqa: FBT003 - expat's own way to say "the end"
    except expat.ExpatError as error:
        raise Invalid("form_unreadable", file=mapping.file) from error
    return parts


def _rewritten(template: bytes, changed: Mapping[str, Mapping[str, str]], mapping: FormMapping) -> bytes:
    """The archive with some parts changed; the others are copied with their names, times and order."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(template)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            content = source.read(info)
            if info.filename in changed:
                content = _Sheet(content, mapping).with_texts(changed[info.filename])
            elif info.filename == "xl/workbook.xml":
                content = _calculated_anew(content)
            target.writestr(info, content, compress_type=info.compress_type)
    return out.getvalue()


def _calculated_anew(book: bytes) -> bytes:
    """Formulas that look at our cells are worked out when the form is opened."""
    found = re.search(rb"<((?:\w+:)?calcPr)\b([^>]*?)(/?)>", book)
    if found is None or b"fullCalcOnLoad" in found[2]:
        return book
    return book[: found.end(2)] + b' fullCalcOnLoad="1"' + book[found.end(2) :]


class _Sheet:
    """The bytes of one sheet, with the place of every row and cell in them."""

    def __init__(self, content: bytes, mapping: FormMapping) -> None:
        self.content = content
        self.file = mapping.file
        self.cells: dict[str, tuple[int, int, str]] = {}  # cell -> begin, end, style
        self.rows: dict[int, tuple[int, int, int]] = {}  # row -> where its cells begin and end, where it begins itself
        self.prefix = ""
        self.data_end = -1
        self._row = (0, 0, 0)  # the row that is being read: its number, where it begins inside, where it begins
        self._open = ("", 0, "")  # the cell that is being read: its name, where it begins, its style
        self._read()

    def _read(self) -> None:
        """Note where everything lies. Other encodings than one of single bytes for ASCII are refused."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda name, said: self._begin(name, said, parser.CurrentByteIndex)
        parser.EndElementHandler = lambda name: self._end(name, parser.CurrentByteIndex)
        if self.content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"<":
            raise Invalid("form_unreadable", file=self.file)
        try:
            parser.Parse(self.content, True)  # noqa: FBT003 - expat's own way to say "the end"
        except (expat.ExpatError, ValueError) as error:
            raise Invalid("form_unreadable", file=self.file) from error

    def _begin(self, name: str, said: Mapping[str, str], at: int) -> None:
        local = name.rpartition(":")[2]
        if local == "sheetData":
            self.prefix = name.removesuffix("sheetData")
        elif local == "row":
            self._row = (int(said.get("r", len(self.rows) + 1)), self._after_tag(at), at)
        elif local == "c":
            self._open = (said.get("r", ""), at, said.get("s", ""))

    def _end(self, name: str, at: int) -> None:
        local = name.rpartition(":")[2]
        if local == "c":
            cell, start, style = self._open
            self.cells[cell] = (start, self._end_of(start, at), style)
        elif local == "row":
            row, inner, start = self._row
            self.rows[row] = (inner, max(at, inner), start)
        elif local == "sheetData":
            self.data_end = at if self.content[at : at + 2] == b"</" else -1  # `<sheetData/>` holds no row

    def _after_tag(self, start: int) -> int:
        return self.content.index(b">", start) + 1

    def _end_of(self, start: int, end_tag: int) -> int:
        """Where an element ends: `<c …/>` ends with its own tag, else with its end tag."""
        after = self._after_tag(start)
        return after if self.content[after - 2 : after] == b"/>" else self._after_tag(end_tag)

    def with_texts(self, texts: Mapping[str, str]) -> bytes:
        """The sheet with these texts, put in from the last place to the first, so that places before stay."""
        by_row: dict[int, dict[str, str]] = {}
        for cell, text in texts.items():
            by_row.setdefault(coordinate_from_string(cell)[1], {})[cell] = text
        edits = [edit for row, cells in by_row.items() for edit in self._edits(row, cells)]
        content = self.content
        for start, end, piece in sorted(edits, key=lambda edit: edit[:2], reverse=True):
            content = content[:start] + piece + content[end:]
        return content

    def _edits(self, row: int, cells: Mapping[str, str]) -> Iterator[tuple[int, int, bytes]]:
        """Bytes from here to there become these: cells that are there, new ones in their row, or a new row."""
        new: dict[int, list[str]] = {}
        for cell in sorted(cells, key=_order):
            if cell in self.cells:
                start, end, style = self.cells[cell]
                yield start, end, self._cell(cell, cells[cell], style)
            else:
                new.setdefault(self._before(row, cell), []).append(cell)
        for at, names in new.items():
            inside = b"".join(self._cell(name, cells[name], "") for name in names)
            yield self._put(row, at, inside)

    def _before(self, row: int, cell: str) -> int:
        """Where a new cell of a row goes: before the next one to its right, else at the end of the row."""
        in_row = {name: place for name, place in self.cells.items() if coordinate_from_string(name)[1] == row}
        end = self.rows[row][1] if row in self.rows else -1
        return min((place[0] for name, place in in_row.items() if _order(name) > _order(cell)), default=end)

    def _put(self, row: int, at: int, inside: bytes) -> tuple[int, int, bytes]:
        name = f"{self.prefix}row".encode()
        if row not in self.rows:
            later = min((place[2] for number, place in self.rows.items() if number > row), default=self.data_end)
            if later < 0:
                raise Invalid("form_cell_missing", file=self.file, row=row)
            return later, later, b"<" + name + f' r="{row}">'.encode() + inside + b"</" + name + b">"
        if self.content[at - 2 : at] == b"/>" and at == self.rows[row][0]:  # `<row r="5"/>` is opened
            return at - 2, at, b">" + inside + b"</" + name + b">"
        return at, at, inside

    def _cell(self, cell: str, text: str, style: str) -> bytes:
        """An inline text: a spreadsheet never takes it for a formula, whatever it begins with."""
        p = self.prefix
        shown = escape(_UNFIT.sub("", visible(text))[:LONGEST])
        look = f' s="{style}"' if style else ""
        whole = f'<{p}c r="{cell}"{look} t="inlineStr"><{p}is><{p}t xml:space="preserve">{shown}</{p}t></{p}is></{p}c>'
        return whole.encode("ascii", "xmlcharrefreplace")  # whatever encoding the sheet declares


def _order(cell: str) -> tuple[int, str]:
    """Cells of one row from left to right."""
    column = coordinate_from_string(cell)[0]
    return len(column), column
