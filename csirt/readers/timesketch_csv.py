"""Timesketch CSV: lines of a timeline (columns message, datetime, timestamp_desc). Evidence; never a detection.

A row may run over several lines of the file where a field is quoted. Codes: `not_csv` for a row that does not end, and
those of `records`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from csirt.model.detection import NotADetection, SourceRecord, Unreadable
from csirt.readers.limits import DEFAULT_LIMITS, Limits, decode

FORMAT = "timesketch-csv"
NEEDED = frozenset({"message", "datetime", "timestamp_desc"})
_WORD = re.compile(r"[A-Za-z0-9_]+")


@dataclass(slots=True)
class TimesketchCsv:
    """Reads rows below a header of Timesketch."""

    limits: Limits = DEFAULT_LIMITS
    format: str = FORMAT

    def recognises(self, head: bytes) -> bool:
        """A first line that names the three columns which Timesketch needs."""
        first = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
        return first[:1] not in {b"{", b"["} and first.count(b",") >= 2 and set(_WORD.findall(decode(first))) >= NEEDED

    def read(self, data: bytes) -> Iterator[SourceRecord]:
        """Every row in order, without the header."""
        if len(data) > self.limits.input_bytes:
            yield SourceRecord(0, data, Unreadable("input_too_large", f"{len(data)} bytes"))
            return
        index = -1
        for raw, whole in self._rows(data.splitlines(keepends=True)):
            if index >= 0:
                result = NotADetection(FORMAT, "evidence") if whole else Unreadable("not_csv", f"row {index}")
                yield SourceRecord(index, raw, result)
            index += 1

    def _rows(self, lines: list[bytes]) -> Iterator[tuple[bytes, bool]]:
        """The bytes of each row, and whether it ended within the bounds of a record. A row is counted by its quotes."""
        start, quotes, size = 0, 0, 0
        for place, line in enumerate(lines):
            quotes += line.count(b'"')
            size += len(line)
            whole = quotes % 2 == 0
            if not whole and size <= self.limits.record_bytes:
                continue
            raw = b"".join(lines[start : place + 1]).strip()
            if raw:
                yield raw, whole
            start, quotes, size = place + 1, 0, 0
        rest = b"".join(lines[start:]).strip()
        if rest:
            yield rest, False
