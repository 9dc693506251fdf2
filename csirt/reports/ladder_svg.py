"""A contact chain as a ladder: each route with its rungs from the first call up, and where a climb stands."""

from dataclasses import dataclass

from csirt.reports.drawing import Drawing

_RAIL, _WORDS = 18.0, 40.0


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung in words: when it is called, and a line for each party with its people and channels.

    `reached`: it was called already (during an incident).
    """

    when: str
    lines: tuple[str, ...]
    reached: bool = False


@dataclass(frozen=True, slots=True)
class Rail:
    """One route in words; `state` says where it stands."""

    title: str
    rungs: tuple[Rung, ...]
    state: str = ""


def draw_ladder(title: str, about: str, rails: tuple[Rail, ...], *, alone: bool = False) -> str:
    """The picture as SVG. The page says the same in words."""
    drawing = Drawing(title, about)
    for number, rail in enumerate(rails):
        drawing.y += 14 if number else 0
        drawing.lines(8, rail.title if not rail.state else f"{rail.title} – {rail.state}", size=14, bold=True)
        drawing.y += 4
        _rail(drawing, rail.rungs)
    return drawing.svg(alone=alone)


def _rail(drawing: Drawing, rungs: tuple[Rung, ...]) -> None:
    before: float | None = None
    for rung in rungs:
        at = drawing.y + 13
        if before is not None:
            drawing.line(_RAIL, before + 6, _RAIL, at - 6, width=2, dashes="" if rung.reached else "3 3")
        drawing.dot(_RAIL, at, filled=rung.reached)
        drawing.lines(_WORDS, rung.when, bold=True)
        for line in rung.lines:
            drawing.lines(_WORDS, line)
        drawing.y += 8
        before = at
