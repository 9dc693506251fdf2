"""The timeline of an incident as an Excel file: summary, timeline and measures, each on a sheet that prints on A4.

Every cell is written as a text, so nothing in the file is ever a formula or a link.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Final

from csirt.reports.fonts import visible
from csirt.reports.labels import iso_at, labels, shown_at
from csirt.reports.timeline import TimelineDocument, TimelineLine, facts, record_facts, stamps

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

A4: Final = 9

# Excel holds 32,767 UTF-16 units in a cell and drops a longer text without a word; some of ours count as two. What is
# longer goes on in the next row.
LONGEST: Final = 16_000

# Excel refuses a header of more than 255 units; a mark of this length may double, and there are two of them.
MARK_LONGEST: Final = 40

OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}

FACT_WIDTHS: Final = (26, 74)
MEASURE_WIDTHS: Final = (60, 26, 24)

# The first six are printed; the rest are for filters and programs.
LINE_HEADS: Final = ("seq", "at", "kind", "step", "actor", "text", "at_iso", "kind_key", "step_key")
LINE_WIDTHS: Final = (7, 21, 18, 20, 22, 52, 31, 24, 24)
PRINTED: Final = 6


def timeline_xlsx(document: TimelineDocument) -> bytes:
    """The timeline as .xlsx. The same document gives the same bytes.

    The first row of every sheet says number, handling mark and category, stays in view and is printed on every page.
    """
    import xlsxwriter  # lazy: what writes workbooks costs a tenth of a second at every start, and few ask for one

    words = labels(document.language)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as workbook:
        made = document.made_at.astimezone(UTC)
        title = f"{words['document']} {visible(document.number_text)[:MARK_LONGEST]}"
        workbook.set_properties({"title": title, "created": made})
        _Sheets(workbook, document, words).write()
    return out.getvalue()


class _Sheets:
    """The sheets of one workbook, with its formats."""

    def __init__(self, workbook: "Workbook", document: TimelineDocument, words: Mapping[str, str]) -> None:
        font = {"font_name": "BIZ UDPGothic", "font_size": 10}
        cell = {**font, "text_wrap": True, "valign": "top", "border": 1}
        self.document = document
        self.words = words
        self.workbook = workbook
        self.mark: Format = workbook.add_format({**font, "bold": True})
        self.head: Format = workbook.add_format({**cell, "bold": True, "bg_color": "#E8E8E8"})
        self.body: Format = workbook.add_format(cell)

    def write(self) -> None:
        """All three sheets, in order."""
        words, document = self.words, self.document
        fact_rows = (*facts(document, words), *document.clocks, *record_facts(document, words))
        self._sheet("summary", (words["item"], words["content"]), FACT_WIDTHS, fact_rows)
        lines = [self._line(line) for line in document.lines]
        sheet = self._sheet("timeline", [words[head] for head in LINE_HEADS], LINE_WIDTHS, lines)
        last = sheet.dim_rowmax or 1
        sheet.print_area(0, 0, last, PRINTED - 1)
        sheet.autofilter(1, 0, last, len(LINE_HEADS) - 1)
        heads = (words["measure"], words["owner"], words["due"])
        self._sheet("measures", heads, MEASURE_WIDTHS, document.measures)

    def _line(self, line: TimelineLine) -> Sequence[str]:
        said = (line.kind_text, line.step_text or "", line.actor, line.text)
        at = shown_at(line.at, self.document.language)
        return (str(line.seq), at, *said, iso_at(line.at), line.kind, line.step or "")

    def _sheet(
        self, name: str, heads: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[str]]
    ) -> "Worksheet":
        """A sheet with its mark, its row of heads, its rows and its print set-up."""
        sheet = self.workbook.add_worksheet(self.words[f"sheet_{name}"])
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.write_string(0, 0, "  ".join(self._marks()), self.mark)
        self._row(sheet, 1, heads, self.head)
        whole = (part for row in rows for part in self._parts(row))
        for number, part in enumerate(whole, start=2):
            self._row(sheet, number, part, self.body)
        sheet.freeze_panes(2, 0)
        self._print_set_up(sheet)
        return sheet

    def _parts(self, row: Sequence[str]) -> Iterator[Sequence[str]]:
        """The row; when a text is longer than a cell may be, further rows with the rest of it and all else repeated."""
        cells = [[text[at : at + LONGEST] for at in range(0, max(len(text), 1), LONGEST)] for text in map(visible, row)]
        for place in range(max(map(len, cells))):
            yield [self._part(parts, place) for parts in cells]

    def _part(self, parts: Sequence[str], place: int) -> str:
        if place == 0 or len(parts) == 1:
            return parts[0]
        return f"{self.words['continued']}{parts[place]}" if place < len(parts) else ""

    def _row(self, sheet: "Worksheet", number: int, cells: Sequence[str], look: "Format") -> None:
        for column, text in enumerate(cells):
            sheet.write_string(number, column, text, look)

    def _print_set_up(self, sheet: "Worksheet") -> None:
        """A4 upright, as wide as the page, the first two rows on every page, page numbers below."""
        sheet.set_paper(A4)
        sheet.set_portrait()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, 1)
        sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
        left, *right = (mark[:MARK_LONGEST].replace("&", "&&") for mark in self._marks())
        sheet.set_header(f"&L{left}&R{'  '.join(right)}")
        sheet.set_footer(f"&R{self.words['page'].format(page='&P', pages='&N')}")

    def _marks(self) -> list[str]:
        """What every page must say: the number, then drill or sample, then the handling mark."""
        handling = [self.document.handling] if self.document.handling.strip() else []
        marks = [self.document.number_text, *stamps(self.document, self.words), *handling]
        return [" ".join(visible(mark).split()) for mark in marks]
