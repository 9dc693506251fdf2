"""Reports on paper and in Excel: one page for a first report, differences marked, nothing ever evaluated."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import openpyxl
import pikepdf
import pytest

from csirt.errors import Invalid
from csirt.reports.fonts import embedded_shelf, font_shelf
from csirt.reports.labels import Language
from csirt.reports.report import ReportDocument, ReportRow, report_pdf
from csirt.reports.report_xlsx import report_xlsx
from tests.reports.documents import HOSTILE
from tests.reports.test_timeline_pdf import read, squeezed

needs_japanese_font = pytest.mark.skipif(not font_shelf().has_japanese, reason="no Japanese font on this machine")
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def document(language: Language = "ja", rows: int = 16) -> ReportDocument:
    """A first report with as many fields as the city's own form has."""
    fields = tuple(ReportRow(f"欄{place}", "調査中") for place in range(rows))
    return ReportDocument(
        title="情報セキュリティインシデント報告書 第1報",
        number_text="令和8年度 第12号",
        addressees=("県 御中", "総務省 御中"),
        sender="鳴門市 情報戦略課\n電話 000-0000-0001",
        sections=(
            ("案件", fields[:4]),
            ("事案の内容", (ReportRow("概要", "あて先を全員に見せて送信した。"), *fields[4:])),
        ),
        edition="2015-08-01",
        sha256=SHA256,
        language=language,
        made_at=datetime(2026, 11, 24, 1, 0, tzinfo=UTC),
        handling="取扱注意",
    )


@needs_japanese_font
def test_a_first_report_is_one_page_of_a4_for_archive_and_screen_reader() -> None:
    made = report_pdf(document())
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert len(pdf.pages) == 1
        assert [round(float(side)) for side in pdf.pages[0].mediabox[2:]] == [595, 842]
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
            assert metadata["pdfuaid:part"] == "1"
    words = squeezed(read(made))
    for said in (
        "第1報",
        "県御中",
        "令和8年11月24日(火)10時00分",
        "取扱注意",
        "1／1ページ",
        SHA256,
        "続報でお知らせします",
    ):
        assert squeezed(said) in words


@needs_japanese_font
def test_differences_stamps_and_marks_are_printed() -> None:
    changed = ReportRow("本人の数", "1,782人", changed=True, before="1,780人（推定）")
    stamps = (("起案", "", "佐藤 和也", "令和8年11月24日(火) 10時00分"), ("決裁", "統括", "中村 隆", ""))
    sections = (("個人情報", (changed,)),)
    further = replace(document(), sections=sections, further=True, stamps=stamps, drill=True, draft=True)
    words = squeezed(read(report_pdf(further)))
    for said in (
        "変更",
        "前報:1,780人（推定）",
        "佐藤和也",
        "統括",
        "これは訓練の記録です",
        "「変更」は前報から変わった項目です",
    ):
        assert squeezed(said) in words
    assert "案" in words
    plain = squeezed(read(report_pdf(document())))
    assert "訓練" not in plain
    assert "前報" not in plain


def test_the_same_document_gives_the_same_bytes_and_a_naive_time_is_refused() -> None:
    assert report_pdf(document()) == report_pdf(document())
    assert report_xlsx(document()) == report_xlsx(document())
    with pytest.raises(Invalid, match="time_without_zone"):
        replace(document(), made_at=datetime(2026, 11, 24))  # noqa: DTZ001 - that is the point


def test_hostile_texts_are_printed_and_no_cell_is_a_formula() -> None:
    rows = tuple(ReportRow(text[:60], text, changed=True, before=text) for text in HOSTILE)
    said = replace(document(), sections=(("x", rows),), title=HOSTILE[0][:80], further=True)
    assert report_pdf(said).startswith(b"%PDF")
    assert report_pdf(said, embedded_shelf()).startswith(b"%PDF")
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(said)))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None]
    assert len(cells) > len(HOSTILE)
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell for cell in cells if cell.hyperlink]


def test_the_workbook_prints_on_a4_and_marks_what_changed() -> None:
    changed = ReportRow("本人の数", "1,782人", changed=True, before="1,780人（推定）")
    said = replace(document(), sections=(("個人情報", (changed,)),), further=True, drill=True)
    sheet = openpyxl.load_workbook(io.BytesIO(report_xlsx(said))).worksheets[0]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    assert "[変更] 1,782人\n前報: 1,780人（推定）" in texts
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "portrait")
    assert sheet.sheet_properties.pageSetUpPr
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.oddHeader
    assert sheet.oddFooter
    assert "訓練" in str(sheet.oddHeader.right.text)
    assert "ページ" in str(sheet.oddFooter.right.text)
