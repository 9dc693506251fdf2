"""Every page as it is printed: A4, nothing cut or empty, nothing to click on or to fill in, a sane number of sheets."""

import html
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from csirt.texts.catalogs import LANGUAGES
from csirt.web.look import draw
from tests.chromium import browser
from tests.web.samples import every_page
from tests.web.test_pages_in_browser import NAMES, TOO_WIDE, Desk

__all__ = ["browser"]

pytestmark = pytest.mark.browser

A4 = (595, 842)  # points
RIGHT, TOP, BOTTOM = 595 - 42.5, 56.7, 842 - 51  # where the margins of the style sheet begin
BETWEEN = 680  # px that they leave
SHEETS = {
    "board": 2,
    "incident": 6,
    "incident_closed": 4,
    "authority": 5,
    **dict.fromkeys(("chains", "review", "review_wrong", "measures", "measures_wrong"), 1),
    **dict.fromkeys(("entry", "entry_broken", "statistics", "assignments", "erasures"), 1),
}
MOST = 3  # of any other sample
ON_PAPER = {"open_incident", "open_incident_wrong", "call_sheet", "call_sheet_taken"}
"""Forms that are also filled in by hand."""
LEFT = """() => [...document.querySelectorAll('nav:not(.pager), .pager a, button, .button, .who, .skip, input, select,'
    + 'textarea:not([readonly]), summary:has(~ form), form .field:not(:has(table))')].filter(
    e => e.checkVisibility({visibilityProperty: true}) && e.getBoundingClientRect().width > 1 && e.textContent + e.value
).map(e => e.outerHTML.slice(0, 90))"""
FORMS = re.compile(r"<(input|select|textarea|fieldset|div class=.field)")
WORD = re.compile(r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>')
SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')


@dataclass(frozen=True)
class Sheet:
    """A printed page: its size in points, and its words with their right edge, between the margins and on them."""

    size: tuple[int, int]
    body: tuple[tuple[str, float], ...]
    margins: str


def sheets_of(page: Page) -> list[Sheet]:
    """What comes out of the printer, as poppler finds it."""
    made = page.pdf(prefer_css_page_size=True)
    done = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=made, capture_output=True, check=True)
    return [_sheet(text) for text in done.stdout.decode().split("<page ")[1:]]


def _sheet(text: str) -> Sheet:
    size = SIZE.match(text)
    assert size
    words = [(html.unescape(word), float(x), float(top)) for _, top, x, _, word in WORD.findall(text)]
    return Sheet(
        (round(float(size[1])), round(float(size[2]))),
        tuple((word, x) for word, x, top in words if TOP - 2 < top < BOTTOM),
        "".join(word for word, _, top in words if not TOP - 2 < top < BOTTOM),
    )


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[Desk]:
    """A tab as wide as the sheet between its margins, which believes that it is paper."""
    tab = browser.new_page()
    tab.emulate_media(media="print")
    yield Desk(tab)
    tab.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_prints_on_a4_whole_and_without_what_belongs_to_the_screen(desk: Desk, language: str) -> None:
    for name, around, view in every_page(language):
        if name not in NAMES:
            continue
        page = desk.open(draw(around, view), width=BETWEEN)
        assert page.evaluate(TOO_WIDE) == [], name
        left = page.evaluate(LEFT)
        assert [one for one in left if name not in ON_PAPER or not FORMS.match(one)] == [], name
        sheets = sheets_of(page)
        assert {sheet.size for sheet in sheets} == {A4}, name
        assert len(sheets) <= SHEETS.get(name, MOST), name
        for number, sheet in enumerate(sheets, start=1):
            assert sheet.body, (name, number)
            assert [word for word, x in sheet.body if x > RIGHT + 1] == [], (name, number)
            assert "取扱注意" in sheet.margins, (name, number)
            assert f"{number}/{len(sheets)}" in sheet.margins, (name, number)


def test_what_is_folded_on_the_screen_is_read_on_paper(desk: Desk) -> None:
    page = desk.show("ja", "incident", width=BETWEEN)
    printed = "".join(word for sheet in sheets_of(page) for word, _ in sheet.body)
    assert "レベルの経過" in printed
    assert page.locator("details:not(:has(form)) :is(p, dd)").first.is_visible()


@pytest.mark.parametrize("name", ["open_incident", "call_sheet"])
def test_the_paper_forms_have_room_to_write_and_no_dashes_where_a_pen_writes(desk: Desk, name: str) -> None:
    page = desk.show("ja", name, width=BETWEEN)
    assert page.locator("form textarea:visible").count() > 0
    printed = "".join(word for sheet in sheets_of(page) for word, _ in sheet.body)
    assert "mm/dd" not in printed
    assert "記録する" not in printed


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sheet_holds_a_closing_line_alone(desk: Desk, language: str) -> None:
    for name, around, view in every_page(language):
        if name == "call_sheet" or name.startswith(("report", "assignment")):
            sheets = sheets_of(desk.open(draw(around, view), width=BETWEEN))
            assert len(sheets[-1].body) > 8, (name, [word for word, _ in sheets[-1].body])
            if name in {"report", "call_sheet"}:
                assert len(sheets) == 1, name
