"""Records inside an envelope: `{"value": [ … ], "@odata.context": …}` and its like.

The lists are found in the bytes, so every record in them keeps its own bytes and its own bounds, however large the
whole is. Of the envelope itself nothing is kept but what a mapping names.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from csirt.readers.limits import DEFAULT_LIMITS, Limits
from csirt.readers.records import Piece, json_records

_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*+)"|[{}\[\]:]', re.DOTALL)
_GAP = re.compile(rb"[\s,]*+")
_BOM = b"\xef\xbb\xbf"


def records_in(data: bytes, lists: Sequence[Sequence[str]], limits: Limits = DEFAULT_LIMITS) -> Iterator[Piece]:
    """Every record of an input in order: those of the named lists of each envelope, and what stands in none.

    `lists` are keys from the top, such as `("value",)` or `("response", "alerts")`.
    """
    if len(data) > limits.input_bytes or not lists:
        yield from json_records(data, limits)
        return
    index = 0
    for part in _parts(data, {tuple(one) for one in lists}):
        for piece in json_records(part, limits):
            yield Piece(index, piece.raw, piece.value)
            index += 1


def _parts(data: bytes, lists: set[tuple[str, ...]]) -> Iterator[bytes]:
    """The lists of envelopes one by one; from the first object that is no envelope on, the rest as it is."""
    at = len(_BOM) if data.startswith(_BOM) else 0
    while True:
        gap = _GAP.match(data, at)
        at = gap.end() if gap else at
        envelope = _envelope(data, at, lists) if data[at : at + 1] == b"{" else None
        if envelope is None:
            yield data[at:]
            return
        for start, end in envelope.found:
            yield data[start:end]
        at = envelope.end


@dataclass(slots=True)
class _Envelope:
    """A walk over one object: where the wanted lists begin and end, and where the object ends."""

    found: list[tuple[int, int]] = field(default_factory=list)
    end: int = 0
    keys: list[str] = field(default_factory=list)  # of the objects that are open, from the top
    depth: int = 0
    skipped_until: int = 0  # depth above which nothing is looked at: inside lists and values we do not want
    start: int = -1
    last: str = ""


def _envelope(data: bytes, at: int, lists: set[tuple[str, ...]]) -> _Envelope | None:
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
            _close(walk, token.end())
        if walk.depth == 0:
            walk.end = token.end()
            return walk if walk.found else None
    return None


def _open(walk: _Envelope, mark: bytes, at: int, lists: set[tuple[str, ...]]) -> None:
    """An object or a list opens: step into objects that may lead to a list, pass over everything else."""
    walk.depth += 1
    if walk.skipped_until or walk.depth == 1:
        return
    path = (*walk.keys, walk.last)
    if mark == b"[" and path in lists:
        walk.start, walk.skipped_until = at, walk.depth
    elif mark == b"{" and any(one[: len(path)] == path and len(one) > len(path) for one in lists):
        walk.keys.append(walk.last)
    else:
        walk.skipped_until = walk.depth


def _close(walk: _Envelope, at: int) -> None:
    """An object or a list closes."""
    if walk.skipped_until == walk.depth:
        if walk.start >= 0:
            walk.found.append((walk.start, at))
        walk.start, walk.skipped_until = -1, 0
    elif not walk.skipped_until and walk.keys:
        walk.keys.pop()
    walk.depth -= 1
