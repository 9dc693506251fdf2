"""Every page type enlarged, in forced colours and by keyboard alone, as a browser shows it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from csirt.web.look import draw
from tests.chromium import browser
from tests.web.samples import every_page
from tests.web.test_pages_in_browser import NAMES, TOO_WIDE, Desk

__all__ = ["browser"]

pytestmark = pytest.mark.browser

STATES = ("_wrong", "_empty", "_without", "_more", "_none", "_bare", "_done", "_failed", "_sent", "_closed")
TYPES = [name for name in NAMES if not name.endswith(STATES)]
"""One name for each type of page; its faulty and empty states look alike."""

UNSEEN = """() => {
    const back = e => { for (; e; e = e.parentElement) {
        const colour = getComputedStyle(e).backgroundColor; if (!colour.endsWith(', 0)')) return colour; }
        return 'rgb(255, 255, 255)'; };
    const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    return [...document.querySelectorAll('body *')].filter(e => own(e)
        && !e.closest('.hidden, svg, option, script, style') && e.getBoundingClientRect().width
        && getComputedStyle(e).color === back(e)).map(e => e.outerHTML.slice(0, 80));
}"""
FOCUSED = """() => { const e = document.activeElement, box = e.getBoundingClientRect(), look = getComputedStyle(e);
    return [e.outerHTML.slice(0, 120), look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 3,
        box.bottom > 0 && box.top < innerHeight, e === document.body]; }"""


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[Desk]:
    """A tab in which no script runs but that of the test."""
    tab = browser.new_page(reduced_motion="reduce")  # what scrolls smoothly is not there yet when one looks
    yield Desk(tab)
    tab.close()


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    """Every page in Japanese, drawn once."""
    return {name: draw(around, view) for name, around, view in every_page("ja")}


def test_at_200_percent_nothing_leaves_the_window(desk: Desk, drawn: dict[str, str]) -> None:
    """WCAG 1.4.4: the browser's zoom halves the window."""
    for name in TYPES:
        page = desk.open(drawn[name], width=640)
        assert page.evaluate(TOO_WIDE) == [], name


def test_in_forced_colours_every_word_is_seen(browser: Browser, drawn: dict[str, str]) -> None:
    """Contrast themes replace all colours: no text may end up in the colour of its ground."""
    tab = browser.new_page(forced_colors="active")
    desk = Desk(tab)
    for name in TYPES:
        assert desk.open(drawn[name]).evaluate(UNSEEN) == [], name
    tab.close()


def focused(page: Page) -> tuple[str, bool, bool, bool]:
    what, ringed, inside, left = page.evaluate(FOCUSED)
    return what, ringed, inside, left


@pytest.mark.parametrize("name", ["board", "incident", "assignment", "opening_confirm", "reports", "channels"])
def test_tab_goes_through_the_page_in_order_with_a_ring_and_out_again(
    desk: Desk, drawn: dict[str, str], name: str
) -> None:
    """No trap (WCAG 2.1.2), the focus is seen (2.4.7), and the order is that of the page (2.4.3)."""
    page = desk.open(drawn[name])
    assert page.evaluate("[...document.querySelectorAll('[tabindex]')].every(e => e.tabIndex <= 0)")
    most = page.evaluate("document.querySelectorAll('a, button, input, select, textarea, summary').length")
    seen: list[str] = []
    for _ in range(most + 2):
        page.keyboard.press("Tab")
        what, ringed, inside, left = focused(page)
        if left or what in seen[:1]:  # the browser has no buttons of its own here, and may begin anew at once
            break
        assert inside, what
        assert ringed or 'type="date' in what, what  # the parts of a date have a mark of their own inside the field
        seen.append(what)
    else:
        pytest.fail(f"the focus stays at {seen[-1]}")
    assert len(seen) > 10
