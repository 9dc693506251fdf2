"""STIX 2.1 bundles (OASIS).

A sighting says that something was seen, an incident that something happened: these are detections. Indicators, malware,
actors and the rest are intelligence: kept, counted, and looked up by the sightings.

Each object is a record; a sighting is read together with what it is a sighting of (`sighted`) and with the values that
the pattern of that indicator names (`named`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from csirt.model.detection import SourceRecord, Unreadable
from csirt.readers.envelopes import records_in
from csirt.readers.limits import Limits, opens_json
from csirt.readers.mapped import MAPPED_LIMITS, Head, judge
from csirt.readers.mapping import VendorMapping
from csirt.readers.records import Piece

FORMAT = "stix"
LISTS = (("objects",),)
MOST_NAMED = 50
_COMPARED = re.compile(r"([a-z0-9-]{1,40}):([A-Za-z0-9_.'-]{1,80})\s{0,4}=\s{0,4}'((?:[^'\\]|\\.){1,1000})'")
_KINDS = {"ipv4-addr": "address", "ipv6-addr": "address", "domain-name": "domain", "url": "url", "email-addr": "mail"}


@dataclass(slots=True)
class Stix:
    """Reads bundles, and objects one a line, by the mapping of STIX."""

    mapping: VendorMapping
    limits: Limits = MAPPED_LIMITS
    format: str = FORMAT

    def recognises(self, head: bytes) -> bool:
        """A bundle, or an object with the specification's version or an id of its form."""
        return opens_json(head) and any(self.mapping.likeness(one) for one in Head(head).records(LISTS))

    def read(self, data: bytes) -> Iterator[SourceRecord]:
        """Every object in order."""
        pieces = list(records_in(data, LISTS, self.limits))
        known = {
            str(one.value["id"]): one.value for one in pieces if isinstance(one.value, dict) and one.value.get("id")
        }
        for piece in pieces:
            yield SourceRecord(piece.index, piece.raw, judge(_together(piece, known), self.mapping))


def _together(piece: Piece, known: Mapping[str, Mapping[str, object]]) -> object:
    """A sighting with what it is a sighting of; anything else as it is."""
    value = piece.value
    if isinstance(value, Unreadable) or not isinstance(value, dict) or value.get("type") != "sighting":
        return value
    sighted = known.get(str(value.get("sighting_of_ref")), {})
    places = value.get("where_sighted_refs")
    where = [known.get(str(one), {}).get("name") for one in (places if isinstance(places, list) else [])[:MOST_NAMED]]
    return {**value, "sighted": sighted, "where": where, "named": _named(sighted.get("pattern"))}


def _named(pattern: object) -> dict[str, list[str]]:
    """The values that a pattern compares with, by kind of observable."""
    found: dict[str, list[str]] = {}
    text = pattern[:20_000] if isinstance(pattern, str) else ""
    for count, match in enumerate(_COMPARED.finditer(text)):
        if count == MOST_NAMED:
            break
        kind = "hash" if "hashes" in match[2] else _KINDS.get(match[1], match[1].replace("-", "_"))
        found.setdefault(kind, []).append(match[3])
    return found
