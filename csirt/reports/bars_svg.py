"""Figures as bars, one below the other, each with its number: read in black and white, and on a narrow screen."""

from collections.abc import Sequence

from csirt.reports.drawing import WIDTH, Drawing, em

_ROW, _BAR, _SIZE = 24.0, 14.0, 13.0
_SPACE = 12.0


def draw_bars(title: str, about: str, rows: Sequence[tuple[str, int]]) -> str:
    """The picture as SVG. The page says the same in a table beside it."""
    drawing = Drawing(title, about)
    left = max((em(label) for label, _ in rows), default=0.0) * _SIZE + _SPACE
    right = max((em(str(number)) for _, number in rows), default=0.0) * _SIZE + _SPACE
    most = max((number for _, number in rows), default=0) or 1
    for label, number in rows:
        top, length = drawing.y + (_ROW - _BAR) / 2, (WIDTH - left - right) * number / most
        drawing.y += _ROW - 7
        drawing.text(0, label, size=_SIZE)
        if number:
            drawing.box(left, top, length, _BAR, filled=0.55)
        drawing.text(left + length + 6, str(number), size=_SIZE, bold=True)
        drawing.y += 7
    drawing.line(left, 0, left, drawing.y)
    return drawing.svg()
