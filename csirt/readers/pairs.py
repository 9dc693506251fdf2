"""Lines of `key=value` as firewalls and gateways write them, with or without a header of syslog: split into a record.

Five ways are in use, and the line itself shows which it is:

    date=2026-06-10 srcip=10.0.0.5 msg="a b"         blanks between, quotation marks around texts (FortiGate)
    time=1781053961|product=IPS|src=10.0.0.5          pipes between (Check Point Log Exporter for Splunk)
    [product:"IPS"; src:"10.0.0.5"; action:"Drop"]    semicolons between (Check Point Log Exporter for syslog)
    Event Type: Threat, Device Name: pc-1             commas between, keys of several words (Cisco, Cylance)
    Event ID: 45;Device Name: pc-1;Action: Blocked    semicolons between, keys of several words (FortiEDR)

What a record means, a mapping with `input = "pairs"` says. Of a key given twice the first that has a value stays, as
what an attacker can write tends to stand behind what the product states. Every step takes time in proportion to the
line.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

VALUE_CHARACTERS = 4096  # of one value that commas stand in
FEWEST = 3  # a sentence that happens to hold an equals sign is no record
_BLANKS = re.compile(
    r'(?:^|(?<=[\s,;>]))([A-Za-z_][A-Za-z0-9_.\-]{0,63}+)=(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)(?:"|$)|([^\s"]\S*+)?)'
)
_COLONS = re.compile(
    r'(?:^|(?<=[\[;\s]))([A-Za-z_][A-Za-z0-9_.\-]{0,63}+):"([^"\\]*+(?:\\.[^"\\]*+)*+)"(?=\s*(?:;|\]|$))'
)
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}+=")
_NAME = re.compile(r"(?:.*\s)?([A-Za-z_][A-Za-z0-9_.\-]{0,63})", re.DOTALL)
_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9_-]*+(?: [A-Za-z0-9_-]++){0,4}")
_BEFORE = 64  # characters of a header before the first key that are looked at
_ESCAPED = re.compile(r"\\(.)")
_STRAY = ",;"


def pairs(line: str) -> dict[str, str] | None:
    """The keys and values of a line; None where it is no such line."""
    if "=" in line or ':"' in line:
        found = _kept(_split(line))
        if len(found) >= FEWEST:
            return found
    if line.count(";") >= FEWEST - 1 and _begins_with_one(line.partition(";")[0]):
        found = _kept(_told(line, ";"))
        if len(found) >= FEWEST:
            return found
    if line.count(", ") >= FEWEST - 1 and ": " in line:
        found = _kept(_told(line))
        if len(found) >= FEWEST:
            return found
    return None


def _split(line: str) -> Iterable[tuple[str, str]]:
    """Keys and values in order, in the way in which the line is written."""
    if ':"' in line and "; " in line and (colons := list(_COLONS.finditer(line))):
        return [(one[1], _plain(one[2])) for one in colons]
    if _is_piped(line):
        return [pair for part in line.split("|") if (pair := _piped(part))]
    return [
        (one[1], _plain(one[2]) if one[2] is not None else (one[3] or "").rstrip(_STRAY))
        for one in _BLANKS.finditer(line)
    ]


def _told(line: str, sign: str = ", ") -> Iterable[tuple[str, str]]:
    """`Key: value` between commas or semicolons. What has no key of its own goes on with the value before it."""
    first, *others = line.split(sign)
    key, value = _first_told(first)
    for part in others:
        name, colon, rest = part.strip().partition(": ")
        if colon and _WORDS.fullmatch(name):
            yield key, value
            key, value = name, rest.strip()
        elif len(value) < VALUE_CHARACTERS:
            value = f"{value}{sign}{part}"
    yield key, value


def _begins_with_one(first: str) -> bool:
    """Does one key stand before the first semicolon? Where more do, commas part them and it belongs to a text."""
    return ": " in first and sum(1 for key, _ in _told(first) if key) == 1


def _first_told(part: str) -> tuple[str, str]:
    """The first key stands behind the header of syslog, which ends at a colon, a bracket or a dash."""
    before, _, value = part.rpartition(": ")
    near = before[-_BEFORE:]
    for mark in (": ", "] ", "- "):
        near = near.rpartition(mark)[2]
    return (near.strip(), value.strip()) if _WORDS.fullmatch(near.strip()) else ("", "")


def _is_piped(line: str) -> bool:
    """Does a key stand right behind a pipe, and another before it? One pattern for both would take quadratic time."""
    return any(_KEY.match(after) and _KEY.search(before) for before, after in pairwise(line.split("|")))


def _piped(part: str) -> tuple[str, str] | None:
    """Key and value between two pipes; before the first key the header of syslog may stand."""
    before, equals, value = part.partition("=")
    name = _NAME.fullmatch(before) if equals else None
    return (name[1], value.strip().replace("\\=", "=")) if name else None


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if '\\"' in text else text


def _kept(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The first value of each key that has one."""
    kept: dict[str, str] = {}
    for key, value in found:
        if key and (value or key not in kept):
            kept[key] = kept.get(key) or value
    return kept
