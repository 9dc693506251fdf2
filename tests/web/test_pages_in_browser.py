"""Every page in Chromium, under the strict policy: axe finds nothing, 320 px suffice, print is a plain sheet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from csirt.texts.catalogs import LANGUAGES
from csirt.web.look import draw
from tests.chromium import browser
from tests.web.preview import ADDRESS, serve
from tests.web.samples import every_page

__all__ = ["browser"]

pytestmark = pytest.mark.browser

NAMES = [name for name, _, _ in every_page("ja") if not name.startswith("message") or name == "message_500"]
TOO_WIDE = """() => [...document.querySelectorAll('main *, header *, footer *')].filter(e => {
    const box = e.getBoundingClientRect();
    const card = e.parentElement.closest('.stack tr');  // what goes beyond the frame of its card is too wide as well
    const edge = card && getComputedStyle(card).display === 'block' ? card.getBoundingClientRect().right : innerWidth;
    return box.width && box.right > Math.min(edge, innerWidth) + 1 && !e.closest('.hidden, .stack thead, .chart-box *');
}).map(e => e.className || e.tagName)"""
BROKEN_NAMES = """() => [...document.querySelectorAll('.whole')].filter(e => {
    const line = parseFloat(getComputedStyle(e).lineHeight);
    return !e.textContent.trim().includes(' ') && e.textContent.trim().length < 12
        && e.getBoundingClientRect().height > line * 1.5;
}).map(e => e.textContent)"""


class Desk:
    """One tab that shows drawn pages and remembers what went wrong."""

    def __init__(self, tab: Page) -> None:
        """Pages are served by us; whatever the browser complains of is kept."""
        self.tab = tab
        self.complaints: list[str] = []
        self._page = ""
        tab.on("console", lambda message: self.complaints.append(message.text))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("requestfailed", lambda request: self.complaints.append(request.url))
        tab.route("**/*", self._serve)

    def _serve(self, route: Route) -> None:
        serve(route, self._page)

    def show(self, language: str, name: str, width: int = 1280) -> Page:
        """Open a sample page at a width, which may differ from the last one's."""
        around, view = next((around, view) for page, around, view in every_page(language) if page == name)
        return self.open(draw(around, view), width)

    def open(self, drawn: str, width: int = 1280) -> Page:
        """Open a page that is drawn already."""
        self._page = drawn
        self.tab.goto("about:blank")  # what the page before still asked for fails now, and is no complaint of this one
        self.complaints.clear()
        self.tab.set_viewport_size({"width": width, "height": 800})
        self.tab.goto(ADDRESS)
        return self.tab


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[Desk]:
    """A tab without JavaScript of ours, because we have none; axe is put in from outside."""
    tab = browser.new_page()
    yield Desk(tab)
    tab.close()


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_and_the_browser_complains_of_nothing(desk: Desk, name: str) -> None:
    """WCAG 2.2 AA as far as a machine can see; no refused style, no failed or outside request."""
    page = desk.show("ja", name)
    assert desk.complaints == []
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found.response["violations"]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_fit_320_pixels_and_break_no_name(desk: Desk, language: str) -> None:
    """1280 px at 400% (WCAG 1.4.10), in both languages; names, numbers and dates stay whole."""
    for name in NAMES:
        page = desk.show(language, name, width=320)
        assert page.evaluate(TOO_WIDE) == [], name
        assert page.evaluate(BROKEN_NAMES) == [], name


def test_actions_are_48_pixels_high_and_text_is_17(desk: Desk) -> None:
    """Buttons keep the size of the text, and the ring of the focus is seen."""
    page = desk.show("ja", "sign_in")
    button = page.get_by_role("button", name="サインインする")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 48
    assert button.evaluate("e => getComputedStyle(e).fontSize") == "17px"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).outline") == "rgb(0, 0, 0) solid 4px"


def test_the_error_box_has_the_focus_on_arrival(desk: Desk) -> None:
    """Without script."""
    page = desk.show("ja", "sign_in_wrong")
    expect(page.get_by_role("alert")).to_be_focused()  # which the browser does when it first draws the page
    page.get_by_role("link", name="パスワードを入力してください。").click()
    assert page.evaluate("location.hash") == "#password"


def test_a_diagram_can_be_read_and_begins_with_its_first_step(desk: Desk) -> None:
    page = desk.show("ja", "opening_confirm")
    assert page.locator(".chart").evaluate("e => e.getScreenCTM().a") * 14 >= 12  # px of its letters
    box, first = page.locator(".chart-box").bounding_box(), page.locator(".chart .step").first.bounding_box()
    assert box
    assert first
    assert box["x"] <= first["x"]
    assert first["x"] + first["width"] <= box["x"] + box["width"]


def test_forced_colours_keep_the_current_step_apart(browser: Browser) -> None:
    """By its filled mark, and by the word."""
    tab = browser.new_page(forced_colors="active")
    desk = Desk(tab)
    page = desk.show("ja", "incident")
    fill = "e => getComputedStyle(e).backgroundColor"
    assert page.locator(".step-open .step-mark").first.evaluate(fill) != page.locator(
        ".step-later .step-mark"
    ).first.evaluate(fill)
    assert page.get_by_text("対応待ち").count() > 0
    tab.close()


def test_print_is_a_sheet_without_buttons(desk: Desk, tmp_path: Path) -> None:
    """A4 with the handling mark; tables stay tables; nothing to click on."""
    page = desk.show("ja", "incident")
    page.emulate_media(media="print")
    assert page.locator(".button:visible").count() == 0
    assert page.locator(".print-head").is_visible()
    page.set_viewport_size({"width": 680, "height": 1000})  # what A4 leaves between the margins
    assert page.locator(".timeline th").first.is_visible()
    assert page.locator(".timeline tr").nth(1).evaluate("e => getComputedStyle(e).display") == "table-row"
    page.pdf(path=tmp_path / "sheet.pdf", prefer_css_page_size=True)
    page.emulate_media(media="screen")
    assert b"%PDF" in (tmp_path / "sheet.pdf").read_bytes()[:8]
