"""Paths into JSON: how a mapping says where a value stands.

    severity                          a key
    event.Name                        a key inside an object
    "user.name"                       a key that has a dot in it
    evidence.deviceDnsName            a list is walked through: this key of each of its elements
    Findings[0].Id                    the first element (from 0)
    Resources[Type=AwsEc2Instance].Id elements whose key has this value (letters' case does not count)
    evidence[@odata.type~device].x    elements whose key contains this text

Where an object is written flat (`"user.name": …` at the top of the record, and no `user`), the path `user.name` finds
it as well. A text that holds JSON is opened where a path goes into it. What is not there gives no value, never an
error; at most `MOST` values are found, and the work is bounded by the size of the record.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from csirt.model.detection import Unreadable
from csirt.readers.limits import parse_json

MOST = 50
_STEP = re.compile(r'(?:"(?P<quoted>[^"]+)"|(?P<plain>[^.\[\]"{}]+))(?P<picks>(?:\[[^\[\]]*\])*)(?:\.|$)')
_PICK = re.compile(r"\[([^\[\]]*)\]")


class PathError(ValueError):
    """A path that cannot be read."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Which elements of a list: `index`, or those whose `key` equals or contains `wanted`; neither: all."""

    index: int | None = None
    key: str = ""
    wanted: str = ""
    contains: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One key, and which elements of the list that stands under it."""

    key: str
    picks: tuple[Pick, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path; `any_case` also finds keys that differ in the case of letters only."""

    steps: tuple[Step, ...]
    any_case: bool = False
    in_one: "tuple[tuple[str, Path], ...]" = ()  # keys that may be written in one piece, and the path from there on

    @property
    def leaf(self) -> str:
        """The last key."""
        return self.steps[-1].key

    def find(self, record: object) -> list[object]:
        """Every value at this path, in order, at most `MOST`; lists at the end are walked through."""
        if isinstance(record, dict) and self.steps[0].key not in record and not self.any_case:
            rest = next((rest.find({key: record[key]}) for key, rest in self.in_one if key in record), None)
            return rest or []
        found: list[object] = [record]
        for step in self.steps:
            found = [value for one in found for value in self._into(one, step)][:MOST]
        return [value for one in found for value in _elements(one)][:MOST]

    def _into(self, value: object, step: Step) -> Iterator[object]:
        """The values of one step under one value."""
        for holder in _elements(_opened(value)):
            if not isinstance(holder, dict):
                continue
            inner = holder.get(step.key)
            if inner is None and self.any_case:
                inner = _under_any_case(holder, step.key)
            if inner is None:
                continue
            yield from _picked(inner, step.picks)


@lru_cache(maxsize=4096)
def parse_path(text: str, *, any_case: bool = False) -> Path:
    """A path from its text.

    Raises:
        PathError: it cannot be read.
    """
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise PathError(text)
        key = match["quoted"] or match["plain"].strip()
        steps.append(Step(key, tuple(_pick(one[1]) for one in _PICK.finditer(match["picks"]))))
        at = match.end()
    if not steps or text.endswith("."):
        raise PathError(text)
    return Path(tuple(steps), any_case, tuple(_in_one(steps, any_case=any_case)))


def _in_one(steps: Sequence[Step], *, any_case: bool) -> Iterator[tuple[str, Path]]:
    """The first keys of a path as one key with dots in it, the longest first: products write objects flat, too."""
    whole = next((at for at, step in enumerate(steps) if step.picks), len(steps) - 1) + 1
    for count in range(whole, 1, -1):
        key = ".".join(step.key for step in steps[:count])
        yield key, Path((Step(key, steps[count - 1].picks), *steps[count:]), any_case)


def _pick(text: str) -> Pick:
    """What stands in brackets."""
    if not text:
        return Pick()
    if text.isascii() and text.isdigit() and len(text) < 5:
        return Pick(index=int(text))
    for sign, contains in (("=", False), ("~", True)):
        key, found, wanted = text.partition(sign)
        if found and key and wanted:
            return Pick(key=key.strip(), wanted=wanted.strip().casefold(), contains=contains)
    raise PathError(text)


def _picked(value: object, picks: Sequence[Pick]) -> Iterator[object]:
    """The elements of a value that all picks let through."""
    values = [value]
    for pick in picks:
        values = [one for inner in values for one in _chosen(inner, pick)]
    yield from values


def _chosen(value: object, pick: Pick) -> list[object]:
    """What one pick takes of one value."""
    elements = list(_elements(_opened(value)))
    if pick.index is not None:
        return elements[pick.index : pick.index + 1]
    if not pick.key:
        return elements
    return [one for one in elements if isinstance(one, dict) and _fits(one.get(pick.key), pick)]


def _fits(value: object, pick: Pick) -> bool:
    """Whether a value is the wanted one, or holds it."""
    texts = [str(one).casefold() for one in _elements(value) if isinstance(one, str | int | float)]
    return any(pick.wanted in text if pick.contains else pick.wanted == text for text in texts)


def _elements(value: object) -> Iterator[object]:
    """The elements of a list and of lists in it; anything else is its own only element."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, list):
            todo.extend(reversed(one))
        else:
            yield one


def _opened(value: object) -> object:
    """A text that holds JSON, opened; anything else as it is."""
    if not isinstance(value, str) or value[:1] not in {"{", "["} or len(value) < 2:
        return value
    inner = parse_json(value.encode("utf-8", "replace"))
    return value if isinstance(inner, Unreadable) else inner


def _under_any_case(holder: Mapping[str, object], key: str) -> object:
    """The value of the first key that is the same but for the case of letters."""
    folded = key.casefold()
    return next((value for name, value in holder.items() if name.casefold() == folded), None)
