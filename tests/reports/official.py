"""An official form as a ministry makes one, and a mapping file for it."""

import io

import openpyxl
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

HEAD = 'form = "common_ransomware"\nfile = "yoshiki2.xlsx"\n'
MAPPING = (
    HEAD
    + """
[[cell]]
field = "summary"
to = "様式2!C4"

[[cell]]
case = "number"
to = "整理番号"

[[cell]]
fact = "nco_consent"
to = "様式2!C6"

[[cell]]
fact = "cause"
is = "ransomware"
to = "様式2!B8"
write = "☑"

[[cell]]
field = "note"
to = "'別紙 1'!E12"
"""
)
CITY_MAPPING = """form = "city_report"
file = "yoshiki2.xlsx"
title = "県の様式"

[[cell]]
field = "summary"
to = "様式2!C4"

[[cell]]
case = "number"
to = "整理番号"
"""


def an_official_form() -> bytes:
    """A form as a ministry makes one: merged cells, borders, lists to choose from, a name, print set-up, a picture."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "様式2"
    sheet["A1"] = "ランサムウェア事案共通様式"
    sheet.merge_cells("A1:F1")
    sheet["A1"].font = Font(name="ＭＳ ゴシック", size=16, bold=True)
    sheet["A4"] = "概要"
    sheet.merge_cells("C4:F5")
    line = Side(style="medium")
    sheet["C4"].border = Border(left=line, right=line, top=line, bottom=line)
    sheet["C4"].alignment = Alignment(wrap_text=True, vertical="top")
    sheet["C4"].fill = PatternFill("solid", fgColor="FFFFCC")
    sheet["C6"].number_format = "@"
    choice = DataValidation(type="list", formula1='"同意する,同意しない"', showErrorMessage=True)
    choice.add("C6")
    sheet.add_data_validation(choice)
    sheet["B8"] = "□"
    sheet["C9"] = "=LEN(C4)"
    sheet["D9"] = 45000
    sheet["C8"].comment = Comment("記入要領を参照", "国家サイバー統括室")
    red = PatternFill("solid", bgColor="FF0000")
    sheet.conditional_formatting.add("C4", FormulaRule(formula=['$C$4=""'], fill=red))  # type: ignore[no-untyped-call]
    sheet.print_area = "A1:F40"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.orientation = "portrait"
    sheet.print_title_rows = "1:2"
    sheet.protection.sheet = True
    picture = io.BytesIO()
    picture.write(_PNG)
    picture.seek(0)
    sheet.add_image(Image(picture), "E20")
    more = book.create_sheet("別紙 1")
    more["A1"] = "ランサムノート"
    book.defined_names["整理番号"] = DefinedName("整理番号", attr_text="様式2!$C$2")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "5ff5a7e10000000049454e44ae426082"
)  # fmt: skip
