"""Draws a chart as SVG that needs nothing else, and as Mermaid text.

The SVG has no style attribute and no script, so that it stands in a page under a strict content policy; colours are
`currentColor` and classes, so that it is readable on paper, in dark mode and in forced colours.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Protocol

from csirt.playbook.charts import END, Chart, Edge, Item

SIZE, LINE = 14, 20  # of text and of a line, px
WIDE = 236  # of a step's box
PAD, GAP, LANE, SIDE = 10, 30, 12, 24
_DARK = (
    "<style>svg{color:#1a1a1a;background:#fff}@media(prefers-color-scheme:dark){svg{color:#f2f2f2;background:#1a1a1a}}"
    "@media print{svg{color:#000;background:#fff}}</style>"
)


class Words(Protocol):
    """What a drawing says, in one language."""

    def title(self, step: str) -> str:
        """The title of a step."""
        ...

    def notes(self, step: str) -> Sequence[str]:
        """Who, until when: short lines below the title."""
        ...

    def outcome(self, step: str, code: str) -> str:
        """An outcome of a step."""
        ...

    def end(self, code: str) -> str:
        """An end, such as `closed:benign`."""
        ...

    def aside(self) -> str:
        """The caption of branches side by side."""
        ...

    def others(self) -> str:
        """And others."""
        ...


def width_of(text: str) -> float:
    """How wide a text is, px: full-width signs count one, others a little more than a half."""
    return SIZE * sum(1.0 if unicodedata.east_asian_width(sign) in "WFA" else 0.56 for sign in text)


def wrapped(text: str, room: float) -> list[str]:
    """A text in lines that fit; broken at blanks where there are any, else anywhere."""
    lines, line = [], ""
    for word in _words(text):
        if line and width_of(line + word) > room:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()] if line.strip() else lines


def _words(text: str) -> list[str]:
    found: list[str] = []
    for sign in text:
        joins = found and sign.isascii() and found[-1][-1].isascii() and sign != " "
        if joins or (found and sign in "、。，．）」・"):
            found[-1] += sign
        else:
            found.append(sign)
    return found


@dataclass(frozen=True, slots=True)
class _Box:
    """One item with its place: relative to the chart's upper left corner."""

    item: Item
    number: str
    lines: tuple[tuple[str, str], ...]  # class, text
    inner: tuple["_Laid", ...]
    wide: float
    high: float
    y: float = 0


@dataclass(frozen=True, slots=True)
class _Laid:
    """A chart with the places of its boxes."""

    chart: Chart
    boxes: tuple[_Box, ...]
    lanes: tuple[tuple[Edge, int], ...]
    gutter: float
    wide: float
    high: float


@dataclass
class _Layout:
    words: Words
    count: int = 0
    numbers: dict[str, str] = field(default_factory=dict)

    def number(self, chart: Chart) -> None:
        """Steps are numbered from top to bottom, branch by branch."""
        for key in chart.steps():
            self.numbers.setdefault(key, str(len(self.numbers) + 1))

    def lay(self, chart: Chart) -> _Laid:
        """Places for a chart."""
        lanes = _lanes(chart)
        gutter = LANE * (1 + max((lane for _, lane in lanes), default=-1)) + (PAD if lanes else 0)
        boxes, y = [], 0.0
        for item in chart.items:
            box = self._fork(item) if item.branches else self._step(chart, item)
            boxes.append(_Box(item, box.number, box.lines, box.inner, box.wide, box.high, y))
            y += box.high + GAP
        wide = max((box.wide for box in boxes), default=WIDE)
        ends = {edge.to for edge in chart.edges if edge.to.startswith(END) and not edge.to.endswith("joined")}
        high = y - GAP if not ends else y + (LINE + PAD)
        return _Laid(chart, tuple(boxes), lanes, gutter, wide + gutter, max(high, LINE))

    def _step(self, chart: Chart, item: Item) -> _Box:
        room = WIDE - 2 * PAD
        number = self.numbers[item.key]
        lines = [("t", line) for line in wrapped(f"{number}. {self.words.title(item.key)}", room * 0.96)]
        lines += [("n", line) for note in self.words.notes(item.key) for line in wrapped(note, room)]
        exits = chart.exits(item.key)
        if len(exits) > 1 or any(_closes(edge) for edge in exits):
            lines += [("x", line) for edge in exits for line in wrapped(self._exit(edge), room)]
        return _Box(item, number, tuple(lines), (), WIDE, len(lines) * LINE + 2 * PAD)

    def _exit(self, edge: Edge) -> str:
        shown = [self.words.outcome(edge.by, code) for code in edge.outcomes[:3]]
        more = self.words.others() if len(edge.outcomes) > 3 else ""
        return f"{' / '.join(shown)}{more} → {self._target(edge.to)}".strip()

    def _target(self, to: str) -> str:
        if to.startswith(END):
            return self.words.end(to.removeprefix(END))
        first = to.split(":", 2)[2] if to.startswith("fork:") else to
        return self.numbers.get(first, "")

    def _fork(self, item: Item) -> _Box:
        inner = tuple(self.lay(branch) for branch in item.branches)
        wide = sum(laid.wide for laid in inner) + SIDE * (len(inner) - 1) + 2 * PAD
        high = max(laid.high for laid in inner) + 3 * PAD + LINE
        return _Box(item, "", (("a", self.words.aside()),), inner, wide, high)


def _closes(edge: Edge) -> bool:
    return edge.to.startswith(END) and not edge.to.endswith("joined")


def _lanes(chart: Chart) -> tuple[tuple[Edge, int], ...]:
    """A lane at the left for each edge that passes items by; edges whose spans meet get lanes of their own."""
    at = {item.key: number for number, item in enumerate(chart.items)}
    skipping = [edge for edge in chart.edges if edge.to in at and at[edge.to] - at[edge.start] > 1]
    taken: list[list[tuple[int, int]]] = []
    found = []
    for edge in sorted(skipping, key=lambda edge: at[edge.to] - at[edge.start]):
        span = (at[edge.start], at[edge.to])
        lane = next((number for number, spans in enumerate(taken) if _free(span, spans)), len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append(span)
        found.append((edge, lane))
    return tuple(found)


def _free(span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    return all(span[1] <= low or high <= span[0] for low, high in spans)


def svg(chart: Chart, words: Words, name: str, *, alone: bool = False) -> str:
    """The chart as SVG; `name` is what it is called for those who do not see it. `alone`: a file of its own."""
    layout = _Layout(words)
    layout.number(chart)
    laid = layout.lay(chart)
    wide, high = laid.wide + 2 * PAD, laid.high + 2 * PAD
    parts = _draw(laid, words, PAD, PAD)
    head = (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" '
        f'width="{wide:.0f}" height="{high:.0f}" role="img" font-size="{SIZE}" '
        f'font-family="sans-serif"><title>{escape(name)}</title>'
    )
    return head + (_DARK if alone else "") + "".join(parts) + "</svg>"


def _draw(laid: _Laid, words: Words, left: float, top: float) -> list[str]:
    middle = left + laid.gutter + (laid.wide - laid.gutter) / 2
    parts: list[str] = []
    places: dict[str, tuple[float, float, float]] = {}
    joined = {(edge.start, edge.to) for edge in laid.chart.edges}
    for number, box in enumerate(laid.boxes):
        x, y = middle - box.wide / 2, top + box.y
        places[box.item.key] = (x, y, box.high)
        parts += _box(box, words, x, y)
        if number + 1 < len(laid.boxes) and (box.item.key, laid.boxes[number + 1].item.key) in joined:
            parts.append(_arrow(middle, y + box.high, y + box.high + GAP))
    parts += [_skip(edge, lane, places) for edge, lane in laid.lanes]
    return parts + _ends(laid, words, middle, top)


def _ends(laid: _Laid, words: Words, middle: float, top: float) -> list[str]:
    """The end below the last item."""
    if not laid.boxes:
        return []
    last = laid.boxes[-1]
    ends = [edge.to.removeprefix(END) for edge in laid.chart.exits(last.item.key) if edge.to.startswith(END)]
    ends = [end for end in ends if end != "joined"]
    if not ends:
        return []
    y = top + last.y + last.high
    text = " / ".join(dict.fromkeys(words.end(end) for end in ends))
    wide, high = width_of(text) + 2 * PAD, LINE + PAD
    place = f'x="{middle - wide / 2:.0f}" y="{y + GAP:.0f}" width="{wide:.0f}" height="{high}" rx="{high / 2:.0f}"'
    return [
        _arrow(middle, y, y + GAP),
        f'<rect class="end" {place} fill="none" stroke="currentColor" stroke-width="3"/>',
        _text("t", text, middle, y + GAP + LINE, anchor="middle"),
    ]


def _box(box: _Box, words: Words, x: float, y: float) -> list[str]:
    kind, dash = ("fork", ' stroke-dasharray="6 4"') if box.inner else ("step", "")
    place = f'x="{x:.0f}" y="{y:.0f}" width="{box.wide:.0f}" height="{box.high:.0f}"'
    parts = [f'<rect class="{kind}" {place} rx="6" fill="none" stroke="currentColor"{dash}/>']
    parts += [
        _text(kind, line, x + PAD, y + PAD + LINE * number + SIZE) for number, (kind, line) in enumerate(box.lines)
    ]
    inside = x + PAD
    for laid in box.inner:
        parts += _draw(laid, words, inside, y + 2 * PAD + LINE)
        inside += laid.wide + SIDE
    return parts


def _text(kind: str, text: str, x: float, y: float, anchor: str = "start") -> str:
    weight = ' font-weight="700"' if kind in {"t", "a"} else ""
    size = "" if kind == "t" else f' font-size="{SIZE - 1}"'
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return (
        f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}" fill="currentColor"{weight}{size}{place}>{escape(text)}</text>'
    )


def _arrow(x: float, start: float, to: float) -> str:
    return (
        f'<path class="way" d="M{x:.0f} {start:.0f}V{to - 1:.0f}m-5 -7l5 7l5 -7" fill="none" stroke="currentColor" '
        'stroke-width="2"/>'
    )


def _skip(edge: Edge, lane: int, places: dict[str, tuple[float, float, float]]) -> str:
    x1, y1, high = places[edge.start]
    x2, y2, _ = places[edge.to]
    passed = [x for x, y, _ in places.values() if y1 <= y <= y2]
    at = min(passed) - LANE * (lane + 1)
    return (
        f'<path class="way" d="M{x1:.0f} {y1 + high - PAD:.0f}H{at:.0f}V{y2 + PAD:.0f}H{x2 - 1:.0f}m-7 -5l7 5l-7 5" '
        'fill="none" stroke="currentColor" stroke-width="1.5"/>'
    )


def mermaid(chart: Chart, words: Words) -> str:
    """The chart as Mermaid flowchart text."""
    lines = ["flowchart TD"]
    _mermaid(chart, words, lines, "  ")
    return "\n".join(lines) + "\n"


def _mermaid(chart: Chart, words: Words, lines: list[str], indent: str) -> None:
    for item in chart.items:
        name = _id(item.key)
        if not item.branches:
            lines.append(f'{indent}{name}["{_safe(words.title(item.key))}"]')
            continue
        lines.append(f'{indent}subgraph {name}["{_safe(words.aside())}"]')
        for branch in item.branches:
            _mermaid(branch, words, lines, indent + "  ")
        lines.append(f"{indent}end")
    for edge in chart.edges:
        if edge.to == f"{END}joined":
            continue
        label = " / ".join(_safe(words.outcome(edge.by, code)) for code in edge.outcomes)
        target = f'{_id(edge.to)}(["{_safe(words.end(edge.to.removeprefix(END)))}"])' if edge.to.startswith(END) else ""
        lines.append(f"{indent}{_id(edge.start)} -->{f'|{label}|' if label else ''} {target or _id(edge.to)}")


def _id(key: str) -> str:
    return "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in key)


def _safe(text: str) -> str:
    return text.replace('"', "'").replace("|", "/").replace("]", ")").replace("[", "(")
