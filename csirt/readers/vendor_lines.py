"""Lines that a mapping reads: JSON or XML behind a header of syslog, and `key=value`.

Of several mappings that fit, the most exact one is taken; of two as exact, the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from csirt.model.detection import Detection, NotADetection, Unreadable
from csirt.readers import suricata_eve
from csirt.readers.limits import Limits, behind_header, parse_json
from csirt.readers.mapped import MAPPED_LIMITS, judge
from csirt.readers.mapping import PAIRS, XML, VendorMapping
from csirt.readers.markup import Markup, holds_markup
from csirt.readers.pairs import pairs

Result = Detection | NotADetection | Unreadable


@dataclass(slots=True)
class Vendors:
    """All mappings that lines may be read by."""

    mappings: Sequence[VendorMapping]
    limits: Limits = MAPPED_LIMITS
    of_pairs: tuple[VendorMapping, ...] = field(init=False)
    of_json: tuple[VendorMapping, ...] = field(init=False)
    of_xml: tuple[Markup, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the mappings by what they read."""
        self.of_pairs = tuple(one for one in self.mappings if one.input == PAIRS)
        self.of_json = tuple(one for one in self.mappings if one.input == "json")
        self.of_xml = tuple(Markup(one, self.limits) for one in self.mappings if one.input == XML)

    def judge(self, line: str) -> Result | None:
        """What a line is; None where no mapping knows it."""
        if holds_markup(line) and (found := self._xml(line)) is not None:
            return found
        inner = behind_header(line.encode("utf-8", "replace")) if "{" in line else None
        if inner is not None:
            return self._json(parse_json(inner, self.limits))
        record = pairs(line)
        best = _best(record, self.of_pairs)
        return judge(record, best) if best else None

    def format_of(self, line: str) -> str | None:
        """The format of the mapping that a line of pairs is read by; None for any other line."""
        best = _best(pairs(line), self.of_pairs)
        return best.format if best else None

    def _xml(self, line: str) -> Result | None:
        """What the XML of a line is. A line is one record: one with several is kept, to be read as XML alone."""
        told = [(one.mapping, one.in_line(line)) for one in self.of_xml]
        known = [(mapping, found) for mapping, found in told if found and isinstance(found[0], dict)]
        mapping, found = max(known, key=lambda one: one[0].likeness(one[1][0]), default=(None, []))
        if mapping is None or not mapping.likeness(found[0]):
            return None
        return judge(found[0], mapping) if len(found) == 1 else Unreadable("too_many_records", "XML of one line")

    def _json(self, record: object) -> Result | None:
        """What the JSON of a line is; text that only looks like JSON is none."""
        if not isinstance(record, dict):
            return None
        if suricata_eve.is_eve(record):
            return suricata_eve.judge(record)
        best = _best(record, self.of_json)
        return judge(record, best) if best else None


def _best(record: object, mappings: Sequence[VendorMapping]) -> VendorMapping | None:
    """The mapping that fits a record best."""
    if record is None or not mappings:
        return None
    best = max(mappings, key=lambda one: one.likeness(record))
    return best if best.likeness(record) else None
