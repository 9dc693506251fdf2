"""A playbook as a chart: its steps in order, branches side by side, and where each outcome leads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from csirt.playbook.imagining import Described
from csirt.playbook.walking import GAVE_UP, Fork, Passed, Walk, Way

START, END = "start", "end:"


@dataclass(frozen=True, slots=True)
class Edge:
    """From one item to another, or to an end (`end:closed:benign`).

    It is taken under these outcomes of the step `by`; without any, whatever the outcome.
    """

    start: str
    to: str
    outcomes: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A step, or branches side by side."""

    key: str
    branches: tuple["Chart", ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """Items from top to bottom, and the edges between them."""

    items: tuple[Item, ...]
    edges: tuple[Edge, ...]

    def exits(self, key: str) -> tuple[Edge, ...]:
        """Where an item leads to."""
        return tuple(edge for edge in self.edges if edge.start == key)

    def steps(self) -> list[str]:
        """The keys of all steps, from top to bottom."""
        found: list[str] = []
        for item in self.items:
            found += [key for branch in item.branches for key in branch.steps()] if item.branches else [item.key]
        return found


def chart_of(walk: Walk) -> Chart:
    """The chart of everything that was walked. What a person does by hand for an action stands with that action."""
    return _chart(walk.ways, walk.steps)


def _chart(ways: Iterable[Way], steps: Mapping[str, Described], depth: int = 1) -> Chart:
    traced = _Traced(depth)
    for way in ways:
        traced.met = {}
        tails = traced.follow(way.items, [START])
        traced.join(tails, END + way.end)
    items = tuple(
        Item(key, tuple(_chart(dict.fromkeys(branch), steps, depth + 1) for branch in traced.forks.get(key, ())))
        for key in traced.order()
    )
    return Chart(items, tuple(traced.edge(start, to, steps) for start, to in traced.edges if start != START))


@dataclass
class _Traced:
    """Edges between the items of one level, gathered from all its ways."""

    depth: int
    edges: dict[tuple[str, str], dict[str, set[str]]] = field(
        default_factory=dict
    )  # under which outcomes of which step
    forks: dict[str, list[list[Way]]] = field(default_factory=dict)
    met: dict[str, tuple[str, ...]] = field(default_factory=dict)  # on this way, what the code has looked at

    def follow(self, items: Sequence[Passed | Fork], tails: list[str]) -> list[str]:
        """Go along a way; returns from where it goes on."""
        for item in items:
            if isinstance(item, Passed):
                self.join(tails, item.step)
                tails = [item.step]
                if not item.any:
                    self.met[item.step] = item.outcomes
            elif len(item.branches) == 1:
                ways = [way for way in item.branches[0] if not _gave_up(way)]
                tails = list(dict.fromkeys(tail for way in ways for tail in self.follow(way.items, tails)))
            elif name := _name(item, self.depth):
                self.join(tails, name)
                branches = self.forks.setdefault(name, [[] for _ in item.branches])
                for ways_known, branch in zip(branches, item.branches, strict=False):
                    ways_known.extend(branch)
                tails = [name]
        return tails

    def join(self, tails: Iterable[str], to: str) -> None:
        """These lead there."""
        for start in tails:
            under = self.edges.setdefault((start, to), {})
            for step, outcomes in self.met.items():
                under.setdefault(step, set()).update(outcomes)

    def edge(self, start: str, to: str, steps: Mapping[str, Described]) -> Edge:
        """The edge between two items, with the outcomes that tell it from the others that begin there."""
        beside = {other: under for (one, other), under in self.edges.items() if one == start}
        if len(beside) == 1:
            return Edge(start, to)
        by = self._tells_apart(start, beside)
        if not by:
            return Edge(start, to)
        codes = [choice.code for choice in steps[by].choices]
        outcomes = sorted(beside[to][by], key=lambda code: (codes.index(code) if code in codes else 0, code))
        return Edge(start, to, tuple(outcomes), by)

    def _tells_apart(self, start: str, beside: Mapping[str, Mapping[str, set[str]]]) -> str:
        """The last step whose outcomes decide which of these edges is taken; else the step that they begin at."""
        shared = set.intersection(*(set(under) for under in beside.values()))
        for step in reversed(list(next(iter(beside.values())))):
            if step in shared:
                sets = [under[step] for under in beside.values()]
                if sum(map(len, sets)) == len(set.union(*sets)):
                    return step
        return start if start in shared else ""

    def order(self) -> list[str]:
        """Items so that edges lead downwards, as far as they can."""
        seen = [to for _, to in self.edges if not to.startswith(END)]
        left = list(dict.fromkeys(seen))
        found: list[str] = []
        while left:
            free = [key for key in left if not any(to == key and start in left for start, to in self.edges)]
            found.append((free or left)[0])
            left.remove(found[-1])
        return found


def _gave_up(way: Way) -> bool:
    return any(isinstance(item, Passed) and item.outcomes == (GAVE_UP,) for item in way.items)


def _name(fork: Fork, depth: int) -> str:
    """Branches side by side are known by their first step; without any step they are nothing to show."""
    keys = [key for branch in fork.branches for way in branch for key in _keys(way)]
    return f"fork:{depth}:{keys[0]}" if keys else ""


def _keys(way: Way) -> list[str]:
    found: list[str] = []
    for item in way.items:
        if isinstance(item, Passed):
            found.append(item.step)
        else:
            found += [key for branch in item.branches for one in branch for key in _keys(one)]
    return found
