"""Excel and CSV: every word is there, and nothing runs when the file is opened."""

import csv
import io
import re
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from csirt.reports.fonts import visible
from csirt.reports.labels import Language
from csirt.reports.timeline import TimelineDocument, timeline_csv
from csirt.reports.timeline_xlsx import timeline_xlsx
from tests.reports.documents import HOSTILE, document, hostile, line


def opened(said: TimelineDocument) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(timeline_xlsx(said)))


def rows(sheet: Worksheet) -> list[list[str]]:
    return [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]


def csv_rows(said: TimelineDocument) -> list[list[str]]:
    made = timeline_csv(said)
    assert made.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline="")))


def test_the_workbook_says_it_all() -> None:
    summary, timeline, measures = (rows(sheet) for sheet in opened(document()).worksheets)
    assert ["件名", "税務課 共有フォルダの暗号化"] in summary
    assert ["記録全体の件数", "12,345"] in summary
    assert ["受付", "令和8年11月22日(日) 14時05分"] in summary
    assert timeline[1][:6] == ["No.", "日時", "出来事", "手順", "行為者", "内容"]
    assert timeline[2] == [
        "0",
        "令和8年11月22日(日) 14時05分",
        "手順に回答した",
        "身代金要求型の攻撃か",
        "髙橋 花子（情報セキュリティ担当）",
        "共有フォルダの拡張子が変わっている。0回目の確認。",
        "2026-11-22T14:05:09.123+09:00",
        "STEP_ANSWERED",
        "is_it_ransomware",
    ]
    assert measures[2] == ["管理者権限の棚卸し", "情報システム管理者", "令和9年3月31日(水)"]


def test_every_sheet_prints_upright_on_a4_with_its_marks() -> None:
    for sheet in opened(document(drill=True, sample=True)).worksheets:
        assert sheet.page_setup.paperSize == 9
        assert sheet.page_setup.orientation == "portrait"
        assert sheet.sheet_properties.pageSetUpPr is not None
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.print_title_rows == "$1:$2"
        assert sheet.freeze_panes == "A3"
        assert rows(sheet)[0][0] == "令和8年度 第12号  訓練  見本  取扱注意"
        assert sheet.oddHeader is not None
        assert sheet.oddFooter is not None
        assert sheet.oddHeader.left.text == "令和8年度 第12号"
        assert sheet.oddHeader.right.text == "訓練  見本  取扱注意"
        assert sheet.oddFooter.right.text == "&P／&Nページ"
        assert sheet.column_dimensions["B"].width > 10


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_same_document_gives_the_same_workbook(language: Language) -> None:
    assert timeline_xlsx(document(language)) == timeline_xlsx(document(language))


def test_no_cell_is_a_formula_and_no_text_a_link() -> None:
    made = timeline_xlsx(hostile())
    for sheet in openpyxl.load_workbook(io.BytesIO(made)).worksheets:
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "n" and cell.value]
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if "/worksheets/" in name]
        headers = [text for sheet in sheets for text in re.findall(b"<oddHeader>(.*?)</oddHeader>", sheet, re.DOTALL)]
    assert not [sheet for sheet in sheets if b"<f>" in sheet or b"hyperlink" in sheet]
    assert len(headers) == 3
    assert all(b"&amp;&amp;A" in header for header in headers)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_comes_out_of_excel_whole(text: str) -> None:
    assert rows(opened(document(lines=(line(text=text),))).worksheets[1])[2][5] == visible(text)


def test_a_text_too_long_for_a_cell_goes_on_below() -> None:
    text = "".join(f"{number:05}" for number in range(10_000))
    said = rows(opened(document(lines=0, measures=((text, "課長", "未定"),))).worksheets[2])[2:]
    assert [row[1:] for row in said] == [["課長", "未定"]] * 4
    assert "".join(row[0].removeprefix("（続き）") for row in said) == text
    assert all(row[0].startswith("（続き）") for row in said[1:])


def test_the_csv_says_it_all() -> None:
    heads, first, *_ = csv_rows(document(sample=True))
    assert heads[:6] == ["番号", "取扱い", "区分", "No.", "日時（ISO 8601）", "日時"]
    assert first[:5] == ["令和8年度 第12号", "取扱注意", "見本", "0", "2026-11-22T14:05:09.123+09:00"]
    assert first[6:] == [
        "STEP_ANSWERED",
        "手順に回答した",
        "is_it_ransomware",
        "身代金要求型の攻撃か",
        "髙橋 花子（情報セキュリティ担当）",
        "共有フォルダの拡張子が変わっている。0回目の確認。",
    ]


def test_no_cell_of_the_csv_runs() -> None:
    said = csv_rows(hostile())
    assert {len(row) for row in said} == {12}
    assert not [cell for row in said for cell in row if cell.lstrip(" \u3000\xa0\t\r\n")[:1] in tuple("=+-@＝＋－＠")]


@settings(max_examples=50)
@given(st.text())
def test_any_text_comes_out_of_the_csv_whole(text: str) -> None:
    row = csv_rows(document(lines=(line(text=text),)))[1]
    assert row[-1].removeprefix("'") == visible(text).removeprefix("'")
