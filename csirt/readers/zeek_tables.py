"""Zeek's own tables (TSV, docs.zeek.org "Log Formats and Inspection"): the header names separator, fields and path.

Each row becomes the object that Zeek's JSON writer would have made of it, and goes through the mapping of that log:
`zeek-notice`, `zeek-intel`, or `zeek-log` for all others. Codes: `zeek_fields` for a row before its header or with
another number of fields; those of `records`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable
from csirt.readers.limits import DEFAULT_LIMITS, Limits, decode
from csirt.readers.mapped import judge
from csirt.readers.mapping import VendorMapping
from csirt.readers.records import lines

FORMAT = "zeek-tsv"
_HEAD = re.compile(rb"(?m)^#(?:separator|fields)[ \t,]")
_LOGS = {"notice": "zeek-notice", "notice_alarm": "zeek-notice", "intel": "zeek-intel"}
_OTHER = "zeek-log"


@dataclass(slots=True)
class _Header:
    """What the lines that begin with `#` have said so far."""

    separator: str = "\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    path: str = ""
    fields: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ZeekTables:
    """Reads Zeek's tables by the mappings of Zeek's logs."""

    mappings: Mapping[str, VendorMapping]
    limits: Limits = DEFAULT_LIMITS
    format: str = FORMAT

    def recognises(self, head: bytes) -> bool:
        """A header line of Zeek."""
        return bool(_HEAD.search(head.removeprefix(b"\xef\xbb\xbf")))

    def read(self, data: bytes) -> Iterator[SourceRecord]:
        """Every row in order; header lines are none."""
        header = _Header()
        index = 0
        for piece in lines(data, self.limits):
            if piece.raw.startswith(b"#") and piece.value is None:
                _learn(header, decode(piece.raw))
                continue
            result = piece.value if isinstance(piece.value, Unreadable) else self._judge(header, decode(piece.raw))
            yield SourceRecord(index, piece.raw, result)
            index += 1

    def _judge(self, header: _Header, row: str) -> Detection | NotADetection | Unreadable:
        values = row.split(header.separator)
        if not header.fields or len(values) != len(header.fields):
            return Unreadable("zeek_fields", f"{len(values)} of {len(header.fields)}")
        mapping = self.mappings[_LOGS.get(header.path, _OTHER)]
        return judge(_object(header, values), mapping)


def _learn(header: _Header, line: str) -> None:
    """One header line."""
    name, _, rest = line[1:].partition(" " if line.startswith("#separator") else header.separator)
    rest = rest or " "  # what separates is never nothing
    if name == "separator":
        header.separator = _unescaped(rest.strip()) or "\t"
    elif name in {"set_separator", "empty_field", "unset_field", "path"}:
        setattr(header, name.removesuffix("_field"), rest)
    elif name in {"fields", "types"}:
        setattr(header, name, rest.split(header.separator))


def _object(header: _Header, values: list[str]) -> dict[str, object]:
    """The row as Zeek's JSON writer would give it: unset fields left out, sets as lists, escapes undone."""
    types = header.types if len(header.types) == len(values) else [""] * len(values)
    found: dict[str, object] = {}
    for name, kind, value in zip(header.fields, types, values, strict=True):
        if value == header.unset:
            continue
        if kind.startswith(("set[", "vector[")):
            found[name] = (
                [] if value == header.empty else [_unescaped(one) for one in value.split(header.set_separator)]
            )
        else:
            found[name] = "" if value == header.empty else _unescaped(value)
    return found


def _unescaped(text: str) -> str:
    r"""A text with Zeek's `\xNN` undone."""
    if "\\x" not in text:
        return text
    raw = re.sub(rb"\\x([0-9a-fA-F]{2})", lambda match: bytes([int(match[1], 16)]), text.encode("utf-8", "replace"))
    return decode(raw)
