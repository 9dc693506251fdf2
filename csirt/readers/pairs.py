"""Lines of `key=value` as firewalls and gateways write them, with or without a header of syslog: split into a record.

Three ways are in use, and the line itself shows which it is:

    date=2026-06-10 srcip=10.0.0.5 msg="a b"         blanks between, quotation marks around texts (FortiGate)
    time=1781053961|product=IPS|src=10.0.0.5          pipes between (Check Point Log Exporter for Splunk)
    [product:"IPS"; src:"10.0.0.5"; action:"Drop"]    semicolons between (Check Point Log Exporter for syslog)

What a record means, a mapping with `input = "pairs"` says. Of a key given twice the first that has a value stays, as
what an attacker can write tends to stand behind what the product states. Every step takes time in proportion to the
line.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

FEWEST = 3  # a sentence that happens to hold an equals sign is no record
_BLANKS = re.compile(
    r'(?:^|(?<=[\s,;>]))([A-Za-z_][A-Za-z0-9_.\-]{0,63}+)=(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)(?:"|$)|([^\s"]\S*+)?)'
)
_COLONS = re.compile(
    r'(?:^|(?<=[\[;\s]))([A-Za-z_][A-Za-z0-9_.\-]{0,63}+):"([^"\\]*+(?:\\.[^"\\]*+)*+)"(?=\s*(?:;|\]|$))'
)
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}+=")
_NAME = re.compile(r"(?:.*\s)?([A-Za-z_][A-Za-z0-9_.\-]{0,63})", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_STRAY = ",;"


def pairs(line: str) -> dict[str, str] | None:
    """The keys and values of a line; None where it is no such line."""
    if "=" not in line and ':"' not in line:
        return None
    found = _kept(_split(line))
    return found if len(found) >= FEWEST else None


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
        if value or key not in kept:
            kept[key] = kept.get(key) or value
    return kept
