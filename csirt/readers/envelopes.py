"""Records inside an envelope: `{"value": [ … ], "@odata.context": …}` and its like.

The lists are found in the bytes, so every record in them keeps its own bytes and its own bounds, however large the
whole is. A list may stand inside the records of another one (`value` and `value.alerts`): then the inner records are
read, and an outer record that has none of them is read itself. An envelope whose lists are all empty is one record, so
that an answer that reports nothing still ends in a bucket. A mapping finds the name of the list under the path `@list`,
and under `@outer` the object in which the list stood, without its lists of records; that one's `@outer` is the next.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from csirt.model.detection import Unreadable
from csirt.readers.limits import DEFAULT_LIMITS, Limits, parse_json
from csirt.readers.records import Piece, json_records

LIST, OUTER = "@list", "@outer"
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*+)"|[{}\[\]:]', re.DOTALL)
_GAP = re.compile(rb"[\s,]*+")
_EMPTY = re.compile(rb"\[\s*\]")
_BOM = b"\xef\xbb\xbf"
Keys = tuple[str, ...]
Around = Mapping[str, object]  # what a record is given of its surroundings


def records_in(data: bytes, lists: Sequence[Sequence[str]], limits: Limits = DEFAULT_LIMITS) -> Iterator[Piece]:
    """Every record of an input in order: those of the named lists of each envelope, and what stands in none.

    `lists` are keys from the top, such as `("value",)` or `("response", "alerts")`.
    """
    if len(data) > limits.input_bytes or not lists:
        yield from json_records(data, limits)
        return
    for index, (raw, value, around) in enumerate(_pieces(data, {tuple(one) for one in lists}, limits)):
        yield Piece(index, raw, {**value, **around} if isinstance(value, dict) else value)


def _pieces(data: bytes, lists: set[Keys], limits: Limits) -> Iterator[tuple[bytes, object, Around]]:
    """Bytes, value and surroundings of every record; an envelope that is one of several in an array is opened, too."""
    for part, around in _parts(data, lists, limits):
        for piece in json_records(part, limits):
            may_hold = not around and isinstance(piece.value, dict) and any(one[0] in piece.value for one in lists)
            inner = _envelope(piece.raw, 0, lists) if may_hold else None
            if inner is None or not inner.found:
                yield piece.raw, piece.value, around
                continue
            for one in inner.found:
                found = _around(piece.raw, one, limits)
                yield from ((each.raw, each.value, found) for each in json_records(one.within(piece.raw), limits))


def _parts(data: bytes, lists: set[Keys], limits: Limits) -> Iterator[tuple[bytes, Around]]:
    """The lists of envelopes one by one with what is around; from the first object that is no envelope on, the rest."""
    at = len(_BOM) if data.startswith(_BOM) else 0
    while True:
        gap = _GAP.match(data, at)
        at = gap.end() if gap else at
        envelope = _envelope(data, at, lists) if data[at : at + 1] == b"{" else None
        if envelope is None:
            yield data[at:], {}
            return
        if not envelope.found:
            yield data[at : envelope.end], {}
        for one in envelope.found:
            yield one.within(data), _around(data, one, limits)
        at = envelope.end


def _around(data: bytes, found: "_Found", limits: Limits) -> Around:
    """What a mapping may know of the surroundings of a list: its name, and the objects it stands in."""
    around: dict[str, object] = {LIST: found.name}
    outer: dict[str, object] = {}
    for holder in found.holders:
        if holder.value is None:
            value = parse_json(holder.without_lists(data), limits)
            holder.value = {} if isinstance(value, Unreadable) or not isinstance(value, dict) else value
        outer = {**holder.value, OUTER: outer} if outer else holder.value
    return {**around, OUTER: outer}


@dataclass(slots=True)
class _Frame:
    """An object or a list of records that the walk has stepped into."""

    path: Keys
    start: int
    is_list: bool = False
    found: int = 0  # how many lists had been found when it opened
    end: int = 0
    holes: list[tuple[int, int]] = field(default_factory=list)  # of an object: what leads to lists of records in it
    value: dict[str, object] | None = None  # of an object, without its holes, once it was asked for

    def without_lists(self, data: bytes) -> bytes:
        """The object with null where lists of records stand."""
        ends = [self.start, *(end for _, end in self.holes)]
        starts = [*(start for start, _ in self.holes), self.end]
        return b"null".join(data[one:other] for one, other in zip(ends, starts, strict=True))


@dataclass(frozen=True, slots=True)
class _Found:
    """A list of records, or a record of an outer list that has none: its place, its name, the objects it stands in."""

    start: int
    end: int
    name: str
    holders: tuple[_Frame, ...]

    def within(self, data: bytes) -> bytes:
        """Its bytes."""
        return data[self.start : self.end]


@dataclass(slots=True)
class _Envelope:
    """A walk over one object: where the wanted lists begin and end, and where the object ends."""

    found: list[_Found] = field(default_factory=list)
    has_empty: bool = False
    end: int = 0
    frames: list[_Frame] = field(default_factory=list)
    depth: int = 0
    skipped_until: int = 0  # depth above which nothing is looked at: inside lists and values we do not want
    wanted: _Frame | None = None  # the list that is being passed over, if it is one of ours
    last: str = ""


def _envelope(data: bytes, at: int, lists: set[Keys]) -> _Envelope | None:
    """The envelope that begins here; None where the object holds none of the lists, or does not end."""
    walk = _Envelope()
    for token in _TOKEN.finditer(data, at):
        mark = data[token.start() : token.start() + 1]
        if mark == b'"':
            if not walk.skipped_until:
                walk.last = token[1].decode("utf-8", "replace")
        elif mark in b"{[":
            _open(walk, mark, token.start(), lists)
        elif mark in b"}]":
            _close(walk, data, token.end(), lists)
        if walk.depth == 0:
            walk.end = token.end()
            return walk if walk.found or walk.has_empty else None
    return None


def _open(walk: _Envelope, mark: bytes, at: int, lists: set[Keys]) -> None:
    """An object or a list opens: step into what may lead to a list, pass over everything else."""
    walk.depth += 1
    if walk.skipped_until:
        return
    holder = walk.frames[-1] if walk.frames else None
    path = holder.path if holder and holder.is_list else (*holder.path, walk.last) if holder else ()
    leads_on = any(len(one) > len(path) and one[: len(path)] == path for one in lists)
    if leads_on and (mark == b"{" or not (holder and holder.is_list)):
        walk.frames.append(_Frame(path, at, mark == b"[", len(walk.found)))
        return
    walk.skipped_until = walk.depth
    walk.wanted = _Frame(path, at) if mark == b"[" and path in lists else None


def _close(walk: _Envelope, data: bytes, at: int, lists: set[Keys]) -> None:
    """An object or a list closes."""
    if walk.skipped_until == walk.depth:
        if walk.wanted and _EMPTY.fullmatch(data, walk.wanted.start, at):
            walk.has_empty = True
        elif walk.wanted:
            _find(walk, walk.wanted, at)
            walk.frames[-1].holes.append((walk.wanted.start, at))
        walk.skipped_until, walk.wanted = 0, None
    elif not walk.skipped_until:
        _leave(walk, at, lists)
    walk.depth -= 1


def _leave(walk: _Envelope, at: int, lists: set[Keys]) -> None:
    """Step out again. A record of an outer list in which no inner one was found is a record itself."""
    if not walk.frames:
        return
    left = walk.frames.pop()
    left.end = at
    if walk.frames and not walk.frames[-1].is_list:
        walk.frames[-1].holes.append((left.start, at))
    if left.is_list:
        walk.has_empty = walk.has_empty or left.path in lists
    elif walk.frames and walk.frames[-1].is_list and left.found == len(walk.found) and left.path in lists:
        _find(walk, left, at)


def _find(walk: _Envelope, frame: _Frame, end: int) -> None:
    """Note a list of records, or a record of an outer list."""
    holders = tuple(one for one in walk.frames if not one.is_list)
    walk.found.append(_Found(frame.start, end, ".".join(frame.path), holders))
