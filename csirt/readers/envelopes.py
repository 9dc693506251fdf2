"""Records inside an envelope: `{"value": [ … ], "@odata.context": …}` and its like.

The lists are found in the bytes, so every record in them keeps its own bytes and its own bounds, however large the
whole is. A list may stand inside the records of another one (`value` and `value.alerts`): then the inner records are
read, and an outer record that has none of them is read itself. An envelope whose lists are all empty is one record, so
that an answer that reports nothing still ends in a bucket. Of the envelope itself nothing is kept but the name of the
list, which a mapping finds under the path `@list`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from csirt.readers.limits import DEFAULT_LIMITS, Limits
from csirt.readers.records import Piece, json_records

LIST = "@list"
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*+)"|[{}\[\]:]', re.DOTALL)
_GAP = re.compile(rb"[\s,]*+")
_EMPTY = re.compile(rb"\[\s*\]")
_BOM = b"\xef\xbb\xbf"
Keys = tuple[str, ...]


def records_in(data: bytes, lists: Sequence[Sequence[str]], limits: Limits = DEFAULT_LIMITS) -> Iterator[Piece]:
    """Every record of an input in order: those of the named lists of each envelope, and what stands in none.

    `lists` are keys from the top, such as `("value",)` or `("response", "alerts")`.
    """
    if len(data) > limits.input_bytes or not lists:
        yield from json_records(data, limits)
        return
    for index, (raw, value, name) in enumerate(_pieces(data, {tuple(one) for one in lists}, limits)):
        yield Piece(index, raw, {**value, LIST: name} if name and isinstance(value, dict) else value)


def _pieces(data: bytes, lists: set[Keys], limits: Limits) -> Iterator[tuple[bytes, object, str]]:
    """Bytes, value and list of every record; an envelope that is one of several in an array is opened, too."""
    for part, name in _parts(data, lists):
        for piece in json_records(part, limits):
            may_hold = not name and isinstance(piece.value, dict) and any(one[0] in piece.value for one in lists)
            inner = _envelope(piece.raw, 0, lists) if may_hold else None
            if inner is None or not inner.found:
                yield piece.raw, piece.value, name
                continue
            for start, end, inside in inner.found:
                yield from ((one.raw, one.value, inside) for one in json_records(piece.raw[start:end], limits))


def _parts(data: bytes, lists: set[Keys]) -> Iterator[tuple[bytes, str]]:
    """The lists of envelopes one by one, each with its name; from the first object that is no envelope on, the rest."""
    at = len(_BOM) if data.startswith(_BOM) else 0
    while True:
        gap = _GAP.match(data, at)
        at = gap.end() if gap else at
        envelope = _envelope(data, at, lists) if data[at : at + 1] == b"{" else None
        if envelope is None:
            yield data[at:], ""
            return
        if not envelope.found:
            yield data[at : envelope.end], ""
        for start, end, name in envelope.found:
            yield data[start:end], name
        at = envelope.end


@dataclass(slots=True)
class _Frame:
    """An object or a list of records that the walk has stepped into."""

    path: Keys
    start: int
    is_list: bool = False
    found: int = 0  # how many lists had been found when it opened


@dataclass(slots=True)
class _Envelope:
    """A walk over one object: where the wanted lists begin and end, and where the object ends."""

    found: list[tuple[int, int, str]] = field(default_factory=list)
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
            walk.found.append((walk.wanted.start, at, ".".join(walk.wanted.path)))
        walk.skipped_until, walk.wanted = 0, None
    elif not walk.skipped_until:
        _leave(walk, at, lists)
    walk.depth -= 1


def _leave(walk: _Envelope, at: int, lists: set[Keys]) -> None:
    """Step out again. A record of an outer list in which no inner one was found is a record itself."""
    if not walk.frames:
        return
    left = walk.frames.pop()
    if left.is_list:
        walk.has_empty = walk.has_empty or left.path in lists
    elif walk.frames and walk.frames[-1].is_list and left.found == len(walk.found) and left.path in lists:
        walk.found.append((left.start, at, ".".join(left.path)))
