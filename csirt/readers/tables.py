"""Tables: CSV as consoles and products export it, with names of columns in any language; one mapping a vendor.

A mapping with `input = "csv"` is known by the line that names its columns, which may stand below a title; or it names
the columns itself (`columns`) where a file has no such line, as lines of syslog have none. Each row is one record, each
path a column. Commas, tabs and semicolons part cells, or what the mapping names (`separator`); text is UTF-8, UTF-16
with its mark, or Windows-31J.

A row that is kept carries the line with the names before it, so that it can be read again by itself. Codes: `not_csv`
(a row that does not end, has cells beyond its columns or one cell only, or a file without the names of its columns),
and those of `records` and `limits`.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable
from csirt.readers.limits import Limits, decode
from csirt.readers.mapped import ByMapping, judge
from csirt.readers.mapping import VendorMapping, When

NAMED_WITHIN = 20  # lines from the top
SEPARATORS = (",", "\t", ";")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_FAILED_SCANS = 16  # so often the end of a quoted cell may be looked for in vain on further lines; then a row is a line
# RFC 5424 §6 and RFC 3164 §4.1: what stands before the message.
_HEADER = re.compile(r"<[0-9]{1,3}>(?:1 (?:\S{1,255} ){5}(?:-|(?:\[[^\]]{0,999}\])+) |[^,\"]{0,200}?: )")
Result = Detection | NotADetection | Unreadable


@cache
def _row(sign: str) -> re.Pattern[bytes]:
    """A row up to its line end. A quoted cell may hold line ends and, doubled, quotation marks.

    A group is there where such a cell does not end.
    """
    sign = re.escape(sign)
    cell = rf'(?:"(?:[^"]++|"")*+(?:"\r?(?={sign}|\n|\Z)|(\Z))|(?!")[^{sign}\n]*+)'
    return re.compile(rf"{cell}(?:{sign}{cell})*+(?:\n|\Z)".encode())


@dataclass(frozen=True, slots=True)
class _Columns:
    """What a table begins with: the names, the sign between cells, the line itself, and where the rows begin."""

    names: tuple[str, ...]
    sign: str
    line: bytes = b""
    rows_at: int = 0


@dataclass(slots=True)
class Tables(ByMapping):
    """Reads one vendor's tables by its mapping."""

    def recognises(self, head: bytes) -> bool:
        """Whether the columns of this mapping are named, or the first rows are of its form."""
        data = _as_eight_bits(head)
        if data.lstrip()[:1] in {b"{", b"[", b"<"} and not self.mapping.columns:
            return False
        return self._columns(data) is not None

    def read(self, data: bytes) -> Iterator[SourceRecord]:
        """Every row below the names of the columns, in order."""
        if len(data) > self.limits.input_bytes:
            yield SourceRecord(0, data, Unreadable("input_too_large", f"{len(data)} bytes"))
            return
        data = _as_eight_bits(data)
        columns = self._columns(data) or _Columns(self.mapping.columns, self._signs()[0])
        mapping = self._of_rows(columns) if columns.line else self.mapping
        for index, (raw, whole) in enumerate(_rows(data, columns, self.limits)):
            if index >= self.limits.records:
                yield SourceRecord(index, raw, Unreadable("too_many_records", f"row {index}"))
                return
            kept = b"\n".join((columns.line, raw)) if columns.line else raw
            yield SourceRecord(index, kept, self._judge(raw, columns, mapping, whole=whole))

    def _columns(self, data: bytes) -> _Columns | None:
        """The columns of a table that begins so; None where it is none of this mapping's."""
        at = len(_BOM) if data.startswith(_BOM) else 0
        for _ in range(NAMED_WITHIN):
            if at >= len(data):
                return None
            end = data.find(b"\n", at)
            end = len(data) if end < 0 else end
            line = data[at:end].strip()
            for sign in self._signs() if len(line) <= self.limits.record_bytes else ():
                if found := self._fit(line, sign, end + 1):
                    return found
            at = end + 1
        return None

    def _signs(self) -> tuple[str, ...]:
        return (self.mapping.separator,) if self.mapping.separator else SEPARATORS

    def _fit(self, line: bytes, sign: str, rows_at: int) -> _Columns | None:
        """The columns, if this line names them or, where the mapping names them, is a row of them."""
        cells = (_cells(line, sign) if sign.encode() in line else None) or []
        if self.mapping.columns:
            is_row = len(cells) > 1 and self.mapping.likeness(_record(self.mapping.columns, cells)) > 0
            return _Columns(self.mapping.columns, sign) if is_row else None
        names = tuple(cell.strip() for cell in cells[: self.limits.keys])
        return _Columns(names, sign, line, rows_at) if self._fitting(names) else None

    def _fitting(self, names: Sequence[str]) -> list[When]:
        """The ways to recognise a record all of whose columns are named here."""
        named = dict.fromkeys(names, "x")
        ways = [(one, [has.path for has in one.every if has.exists]) for one in self.mapping.recognise]
        return [one for one, paths in ways if paths and all(path.find(named) for path in paths)]

    def _of_rows(self, columns: _Columns) -> VendorMapping:
        """The mapping for rows: that a column is there was seen above, and its cell may be empty in any row."""
        ways = self._fitting(columns.names)
        return replace(
            self.mapping,
            recognise=tuple(When(tuple(one for one in way.every if not one.exists), way.some) for way in ways),
        )

    def _judge(self, raw: bytes, columns: _Columns, mapping: VendorMapping, *, whole: bool) -> Result:
        """What one row is."""
        if len(raw) > self.limits.record_bytes:
            return Unreadable("record_too_large", f"{len(raw)} bytes")
        if not columns.names:
            return Unreadable("not_csv", "columns")
        cells = _cells(raw, columns.sign) if whole else None
        if cells is None:
            return Unreadable("not_csv", "row")
        if len(cells) < 2 or any(one.strip() for one in cells[len(columns.names) :]):
            return Unreadable("not_csv", f"{len(cells)} cells, {len(columns.names)} columns")
        return judge(_record(columns.names, cells), mapping)


def _as_eight_bits(data: bytes) -> bytes:
    """UTF-16, as some consoles write it, as UTF-8; all else as it is."""
    return data.decode("utf-16", "replace").encode("utf-8", "replace") if data.startswith(_UTF16) else data


def _rows(data: bytes, columns: _Columns, limits: Limits) -> Iterator[tuple[bytes, bool]]:
    """The bytes of each row that is not blank, and whether it ends as a row must. A broken one costs its line only."""
    at = columns.rows_at or (len(_BOM) if data.startswith(_BOM) else 0)
    row, tries = _row(columns.sign), _FAILED_SCANS
    while at < len(data):
        line_end = data.find(b"\n", at) + 1 or len(data)
        reach = max(line_end, at + limits.record_bytes) if tries else line_end
        found = row.match(data, at, reach)
        whole = found is not None and found[1] is None and found[2] is None
        end = found.end() if found and whole else line_end
        tries -= bool(tries and not whole)
        raw = data[at:end].strip()
        whole = whole or raw.count(b'"') % 2 == 0  # marks within a cell, as some write them
        if raw and raw != columns.line:  # named again where files were put together
            yield raw, whole
        at = end


def _cells(raw: bytes, sign: str) -> list[str] | None:
    """The cells of one row, without a header of syslog before it; None where it cannot be parted."""
    text = decode(raw)
    header = _HEADER.match(text)
    try:
        return next(csv.reader(io.StringIO(text[header.end() :] if header else text, newline=""), delimiter=sign), None)
    except csv.Error:
        return None


def _record(names: Sequence[str], cells: Sequence[str]) -> dict[str, object]:
    """A row as a record; of a name that comes twice the cells are a list, in order."""
    record: dict[str, object] = {}
    for name, cell in zip(names, cells, strict=False):
        before = record.get(name)
        text = cell.strip()
        record[name] = text if before is None else [*(before if isinstance(before, list) else [before]), text]
    return record
