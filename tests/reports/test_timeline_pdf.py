"""The PDF is for the archive and for screen readers, and says what it was given, whatever that is."""

import io
import re
import subprocess
import unicodedata
from dataclasses import replace
from datetime import datetime

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csirt.errors import Invalid
from csirt.reports.fonts import embedded_shelf, font_shelf, printable
from csirt.reports.labels import Language
from csirt.reports.timeline import timeline_pdf
from tests.reports.documents import HOSTILE, document, hostile, line

needs_japanese_font = pytest.mark.skipif(not font_shelf().has_japanese, reason="no Japanese font on this machine")


def read(pdf: bytes, *options: str) -> str:
    """The text of a PDF as poppler finds it."""
    done = subprocess.run(["pdftotext", *options, "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def tags(element: pikepdf.Object) -> list[str]:
    """The names of all structure elements below one, in order."""
    found = [str(element.S)] if "/S" in element else []
    children: pikepdf.Object = element.get("/K", pikepdf.Array())
    for child in list(children) if isinstance(children, pikepdf.Array) else [children]:
        if isinstance(child, pikepdf.Dictionary):
            found += tags(child)
    return found


@needs_japanese_font
def test_it_is_marked_for_archive_and_screen_reader() -> None:
    with pikepdf.open(io.BytesIO(timeline_pdf(document(lines=200)))) as pdf:
        with pdf.open_metadata() as metadata:
            assert metadata["pdfaid:part"] == "2"
            assert metadata["pdfaid:conformance"] == "A"
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"] == "インシデント経過記録 令和8年度 第12号"
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "ja-JP"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert str(pdf.docinfo["/CreationDate"]).startswith("D:20261123050509")
        structure = tags(pdf.Root.StructTreeRoot)
    assert structure.count("/Table") == 5
    assert structure.count("/THead") == 5
    assert structure.count("/TR") == 5 + 8 + 2 + 200 + 1 + 2
    assert structure.count("/H1") == 5


@needs_japanese_font
def test_every_page_is_upright_a4_with_number_mark_and_heads() -> None:
    made = timeline_pdf(document(lines=200, drill=True))
    with pikepdf.open(io.BytesIO(made)) as pdf:
        sizes = {(round(float(page.mediabox[2])), round(float(page.mediabox[3]))) for page in pdf.pages}
        count = len(pdf.pages)
    pages = read(made).split("\f")[:count]
    assert sizes == {(595, 842)}
    assert count > 5
    for number, page in enumerate(pages, start=1):
        words = squeezed(page)
        assert f"{number}／{count}ページ" in words
        assert "取扱注意" in words
        assert "訓練" in words
        assert "令和8年度第12号" in words
    assert all("出来事・手順" in page for page in pages[1:-1])


@needs_japanese_font
def test_japanese_can_be_searched_and_copied() -> None:
    words = squeezed(read(timeline_pdf(document())))
    for said in ("税務課共有フォルダの暗号化", "令和8年11月22日(日)14時05分", "3f5a" * 16, "身代金要求型の攻撃か"):
        assert said in words
    assert "髙橋花子" in words


@pytest.mark.parametrize("language", ["ja", "en"])
def test_drill_and_sample_are_said_in_words_and_on_every_page(language: Language) -> None:
    plain = read(timeline_pdf(document(language)))
    marked = read(timeline_pdf(document(language, drill=True, sample=True)))
    for ja, en in (("これは訓練の記録です", "record of a drill"), ("これは見本です", "This is a sample")):
        said = ja if language == "ja" and font_shelf().has_japanese else en
        assert squeezed(said) in squeezed(marked)
        assert squeezed(said) not in squeezed(plain)


def test_the_same_document_gives_the_same_bytes() -> None:
    assert timeline_pdf(document()) == timeline_pdf(document())
    assert timeline_pdf(document()) != timeline_pdf(replace(document(), record_size=1))


def test_without_lines_and_measures_it_says_so() -> None:
    words = read(timeline_pdf(document("en", lines=0, measures=(), clocks=(), handling="")))
    assert "Nothing has been recorded yet." in words
    assert "No measures have been recorded." in words


@needs_japanese_font
def test_hostile_texts_are_printed_and_nothing_else_happens() -> None:
    made = timeline_pdf(hostile())
    words = squeezed(read(made, "-layout"))
    assert "root:x:0" not in words
    assert "[U+1F525]" in words
    assert "[U+202E]gpj.exe" in words
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert not [page for page in pdf.pages if "/Annots" in page]
        assert "/OpenAction" not in pdf.Root


@needs_japanese_font
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_comes_out_whole(text: str) -> None:
    made = timeline_pdf(document(lines=0, clocks=(), measures=((text, "", ""),)))
    between_margins = ("-x", "0", "-y", "70", "-W", "595", "-H", "715")
    words = re.sub("再発防止策|担当|期限|\u200b", "", squeezed(read(made, *between_margins)))  # heads, on every page
    shown = squeezed(printable(text, font_shelf()))
    assert unicodedata.normalize("NFC", shown) in unicodedata.normalize("NFC", words)


@needs_japanese_font
def test_a_long_word_stays_in_its_column() -> None:
    """As wide as a page at most: nothing is printed beyond the margin."""
    signs = ("W" * 500, "、" * 500, "." * 500, "ー" * 500, "っぃ" * 250, "」！" * 250, "…" * 500, "W" * 9, "…" * 9)
    measures = tuple((sign, sign, sign) for sign in (*signs, "https://a.example/" + "w" * 100, "\u00a0" * 500))
    made = timeline_pdf(document(lines=0, measures=measures))
    boxes = re.findall(r'xMax="([0-9.]+)"', read(made, "-bbox"))
    assert max(map(float, boxes)) < 595 - 40


def test_without_a_japanese_font_labels_are_english_and_nothing_is_lost() -> None:
    words = squeezed(read(timeline_pdf(document(title="課A"), embedded_shelf())))
    assert "Incidenttimeline[U+4EE4][U+548C]" in words
    assert "[U+8AB2]A" in words
    assert "NoJapanesefontwasfound" in words


@settings(max_examples=25)
@given(st.lists(st.text(max_size=40), max_size=30))
def test_no_text_stops_the_document(texts: list[str]) -> None:
    said = document(lines=0, measures=tuple((text, text, text) for text in texts), title="".join(texts))
    assert timeline_pdf(said).startswith(b"%PDF")
    assert timeline_pdf(said, embedded_shelf()).startswith(b"%PDF")


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="time_without_zone"):
        line(at=datetime(2026, 11, 22))  # noqa: DTZ001 - that is the point
    with pytest.raises(Invalid, match="time_without_zone"):
        document(made_at=datetime(2026, 11, 22))  # noqa: DTZ001 - that is the point
