"""The list of measures as an Excel file for the committee: one sheet, A4 sideways, every cell a text."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from csirt.reports.fonts import visible

A4: Final = 9
COLUMNS: Final = ("incident", "text", "owner", "due", "state", "ended", "effect")
WIDTHS: Final = (20, 52, 24, 16, 14, 34, 34)
LONGEST: Final = 16_000  # Excel drops what is longer without a word


@dataclass(frozen=True, slots=True)
class MeasuresDocument:
    """What the sheet says: its title and marks, the heads of its columns, and its rows, all in words."""

    title: str
    marks: tuple[str, ...]
    heads: Mapping[str, str]
    rows: Sequence[Mapping[str, str]]
    made_at: datetime


def measures_xlsx(document: MeasuresDocument) -> bytes:
    """The list as .xlsx. The same document gives the same bytes; nothing in it is ever a formula or a link."""
    import xlsxwriter  # lazy: what writes workbooks costs a tenth of a second at every start, and few ask for one

    out = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(out, options) as workbook:
        workbook.set_properties({"title": visible(document.title), "created": document.made_at.astimezone(UTC)})
        font = {"font_name": "BIZ UDPGothic", "font_size": 10}
        cell = {**font, "text_wrap": True, "valign": "top", "border": 1}
        mark, head = workbook.add_format({**font, "bold": True}), workbook.add_format({**cell, "bold": True})
        body = workbook.add_format(cell)
        sheet = workbook.add_worksheet(visible(document.title)[:31])
        sheet.write_string(0, 0, "  ".join((visible(document.title), *document.marks)), mark)
        for column, (name, width) in enumerate(zip(COLUMNS, WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(1, column, document.heads[name], head)
        for number, row in enumerate(document.rows, 2):
            for column, name in enumerate(COLUMNS):
                sheet.write_string(number, column, visible(row.get(name, ""))[:LONGEST], body)
        sheet.freeze_panes(2, 0)
        sheet.autofilter(1, 0, max(len(document.rows) + 1, 1), len(COLUMNS) - 1)
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, 1)
        sheet.set_footer("&R&P/&N")
    return out.getvalue()
