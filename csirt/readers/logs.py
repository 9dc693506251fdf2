"""Lines of text from several products in one file: CEF, LEEF, PAN-OS, fast.log, and syslog that is none of them.

One reader, known under the name of the first of these that an input holds; each line is read by what it is: also JSON
behind a header of syslog and lines of `key=value` (`csirt.readers.pairs`), by the mapping that fits best. A line of
syslog that no product of ours claims is not a detection (`syslog`) and is kept; a line that is nothing we know is
unreadable (`not_cef` in a file of CEF, else `not_a_log`).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable
from csirt.readers import cef, fast_log, leef, pan_os
from csirt.readers.limits import DEFAULT_LIMITS, Limits, decode
from csirt.readers.pairs import pairs
from csirt.readers.records import lines
from csirt.readers.syslog_header import is_syslog
from csirt.readers.vendor_lines import Vendors

SYSLOG = "syslog"
LOOKED_AT = 20
Result = Detection | NotADetection | Unreadable

# Key=value logs of firewalls, access logs of web servers, and logs that begin with a date.
_LOG = re.compile(
    r"(?:time|date|timestamp|devname|hostname)=\S{1,64}[|,; \t]\S"
    r"|\S{1,255} \S{1,64} \S{1,64} \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}\] \""
    r"|\[?[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}"
)

# Format, the mark of its lines, and how they are read; in the order in which a line is tried.
_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str, Limits], Result | None]], ...] = (
    (cef.FORMAT, cef.MARKER, cef.judge),
    (leef.FORMAT, leef.MARKER, leef.judge),
    (pan_os.FORMAT, pan_os.MARKER, lambda line, _: pan_os.judge(line)),
    (fast_log.FORMAT, fast_log.MARKER, lambda line, _: fast_log.judge(line)),
)
_BROKEN = ((cef.BROKEN_MARKER, "cef_header", "field 1 of 7"), (leef.BROKEN_MARKER, "leef_header", "field 1 of 5"))
KINDS = tuple(kind for kind, _, _ in _KINDS)


@dataclass(slots=True)
class Logs:
    """Reads lines of several products, under the name of one."""

    format: str = SYSLOG
    limits: Limits = DEFAULT_LIMITS
    vendors: Vendors | None = None  # the mappings for what is no format of lines of its own
    own: bool = False  # is the format that of a mapping for pairs, instead of one of those above?

    def recognises(self, head: bytes) -> bool:
        """A line of text, not of JSON, that has the mark of this format; for syslog, lines that begin as it does."""
        texts = _texts(head)
        if self.own:
            return any(self.vendors and self.vendors.format_of(one) == self.format for one in texts[:LOOKED_AT])
        candidates = [line for line in texts if line.lstrip()[:1] not in {"{", "["}]
        if self.format == SYSLOG:
            known = [line for line in candidates[:LOOKED_AT] if line.strip()]
            return bool(known) and 2 * sum(map(_is_log, known)) > len(known)
        mark = next(mark for kind, mark, _ in _KINDS if kind == self.format)
        return any(mark.search(line) for line in candidates)

    def read(self, data: bytes) -> Iterator[SourceRecord]:
        """Every line in order."""
        for piece in lines(data, self.limits):
            result = piece.value if isinstance(piece.value, Unreadable) else self._judge(decode(piece.raw))
            yield SourceRecord(piece.index, piece.raw, result)

    def _judge(self, line: str) -> Result:
        """What one line is."""
        for _, mark, judge in _KINDS:
            if mark.search(line) and (result := judge(line, self.limits)) is not None:
                return result
        if self.vendors and (found := self.vendors.judge(line)) is not None:
            return found
        if self.own and pairs(line) is not None:
            return NotADetection(self.format, "not_recognised")
        for broken, code, place in _BROKEN:
            if broken.search(line):
                return Unreadable(code, place)
        if _is_log(line):
            return NotADetection(SYSLOG, SYSLOG)
        return Unreadable("not_cef", "line") if self.format == cef.FORMAT else Unreadable("not_a_log", "line")


def _is_log(line: str) -> bool:
    """Whether a line begins as a log does."""
    return is_syslog(line) or bool(_LOG.match(line))


def _texts(head: bytes) -> list[str]:
    """The lines of an input's beginning."""
    return decode(head.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf")).splitlines()
