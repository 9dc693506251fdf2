"""An extract of the record as an Excel file: what was looked for, and the entries. Every cell is written as a text."""

import io
from datetime import UTC
from typing import Final

from csirt.reports.extract import TABLE, ExtractDocument, extract_facts, extract_row
from csirt.reports.fonts import visible
from csirt.reports.labels import labels
from csirt.reports.timeline_xlsx import A4, LONGEST, OPTIONS

WIDTHS: Final = (7, 31, 21, 24, 20, 16, 24, 22, 22, 18, 60, 30, 12, 12)


def extract_xlsx(document: ExtractDocument) -> bytes:
    """The extract as .xlsx. The same document gives the same bytes. What is longer than a cell may be is cut."""
    import xlsxwriter  # lazy: what writes workbooks costs a tenth of a second at every start, and few ask for one

    words, out = labels(document.language), io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as workbook:
        workbook.set_properties({"title": words["extract"], "created": document.made_at.astimezone(UTC)})
        body = workbook.add_format({"text_wrap": True, "valign": "top", "border": 1, "font_size": 10})
        head = workbook.add_format({"bold": True, "bg_color": "#E8E8E8", "border": 1, "font_size": 10})
        facts = [(words["item"], words["content"]), *extract_facts(document, document.language)]
        facts += [(words["record_size"], f"{document.record_size:,}"), (words["record_root"], document.record_root)]
        rows = [[words[name] for name in TABLE], *(extract_row(document, line) for line in document.lines)]
        for name, widths, cells in (("summary", (26, 74), facts), ("timeline", WIDTHS, rows)):
            sheet = workbook.add_worksheet(words[f"sheet_{name}"])
            for column, width in enumerate(widths):
                sheet.set_column(column, column, width)
            for number, row in enumerate(cells):
                for column, text in enumerate(row):
                    sheet.write_string(number, column, visible(text)[:LONGEST], body if number else head)
            sheet.freeze_panes(1, 0)
            sheet.set_paper(A4)
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(0)
            sheet.set_header(f"&L{words['extract']}&R{document.handling.replace('&', '&&')}")
            sheet.set_footer(f"&R{words['page'].format(page='&P', pages='&N')}")
            sheet.autofilter(0, 0, max(len(cells) - 1, 1), len(widths) - 1)
    return out.getvalue()
