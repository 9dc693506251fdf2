"""A report to the authorities as an Excel file that prints on A4. Every cell is a text: never a formula or a link."""

import io
from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Final

from csirt.reports.fonts import visible
from csirt.reports.labels import labels, shown_at
from csirt.reports.report import ReportDocument, ReportRow, notes_of, stamps_of
from csirt.reports.timeline_xlsx import A4, LONGEST, MARK_LONGEST, OPTIONS

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

WIDTHS: Final = (30, 62)


def report_xlsx(document: ReportDocument) -> bytes:
    """The report as .xlsx. The same document gives the same bytes; a text too long for a cell goes on below."""
    import xlsxwriter  # lazy: what writes workbooks costs a tenth of a second at every start, and few ask for one

    words = labels(document.language)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as workbook:
        title = visible(document.title)[:MARK_LONGEST]
        workbook.set_properties({"title": title, "created": document.made_at.astimezone(UTC)})
        font = {"font_name": "BIZ UDPGothic", "font_size": 10}
        cell = {**font, "text_wrap": True, "valign": "top", "border": 1}
        looks = {
            "title": workbook.add_format({**font, "bold": True, "font_size": 14, "align": "center"}),
            "plain": workbook.add_format({**font, "text_wrap": True, "valign": "top"}),
            "mark": workbook.add_format({**font, "bold": True}),
            "head": workbook.add_format({**font, "bold": True, "bottom": 2}),
            "label": workbook.add_format({**cell, "bg_color": "#E8E8E8"}),
            "cell": workbook.add_format(cell),
        }
        _Page(workbook.add_worksheet(words["sheet_report"]), document, words, looks).write()
    return out.getvalue()


class _Page:
    """The one sheet, written from top to bottom."""

    def __init__(
        self, sheet: "Worksheet", document: ReportDocument, words: Mapping[str, str], looks: Mapping[str, "Format"]
    ) -> None:
        self.sheet, self.document, self.words, self.looks = sheet, document, words, looks
        self.row = 0

    def write(self) -> None:
        """Everything, and how it prints."""
        document, words = self.document, self.words
        for column, width in enumerate(WIDTHS):
            self.sheet.set_column(column, column, width)
        self._line("  ".join(self._marks()), "mark")
        self._across(document.title, "title")
        made = shown_at(document.made_at, document.language)
        self._pair("\n".join(document.addressees), f"{made}\n{document.sender}", "plain", "plain")
        for name in ("drill", "sample"):
            if getattr(document, name):
                self._across(words[f"{name}_notice"], "mark")
        self._sections()
        for note in notes_of(document, words):
            self._across(note, "plain")
        self._across(words["report_foot"].format(edition=document.edition, sha256=document.sha256), "plain")
        self._print_set_up()

    def _sections(self) -> None:
        """The fields, and the stamps on the copy that stays in the house."""
        for title, rows in self.document.sections:
            self._across(title, "head")
            for row in rows:
                self._pair(row.label, self._said(row), "label", "cell")
        if self.document.stamps:
            self._across(self.words["stamps"], "head")
            for act, post, name, at in self.document.stamps:
                self._pair(act, "  ".join(part for part in (post, name, at) if part), "label", "cell")

    def _said(self, row: ReportRow) -> str:
        if not row.changed:
            return row.text
        before = f"\n{self.words['before']}{row.before}" if row.before else ""
        return f"[{self.words['changed']}] {row.text}{before}"

    def _line(self, text: str, look: str) -> None:
        self.sheet.write_string(self.row, 0, visible(text)[:LONGEST], self.looks[look])
        self.row += 1

    def _across(self, text: str, look: str) -> None:
        self.sheet.merge_range(self.row, 0, self.row, 1, "", self.looks[look])
        self.sheet.write_string(self.row, 0, visible(text)[:LONGEST], self.looks[look])
        self._grow(text, sum(WIDTHS))
        self.row += 1

    def _pair(self, left: str, right: str, left_look: str, right_look: str) -> None:
        text = visible(right)
        for at in range(0, max(len(text), 1), LONGEST):
            part = text[at : at + LONGEST]
            self.sheet.write_string(self.row, 0, visible(left), self.looks[left_look])
            self.sheet.write_string(self.row, 1, f"{self.words['continued']}{part}" if at else part,
                                    self.looks[right_look])  # fmt: skip
            self._grow(part, WIDTHS[1])
            self.row += 1

    def _grow(self, text: str, width: int) -> None:
        """As many lines as the text takes in a column so wide; Excel does not work that out for merged cells."""
        lines = sum(1 + sum(2 if ord(sign) > 0xFF else 1 for sign in line) // width for line in text.split("\n"))
        self.sheet.set_row(self.row, min(15 * max(lines, 1) + 2, 400))

    def _marks(self) -> list[str]:
        handling = [self.document.handling] if self.document.handling.strip() else []
        marks = (self.document.number_text, *stamps_of(self.document, self.words), *handling)
        return [" ".join(visible(mark).split()) for mark in marks]

    def _print_set_up(self) -> None:
        """A4 upright, as wide as the page, number and marks on every page, page numbers below."""
        self.sheet.set_paper(A4)
        self.sheet.set_portrait()
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
        left, *right = (mark[:MARK_LONGEST].replace("&", "&&") for mark in self._marks())
        self.sheet.set_header(f"&L{left}&R{'  '.join(right)}")
        self.sheet.set_footer(f"&R{self.words['page'].format(page='&P', pages='&N')}")
