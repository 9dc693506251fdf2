"""Where one record ends and the next begins: lines of text, and JSON in every shape that tools write.

JSON may come as one object a line, as one array, as objects that run over several lines, or mixed. A broken record
costs itself only: reading goes on at the next line that opens an object. Every byte ends in exactly one record, except
blanks, commas between records and the brackets of an array. In front of an object may stand a header of syslog, as
products write it that send JSON that way (`<14>Jun 10 … vectra_json_v2 -: {…}`).

Codes, besides those of `limits`: `input_too_large`, `too_many_records`, `not_an_object`, `array_not_closed`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from csirt.model.detection import Unreadable
from csirt.readers.limits import DEFAULT_LIMITS, Limits, behind_header, parse_json

_BOM = b"\xef\xbb\xbf"
_BRACE = ord("{")
_QUOTE = ord('"')
_GAP = re.compile(rb"[\s,]*+")
# A string ends on its line or not at all (RFC 8259 §7); group 1 is its closing quote, empty when it is missing.
_TOKEN = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+("?)|[{}\[\]]')
_ELEMENT = re.compile(rb'(?:"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"?|[^",\]\n])++')
_FAILED_SCANS = 16  # so many records' worth of bytes may be scanned in vain; then records are told apart by lines only


@dataclass(frozen=True, slots=True)
class Piece:
    """One record of an input: its bytes, and its value (JSON), or what is wrong with it, or None (a line of text)."""

    index: int
    raw: bytes
    value: object = None


def json_records(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Iterator[Piece]:
    """Every JSON object of an input in order; `value` is a dict, or an `Unreadable` for what is none."""
    if len(data) > limits.input_bytes:
        yield Piece(0, data, Unreadable("input_too_large", f"{len(data)} bytes"))
        return
    walk = _Walk(data, limits)
    for index, (raw, value) in enumerate(walk.records()):
        if index >= limits.records:
            yield Piece(index, data[walk.start :], Unreadable("too_many_records", f"byte {walk.start}"))
            return
        yield Piece(index, raw, value)


def lines(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Iterator[Piece]:
    """Every line that is not blank, without its line end; `value` is an `Unreadable` where a bound is passed."""
    if len(data) > limits.input_bytes:
        yield Piece(0, data, Unreadable("input_too_large", f"{len(data)} bytes"))
        return
    index = 0
    at = len(_BOM) if data.startswith(_BOM) else 0
    while at < len(data):
        end = _line_end(data, at)
        raw = data[at:end].strip()
        if raw and index >= limits.records:
            yield Piece(index, data[at:], Unreadable("too_many_records", f"byte {at}"))
            return
        if raw:
            too_long = len(raw) > limits.record_bytes
            yield Piece(index, raw, Unreadable("record_too_large", f"{len(raw)} bytes") if too_long else None)
            index += 1
        at = end + 1


def _line_end(data: bytes, at: int) -> int:
    """The place of the next line feed, or the end."""
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end


class _Walk:
    """A walk through JSON text from one record to the next. `start` is where the present record began."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data = data
        self.limits = limits
        self.at = len(_BOM) if data.startswith(_BOM) else 0
        self.start = self.at
        self.in_array = False
        self.patience = _FAILED_SCANS * limits.record_bytes
        self.line_end = -1  # of the line last tried as one record: many objects on it are told apart by brackets

    def records(self) -> Iterator[tuple[bytes, object]]:
        """Bytes and value of each record."""
        while self._skip() < len(self.data):
            self.start = self.at
            yield self._object() if self.data[self.at] == _BRACE else self._other()
        if self.in_array:
            self.start = len(self.data)
            yield b"[", Unreadable("array_not_closed", "end of input")

    def _skip(self) -> int:
        """Pass blanks, commas and the brackets of an array of records."""
        while True:
            gap = _GAP.match(self.data, self.at)
            self.at = gap.end() if gap else self.at
            mark = self.data[self.at : self.at + 1]
            if mark == b"[" and not self.in_array:
                self.in_array = True
            elif mark == b"]" and self.in_array:
                self.in_array = False
            else:
                return self.at
            self.at += 1

    def _object(self) -> tuple[bytes, object]:
        """An object: the rest of its line where that is one, else up to the bracket that closes it."""
        whole = None if self.in_array else self._line()
        if whole:
            return whole
        closing = self._closing()
        if closing is None:
            return self._broken()
        raw = self.data[self.start : closing]
        value = parse_json(raw, self.limits)
        if isinstance(value, Unreadable) and value.code == "not_json" and b"\n{" in raw:
            return self._broken()  # an open record has swallowed the next one
        self.at = closing
        return raw, value

    def _line(self) -> tuple[bytes, object] | None:
        """The rest of the line, if that is exactly one record: so most files are written, and it is the quick way."""
        if self.at < self.line_end:
            return None
        self.line_end = end = _line_end(self.data, self.at)
        if end - self.at > self.limits.record_bytes:
            return None
        line = self.data[self.at : end].rstrip()
        value = parse_json(line, self.limits) if line.endswith(b"}") else None
        if value is None or isinstance(value, Unreadable):
            return None
        self.at = end
        return line, value

    def _closing(self) -> int | None:
        """Where the object that starts here ends; None if that is not within the bounds of a record."""
        if self.patience <= 0:
            return None
        stop = min(len(self.data), self.start + self.limits.record_bytes)
        depth = 0
        end = self.start
        for token in _TOKEN.finditer(self.data, self.start, stop):
            end = token.end()
            mark = self.data[token.start()]
            if mark == _QUOTE:
                if not token[1]:
                    break
                continue
            depth += 1 if mark in b"{[" else -1
            if depth == 0:
                return end
        else:
            end = stop
        self.patience -= end - self.start
        return None

    def _broken(self) -> tuple[bytes, object]:
        """A record without end: it reaches to the next line that opens an object."""
        start = self.start
        resume = self.data.find(b"\n{", start)
        self.at = len(self.data) if resume < 0 else resume + 1
        raw = self.data[start : self.at].rstrip()
        if len(raw) > self.limits.record_bytes:
            return raw, Unreadable("record_too_large", f"{len(raw)} bytes")
        value = parse_json(raw, self.limits)
        return raw, value if isinstance(value, Unreadable) else Unreadable("not_json", f"byte {start}")

    def _other(self) -> tuple[bytes, object]:
        """Something between records that is no object: an element of the array, or the rest of the line."""
        if not self.in_array:
            self.at = _line_end(self.data, self.start)
        elif self.data[self.start : self.start + 1] == b"[" and (closing := self._closing()) is not None:
            self.at = closing
        else:
            element = _ELEMENT.match(self.data, self.start)
            self.at = element.end() if element else self.start + 1
        raw = self.data[self.start : self.at].rstrip()
        inner = None if self.in_array else behind_header(raw)
        value = parse_json(inner or raw, self.limits)
        is_good = isinstance(value, Unreadable) or (inner and isinstance(value, dict))
        return raw, value if is_good else Unreadable("not_an_object", f"byte {self.start}")
