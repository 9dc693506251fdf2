"""XML as products send it: one document or several, each perhaps behind a header of syslog; one mapping a vendor.

An element becomes an object: its attributes under `@name`, its elements under their names (several of one name as a
list), its text under `@text`; an element that holds text alone is that text. The root is the record, or what `lists`
name below it; `@root` names the root, and `@outer` is the element around a record, as far as it stands before it.
Prefixes of namespaces do not count. A document type is refused, so there are no entities to grow.

Codes: `not_xml` with the place, and those of `limits` and `records`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from xml.parsers import expat

from csirt.model.detection import SourceRecord, Unreadable
from csirt.readers.charsets import to_text
from csirt.readers.envelopes import OUTER
from csirt.readers.limits import Limits
from csirt.readers.mapped import ByMapping, judge

ROOT, TEXT = "@root", "@text"
LOOKED_AT = 5  # records of an input's beginning
MOST_AROUND = 500  # elements that are kept of what stands around records
_FIRST_BYTES, _MOST_BYTES = 2048, 65536  # that are parsed at a time: a short document costs little
_DECLARATION = b"<?xml"
_OPENS = re.compile(rb"<(?:\?xml\s|[A-Za-z_])")
_CLOSES = re.compile(rb"(?:</[^<>]{1,200}|/)>\Z")
_HAS_TAG = re.compile(rb"<[A-Za-z_/!?]")
_TAG = re.compile(rb"<(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")
_NAMED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9._-]{1,40})[\"'][^>]{0,200}?\?>")
_BY_EXPAT = frozenset({"utf-8", "us-ascii"})
Keys = tuple[str, ...]


@dataclass(slots=True)
class Markup(ByMapping):
    """Reads one vendor's XML by its mapping."""

    def recognises(self, head: bytes) -> bool:
        """Whether one of the first records is of this vendor."""
        if head.lstrip()[:1] in {b"{", b"["} or not _OPENS.search(head) or _stands_among_others(head):
            return False
        first = (value for _, (_, value) in zip(range(LOOKED_AT), self._records(_as_utf8(head)), strict=False))
        return any(isinstance(one, dict) and self.mapping.likeness(one) > 0 for one in first)

    def read(self, data: bytes) -> Iterator[SourceRecord]:
        """Every record in order."""
        if len(data) > self.limits.input_bytes:
            yield SourceRecord(0, data, Unreadable("input_too_large", f"{len(data)} bytes"))
            return
        for index, (raw, value) in enumerate(self._records(_as_utf8(data))):
            if index >= self.limits.records:
                yield SourceRecord(index, raw, Unreadable("too_many_records", f"record {index}"))
                return
            yield SourceRecord(index, raw, judge(value, self.mapping))

    def in_line(self, line: str) -> list[object]:
        """The first two records of a line of text, each an object of JSON's kinds, or an `Unreadable`."""
        data = _NAMED.sub(b"", line.encode("utf-8", "replace"))  # it is text already, whatever it declares
        return [value for _, value in islice(self._records(data), 2)]

    def _records(self, data: bytes) -> Iterator[tuple[bytes, object]]:
        """Bytes and value of every record of every document in UTF-8; an `Unreadable` for what is none."""
        at = 0
        while opens := _OPENS.search(data, at):
            document = _Document(data, at, opens.start(), frozenset(self.mapping.lists), self.limits)
            yield from document.records()
            at = document.end
        if rest := data[at:].strip():
            yield rest, Unreadable("not_xml", f"byte {at}")


def holds_markup(line: str) -> bool:
    """May XML begin on this line?"""
    return "<" in line and bool(_OPENS.search(line.encode("utf-8", "replace")))


def _stands_among_others(head: bytes) -> bool:
    """Does a document fill the rest of a line of a log in which other lines hold none?

    Whoever reads lines of logs reads that one, too; as XML, all around it would be lost.
    """
    told = [one for one in head.removeprefix(b"\xef\xbb\xbf").splitlines() if one.strip()]
    return any(map(_ends_in_document, told)) and any(not _HAS_TAG.search(one) for one in told)


def _ends_in_document(line: bytes) -> bool:
    opens = _OPENS.search(line)
    return opens is not None and bool(line[: opens.start()].strip()) and bool(_CLOSES.search(line[-300:].rstrip()))


def _as_utf8(data: bytes) -> bytes:
    """Text in UTF-16, or in a charset that its first document declares, as UTF-8; all else as it is."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _NAMED.sub(b"", data.decode("utf-16", "replace").encode("utf-8", "replace"))
    declared = _NAMED.search(data[:2000])
    name = declared[1].decode() if declared else "utf-8"
    return data if name.casefold() in _BY_EXPAT else _NAMED.sub(b"", to_text(data, name).encode("utf-8", "replace"))


@dataclass(slots=True)
class _Element:
    """An element that is open: what was read of it so far."""

    name: str
    path: Keys  # from the root on, without it
    start: int
    value: dict[str, object]
    texts: list[str] = field(default_factory=list)

    def put(self, name: str, value: object) -> None:
        """Keep an element inside; of one name several as a list."""
        before = self.value.get(name)
        if isinstance(before, list):
            before.append(value)
        else:
            self.value[name] = value if name not in self.value else [before, value]

    def closed(self) -> object:
        """What it has become."""
        text = "".join(self.texts).strip()
        if not self.value:
            return text
        return {**self.value, TEXT: text} if text else self.value


class _RootEnds(Exception):
    """The root is closed: parsing is to stop. No error."""


class _Refused(Exception):
    """A bound is passed; the code and the reason of the `Unreadable` to come. Never leaves this module."""


class _Document:
    """A walk through one document. `end` is where the next may begin, once `records` has come to its end."""

    def __init__(self, data: bytes, before: int, start: int, lists: frozenset[Keys], limits: Limits) -> None:
        self.data, self.before, self.start, self.end = data, before, start, len(data)
        self.lists, self.limits = lists, limits
        self.open: list[_Element] = []
        self.record: int | None = None  # the depth at which the record that is being read is open
        self.elements = 0  # of the record that is being read, or of what stands around
        self.found = 0
        self.done: list[tuple[bytes, object]] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._starts
        self.parser.EndElementHandler = self._ends
        self.parser.CharacterDataHandler = self._tells
        self.parser.StartDoctypeDeclHandler = self._types

    def records(self) -> Iterator[tuple[bytes, object]]:
        """Bytes and value of each record."""
        at, size = self.start, _FIRST_BYTES
        try:
            while at < len(self.data):
                self.parser.Parse(self.data[at : at + size], False)  # noqa: FBT003 - expat's own way: more is to come
                at, size = at + size, min(2 * size, _MOST_BYTES)
                yield from self._told()
                self._check_size(at)
            wrong = Unreadable("not_xml", "end of input")
        except _RootEnds:
            yield from self._told()
            return
        except _Refused as refused:
            wrong = Unreadable(*refused.args)
        except (expat.ExpatError, ValueError) as error:
            wrong = Unreadable("not_xml", f"byte {self.start}: {getattr(error, 'code', 'text')}")
        except LookupError as error:
            if type(error) is not LookupError:  # a KeyError would be a fault of ours
                raise
            wrong = Unreadable("not_xml", f"byte {self.start}: unknown encoding")  # as the document declares it
        yield from self._told()
        self.end = self._next_document()
        yield self.data[self.before : self.end].strip()[: self.limits.record_bytes], wrong

    def _told(self) -> list[tuple[bytes, object]]:
        done, self.done = self.done, []
        return done

    def _next_document(self) -> int:
        """Where to go on behind a broken document: at the line on which the next is declared."""
        following = self.data.find(_DECLARATION, self.start + 1)
        if following < 0:
            return len(self.data)
        line = self.data.rfind(b"\n", self.start, following) + 1
        return line or following

    def _check_size(self, at: int) -> None:
        """Refuse a record that is longer than a record may be."""
        start = self.start if not self.lists else self.open[self.record].start if self.record is not None else at
        if at - start > self.limits.record_bytes + _MOST_BYTES:
            raise _Refused("record_too_large", f"more than {self.limits.record_bytes} bytes")

    def _starts(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element opens."""
        name = name.rpartition(":")[2]
        path = (*self.open[-1].path, name) if self.open else ()
        start = self.start + self.parser.CurrentByteIndex
        value: dict[str, object] = {f"@{key.rpartition(':')[2]}": text for key, text in attributes.items()}
        if not self.open:
            value[ROOT] = name
        self.open.append(_Element(name, path, start, value))
        if len(self.open) > self.limits.depth:
            raise _Refused("too_deep", f"more than {self.limits.depth} levels")
        if self.record is None and path in self.lists:
            self.record, self.elements = len(self.open) - 1, 0
        self.elements += 1 + len(attributes)
        if self.elements > self.limits.keys and (self.record is not None or not self.lists):
            raise _Refused("too_many_keys", f"more than {self.limits.keys} elements")

    def _tells(self, text: str) -> None:
        """Text of the element that is open. NUL cannot stand in XML."""
        self.open[-1].texts.append(text)

    def _types(self, *_: object) -> None:
        raise _Refused("not_xml", "document type")

    def _ends(self, _: str) -> None:
        """An element closes: a record is done, anything else is kept in the element around it."""
        element = self.open.pop()
        if self.record == len(self.open):
            self.record = None
            self._keep(element, self._end_of(element))
        elif self.open and (self.record is not None or not self.lists or self.elements < MOST_AROUND):
            self.open[-1].put(element.name, element.closed())
        if not self.open:
            self.end = self._end_of(element)
            if not self.found:
                self._keep(element, self.end)
            raise _RootEnds

    def _keep(self, element: _Element, end: int) -> None:
        """A record with what stands around it."""
        value = element.closed()
        is_root = not self.open
        outer: dict[str, object] = {}
        for holder in self.open:
            outer = {**holder.value, OUTER: outer} if outer else dict(holder.value)
        around = {} if is_root else {OUTER: outer, ROOT: self.open[0].name}
        raw = self.data[self.before if is_root else element.start : end].strip()
        self.found += 1
        self.done.append((raw, {**value, **around} if isinstance(value, dict) else {TEXT: value, **around}))

    def _end_of(self, element: _Element) -> int:
        """Where an element that closes ends; the parser stands at its last tag, but behind an element of one tag."""
        first = _TAG.match(self.data, element.start)
        last = _TAG.match(self.data, self.start + self.parser.CurrentByteIndex)
        own = first if first and first[0].endswith(b"/>") else last
        return own.end() if own else len(self.data)
