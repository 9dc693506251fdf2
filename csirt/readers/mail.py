"""Mail as an input: one RFC 5322 message, turned into facts and judged by mappings that say `input = "mail"`.

The mapping that fits best is taken: a city's own rule file for its SOC's layout, an abuse report, a notice with the
labels that Japanese SOCs use, and at last plain `mail`, so that no letter to the desk is lost.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from csirt.model.detection import SourceRecord, Unreadable
from csirt.readers.letters import read_letter
from csirt.readers.mapped import judge
from csirt.readers.mapping import VendorMapping

FORMAT = "mail"
_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9-]{0,60}):[^\n]{0,5000}(?:\r?\n[ \t][^\n]{0,5000})*+(?:\r?\n|\Z)")
_KNOWN = frozenset(
    {
        *(b"from", b"to", b"subject", b"date", b"received", b"return-path", b"message-id", b"mime-version"),
        *(b"delivered-to", b"content-type", b"x-original-to", b"reply-to", b"sender", b"authentication-results"),
    }
)
_OFFSET = re.compile(r" ([+-])([0-9]{2})([0-9]{2})(?= |$)")
_LEAD = re.compile(rb"(?:[\s\x00]|\xef\xbb\xbf){0,1000}+(?:>?From [^\n]{0,500}\n)?")


@dataclass(slots=True)
class Mail:
    """Reads one mail by the mappings that are for mail."""

    mappings: Sequence[VendorMapping] = field(default_factory=tuple)
    format: str = FORMAT

    def recognises(self, head: bytes) -> bool:
        """At least two headers of mail at the top, one of them known to every mail program."""
        lead = _LEAD.match(head)
        at = lead.end() if lead else 0
        names: list[bytes] = []
        while len(names) < 5 and (line := _HEADER.match(head, at)):
            names.append(line[1].lower())
            at = line.end()
        return len(names) >= 2 and any(name in _KNOWN for name in names)

    def read(self, data: bytes) -> Iterator[SourceRecord]:
        """The mail as the one record of this input."""
        lead = _LEAD.match(data)
        raw = data[lead.end() if lead else 0 :]
        if not raw.strip():
            return
        letter = read_letter(raw)
        if isinstance(letter, Unreadable):
            yield SourceRecord(0, raw, letter)
            return
        facts = letter.facts()
        fitting = max(self.mappings, key=lambda one: one.likeness(facts))
        yield SourceRecord(0, raw, judge(facts, _with_offset(fitting, letter.date)))


def _with_offset(mapping: VendorMapping, date: str) -> VendorMapping:
    """The mapping with the offset of the mail's own date for times in the text that have none: one clock wrote both."""
    offset = _OFFSET.search(date[:100])
    if mapping.time.offset is not None or offset is None:
        return mapping
    minutes = int(offset[2]) * 60 + int(offset[3])
    return replace(
        mapping, time=replace(mapping.time, offset=timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    )
