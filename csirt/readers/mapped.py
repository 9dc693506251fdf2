"""The reader for every vendor that has a mapping: JSON in, detections out, without code of its own.

Reasons for what is no detection are those of the mapping (`why`); a record that the mapping does not recognise, in a
file of that vendor, is `not_recognised`. Codes of what cannot be read are those of `limits` and `records`, and
`field_missing` with the path that the format requires.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable
from csirt.readers.envelopes import records_in
from csirt.readers.limits import Limits, as_text, as_title, opens_json
from csirt.readers.mapping import Choice, VendorMapping, as_number, plain
from csirt.readers.records import json_records
from csirt.readers.times import instant_as

MAPPED_LIMITS = Limits(keys=5_000)  # an alert with its evidence is larger than one line of a sensor
MOST_VALUES = 20
MOST_LOOKED_AT = 5
NO_ALARM_LEVEL = 0

_HEX = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_ADDRESS = re.compile(r"[\s\[]{0,3}([0-9A-Fa-f.:]{2,45})")
_TECHNIQUE = re.compile(r"(?<![A-Za-z0-9])T[0-9]{4}(?:\.[0-9]{3})?(?![0-9])")


@dataclass(slots=True)
class ByMapping:
    """What every reader of one vendor has that reads by a mapping."""

    mapping: VendorMapping
    limits: Limits = MAPPED_LIMITS
    format: str = field(init=False)

    def __post_init__(self) -> None:
        """The format is the one that the mapping names."""
        self.format = self.mapping.format


@dataclass(slots=True)
class Mapped(ByMapping):
    """Reads one vendor's JSON by its mapping."""

    check: Callable[[Mapping[str, object]], Unreadable | None] | None = None  # what a valid record of this format is
    first_keys: tuple[frozenset[str], ...] = field(init=False)  # what must stand in a record at all; a quick first look

    def __post_init__(self) -> None:
        """What must stand in a record is gathered once."""
        ByMapping.__post_init__(self)  # a class with slots is made anew, and `super()` does not find it
        self.first_keys = tuple(one.first_keys for one in self.mapping.recognise)

    def recognises(self, head: bytes) -> bool:
        """Whether one of the first records is of this vendor."""
        return self.likeness(Head(head)) > 0

    def likeness(self, head: "Head") -> int:
        """How surely an input that begins so is of this vendor; 0 for not at all."""
        if head.keys and not any(keys <= head.keys for keys in self.first_keys):
            return 0
        return max((self.mapping.likeness(one) for one in head.records(self.mapping.lists)), default=0)

    def read(self, data: bytes) -> Iterator[SourceRecord]:
        """Every record in order."""
        for piece in records_in(data, self.mapping.lists, self.limits):
            wrong = self.check(piece.value) if self.check and isinstance(piece.value, dict) else None
            yield SourceRecord(piece.index, piece.raw, wrong or judge(piece.value, self.mapping))


class Head:
    """The beginning of an input, its first whole objects parsed once for all mappings that are asked about it."""

    def __init__(self, head: bytes) -> None:
        """Parse the first objects of these bytes."""
        self.head = head
        self.first = list(_first_objects(head)) if opens_json(head) else []
        self.keys = frozenset(_keys_in(self.first))

    def records(self, lists: tuple[tuple[str, ...], ...]) -> list[object]:
        """The first records: objects as they stand, and those in the lists of an envelope, be it cut off or whole."""
        if not self.first:
            return self._behind_the_cut(lists)
        inner = [value for one in self.first for keys in lists for value in _under(one, keys)]
        return [*self.first, *inner[:MOST_LOOKED_AT]]

    def _behind_the_cut(self, lists: tuple[tuple[str, ...], ...]) -> list[object]:
        """The records of a list whose envelope goes on behind the bytes that we have."""
        for keys in lists:
            mark = re.search(rb'"' + re.escape(keys[-1].encode()) + rb'"\s*:\s*(\[)', self.head)
            if mark and (found := list(_first_objects(self.head[mark.start(1) :]))):
                return found
        return []


def _keys_in(records: list[object]) -> Iterator[str]:
    """The keys of all objects inside, at any depth, folded, also their beginnings up to a dot. No recursion."""
    todo = list(records)
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            yield from (form for key in one for form in (key.casefold(), key.casefold().partition(".")[0]))
            todo.extend(one.values())
        elif isinstance(one, list):
            todo.extend(one)


def _first_objects(data: bytes) -> Iterator[object]:
    """The first objects of an input that can be read, of the first records."""
    pieces = islice(json_records(data, MAPPED_LIMITS), 2 * MOST_LOOKED_AT)
    yield from islice((one.value for one in pieces if isinstance(one.value, dict)), MOST_LOOKED_AT)


def _under(value: object, keys: tuple[str, ...]) -> list[object]:
    """The objects of the list that these keys lead to; lists on the way are walked through."""
    found = [value]
    for last, key in zip((*keys[1:], None), keys, strict=True):
        inner = [one.get(key) for one in found if isinstance(one, dict)]
        found = [one for some in inner for one in (some if isinstance(some, list) else [some] if last else [])]
    return [one for one in found if isinstance(one, dict)]


def judge(record: object, mapping: VendorMapping) -> Detection | NotADetection | Unreadable:
    """What one record is, by the mapping."""
    if isinstance(record, Unreadable):
        return record
    if not isinstance(record, dict):
        return Unreadable("not_an_object", "record")
    body = mapping.body_of(record)
    for rule in mapping.not_a_detection:
        if rule.when.is_met(body):
            return NotADetection(mapping.format, rule.why)
    if not any(one.is_met(body) for one in mapping.recognise):
        return mapping.missing(body) or NotADetection(mapping.format, "not_recognised")
    return mapping.missing(body) or _detection(body, mapping)


def _detection(body: object, mapping: VendorMapping) -> Detection:
    """A record as a detection."""
    found = {name: _parts(texts_of(body, choices), name, mapping) for name, choices in mapping.fields.items()}
    native = _native(body, mapping)
    times = texts_of(body, mapping.time.choices)
    instants = [(one, instant_as(one, mapping.time.format, mapping.time.offset)) for one in times]
    raw, at = next((pair for pair in instants if pair[1]), instants[0] if instants else (None, None))
    level, alarm = _level(body, native, mapping)
    addresses = {name: _address(found.get(name, [])) for name in ("src_ip", "dst_ip")}
    title = first(texts_of(body, mapping.fields["title"], longest=as_title))
    return Detection(
        format=mapping.format,
        title=title or mapping.name,
        severity_native=native or "",
        level=level,
        id=first(found.get("id", [])),
        time_raw=raw,
        time_utc=at,
        src_ip=addresses["src_ip"],
        dst_ip=addresses["dst_ip"],
        host=first(found.get("host", [])),
        user=first(found.get("user", [])),
        category=first(found.get("category", [])),
        signature=first(found.get("signature", [])),
        state=first(found.get("state", [])),
        observables={**_observables(body, mapping, found), **({"no_alarm": (alarm,)} if alarm else {})},
    )


def _level(body: object, native: str | None, mapping: VendorMapping) -> tuple[int, str | None]:
    """Our level, and why it is no alarm where it is none."""
    for rule in mapping.no_alarm:
        if rule.when.is_met(body):
            return NO_ALARM_LEVEL, rule.why
    level = mapping.severity.level_of(native)
    return max((level, *(rule.level for rule in mapping.at_least if rule.when.is_met(body)))), None


def _native(body: object, mapping: VendorMapping) -> str | None:
    """The severity in the source's own words; of several numbers the highest."""
    if mapping.severity.highest_of:
        values = [one for path in mapping.severity.highest_of for one in path.find(body)]
        numbers = [(number, text) for one in values if (number := as_number(one)) is not None and (text := plain(one))]
        return max(numbers)[1] if numbers else None
    return first(texts_of(body, mapping.severity.choices))


def _observables(body: object, mapping: VendorMapping, found: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """What else the record names; and of fields with several values the further ones."""
    kinds: dict[str, list[str]] = {name: found[name] for name in ("host", "user") if len(found.get(name, [])) > 1}
    for kind, choices in mapping.observables.items():
        texts = _parts(texts_of(body, choices, every=True), kind, mapping)
        if kind == "technique":
            texts = [code for text in texts for code in _TECHNIQUE.findall(text)]
        for text in texts:
            kinds.setdefault(_HEX.get(len(text), "hash") if kind == "hash" else kind, []).append(text)
    rsit = mapping.rsit.class_of(texts_of(body, mapping.rsit.choices, every=True))
    if rsit:
        kinds["rsit"] = [rsit]
    return {kind: tuple(dict.fromkeys(texts))[:MOST_VALUES] for kind, texts in kinds.items() if texts}


def _parts(texts: list[str], name: str, mapping: VendorMapping) -> list[str]:
    """The values of a field or kind: texts split into several, and each cut, where the mapping says so."""
    between, end = mapping.split.get(name), mapping.cut.get(name)
    if between:
        texts = [part for text in texts for one in text.split(between) if (part := one.strip())]
    return [cut for text in texts if (cut := text.partition(end)[0].strip())] if end else texts


def texts_of(body: object, choices: tuple[Choice, ...], *, every: bool = False, longest: object = as_text) -> list[str]:
    """The texts of the first choice that gives any; with `every`, those of all choices."""
    found: list[str] = []
    cut = as_title if longest is as_title else as_text
    for choice in choices:
        found.extend(text for one in _values(body, choice) if (text := cut(one)))
        if found and not every:
            break
    return found


def _values(body: object, choice: Choice) -> list[object]:
    """What one choice gives: the values of a path, or one text made of a template whose every place has a value."""
    if not choice.words:
        return [plain(one) if isinstance(one, bool) else one for one in choice.paths[0].find(body)]
    parts = [next((text for one in path.find(body) if (text := plain(one))), None) for path in choice.paths]
    if None in parts:
        return []
    between = iter(parts)
    return ["".join([choice.words[0], *(f"{next(between)}{word}" for word in choice.words[1:])])]


def _address(texts: list[str]) -> str | None:
    """The first IP address at the beginning of one of the texts, without port or names that stand behind it."""
    for text in texts:
        match = _ADDRESS.match(text)
        candidate = match[1] if match else ""
        for form in (text, candidate, candidate.rpartition(":")[0], candidate.partition(":")[0]):
            if _is_address(form):
                return form
    return None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def first(texts: list[str]) -> str | None:
    """The first of some texts; None of none."""
    return texts[0] if texts else None
