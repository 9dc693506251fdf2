"""The picture of a rehearsal: for each party a bar of when it knows, on an axis of minutes."""

from collections.abc import Callable, Mapping

from csirt.model.rehearsal import Reached, Rehearsed
from csirt.reports.drawing import WIDTH, Drawing
from csirt.texts.catalogs import Catalog

_LEFT, _RIGHT = 8.0, 8.0
_BAR = 12.0
_STEPS = (5, 10, 15, 30, 60, 120, 240, 480, 1440)


def draw_rehearsal(
    found: Rehearsed, words: Catalog, name: Callable[[str], str], title: str, *, alone: bool = False
) -> str:
    """The picture as SVG. `name` puts a party into words, `title` names the chain."""
    drawing = Drawing(title, words.say("rehearsal.drawing.about", {"runs": found.runs}))
    drawing.lines(_LEFT, title, size=15, bold=True)
    drawing.lines(_LEFT, words.say("rehearsal.probability", _goal(found, words, name)), bold=True)
    drawing.lines(_LEFT, words.gettext("rehearsal.drawing.key"), size=11)
    longest = max([found.within, *(one.late for one in found.reached if one.late is not None)])
    scale = (WIDTH - _LEFT - _RIGHT) / longest
    top = drawing.y + 4
    for one in found.reached:
        _bar(drawing, one, name(one.party), scale, words)
    drawing.y += 8
    goal = _LEFT + found.within * scale
    drawing.line(goal, top, goal, drawing.y, dashes="4 3")
    _axis(drawing, longest, scale, words)
    return drawing.svg(alone=alone)


def _goal(found: Rehearsed, words: Catalog, name: Callable[[str], str]) -> Mapping[str, str]:
    who = name(found.goal) if found.goal else words.gettext("rehearsal.anybody")
    return {"who": who, "within": f"{found.within:g}", "share": f"{found.probability:.1%}"}


def _bar(drawing: Drawing, one: Reached, name: str, scale: float, words: Catalog) -> None:
    drawing.y += 6
    share = words.say("rehearsal.drawing.share", {"name": name, "share": f"{one.share:.0%}"})
    drawing.lines(_LEFT, share)
    drawing.y += 5
    if one.first_call is not None:
        at = _LEFT + one.first_call * scale
        drawing.line(at, drawing.y, at, drawing.y + _BAR, width=2)
    if one.median is not None and one.late is not None:
        middle, end = _LEFT + one.median * scale, _LEFT + one.late * scale
        begin = _LEFT + (one.first_call or 0) * scale
        drawing.box(begin, drawing.y, middle - begin, _BAR, filled=0.55)
        drawing.box(middle, drawing.y, end - middle, _BAR, filled=0.15)
    drawing.y += _BAR


def _axis(drawing: Drawing, longest: float, scale: float, words: Catalog) -> None:
    drawing.line(_LEFT, drawing.y, WIDTH - _RIGHT, drawing.y)
    step = next((one for one in _STEPS if longest / one <= 6), _STEPS[-1])
    base = drawing.y
    for number in range(int(longest // step) + 1):
        at = _LEFT + number * step * scale
        drawing.line(at, base, at, base + 4)
        drawing.y = base + 17
        drawing.text(at, str(number * step), size=11, anchor="start" if number == 0 else "middle")
    drawing.y = base + 32
    drawing.text(WIDTH - _RIGHT, words.gettext("rehearsal.minutes"), size=11, anchor="end")
