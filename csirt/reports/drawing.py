"""Small drawings as SVG: lines, boxes and words, readable in print, in the dark and on a narrow screen.

Everything is drawn in `currentColor`, so that a page's own colours count; a drawing that stands alone in a file brings
its own. The width is that of a narrow screen, so that words are never shrunk; no style attributes, no script.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

WIDTH = 320
TEXT = 13
_NEVER_FIRST = "])）］」』、。,.・ー"  # 行頭禁則
_ALONE = (
    "<style>svg{color:#1a1a1a;background:#fff}"
    "@media (prefers-color-scheme:dark){svg{color:#eee;background:#111}}</style>"
)


def em(text: str) -> float:
    """How wide a text is, in signs of full width."""
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WFA" else 0.56 for sign in text)


def folded(text: str, width: float, size: float = TEXT) -> list[str]:
    """The text in lines no wider than `width`. A Latin word stays whole, unless it is wider than a line by itself."""
    lines, line = [], ""
    for piece in _pieces(text, width / size):
        if line and em((line + piece).rstrip()) * size > width and piece not in _NEVER_FIRST:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line] if line else lines


def _pieces(text: str, room: float) -> Iterator[str]:
    """What a line is never broken within; `room` in signs of full width."""
    for piece in re.findall(r"[!-~]+|.", text, re.DOTALL):
        yield from piece if em(piece) > room else (piece,)


@dataclass
class Drawing:
    """A drawing in the making; `y` is where the next thing goes."""

    title: str
    about: str = ""
    y: float = 0.0
    _parts: list[str] = field(default_factory=list)

    def text(self, x: float, text: str, *, size: float = TEXT, bold: bool = False, anchor: str = "start") -> None:
        """One line of words whose foot is at `y`."""
        weight = ' font-weight="700"' if bold else ""
        self._parts.append(
            f'<text x="{x:g}" y="{self.y:g}" font-size="{size:g}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'
        )

    def lines(self, x: float, text: str, *, size: float = TEXT, bold: bool = False) -> None:
        """Words in as many lines as they need; moves on."""
        for line in folded(text, WIDTH - x - 4, size):
            self.y += size * 1.35
            self.text(x, line, size=size, bold=bold)

    def line(self, x1: float, y1: float, x2: float, y2: float, *, width: float = 1.0, dashes: str = "") -> None:
        """A straight line."""
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="currentColor" '
            f'stroke-width="{width:g}"{dashed}/>'
        )

    def box(self, x: float, y: float, width: float, height: float, *, filled: float = 0.0, edge: float = 1.0) -> None:
        """A rectangle; `filled` is how dark it is inside, from 0 to 1."""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{max(width, 0):g}" height="{height:g}" fill="currentColor" '
            f'fill-opacity="{filled:g}" stroke="currentColor" stroke-width="{edge:g}"/>'
        )

    def dot(self, x: float, y: float, *, filled: bool, radius: float = 6) -> None:
        """A circle."""
        self._parts.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="currentColor" fill-opacity="{1 if filled else 0}" '
            f'stroke="currentColor" stroke-width="1.5"/>'
        )

    def svg(self, *, alone: bool = False) -> str:
        """The finished picture. `alone`: for a file, with a name space and colours of its own."""
        space = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
        about = f"<desc>{escape(self.about)}</desc>" if self.about else ""
        return (
            f'<svg{space} class="drawing" viewBox="0 0 {WIDTH} {self.y + 8:g}" role="img" fill="currentColor" '
            f'font-family="sans-serif"><title>{escape(self.title)}</title>{about}{_ALONE if alone else ""}'
            + "".join(self._parts)
            + "</svg>"
        )
