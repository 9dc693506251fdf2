"""Draws every page in both languages into `build/preview`, and photographs them: `python -m tests.web.preview [name…]`.

For looking at with the eye. Pages come out as on a wide and on a narrow screen and, as PDF, as printed.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Route

from csirt.web.look import STATIC, draw
from tests.chromium import chromium
from tests.web.samples import every_page

FOLDER = Path("build/preview")
WIDTHS = (1280, 320)
ADDRESS = "http://desk.test/"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def serve(route: Route, page: str) -> None:
    """Answer from the drawn page and our static files only, under the policy of the real pages; nothing goes out."""
    path = route.request.url.removeprefix(ADDRESS)
    if not path:
        route.fulfill(body=page, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY})
    elif (file := STATIC / path.removeprefix("static/")).is_file():
        route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix])
    else:
        route.abort()


def photograph(browser: Browser, name: str, page: str) -> None:
    """Pictures at each width, and the print."""
    for width in WIDTHS:
        tab = browser.new_page(viewport={"width": width, "height": 800})
        tab.route("**/*", lambda route: serve(route, page))
        tab.goto(ADDRESS)
        over = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            sys.stdout.write(f"{name}: {over} px too wide at {width}\n")
        tab.screenshot(path=FOLDER / f"{name}-{width}.png", full_page=True)
        if width == WIDTHS[0]:
            tab.pdf(path=FOLDER / f"{name}.pdf", prefer_css_page_size=True)
        tab.close()


def main(wanted: list[str]) -> None:
    """Draw and photograph what is wanted; everything if nothing is named."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for language in ("ja", "en"):
            for page, frame, view in every_page(language):
                name = f"{page}-{language}"
                if not wanted or name in wanted:
                    text = draw(frame, view)
                    (FOLDER / f"{name}.html").write_text(text, encoding="utf-8")
                    photograph(browser, name, text)


if __name__ == "__main__":
    main(sys.argv[1:])
