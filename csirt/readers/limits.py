"""Bounds that every input meets before it is parsed, and the strict way in for JSON and text.

Hostile input is the rule here: deep nesting, a key named twice, NUL, lone surrogates, numbers that a float would
round. What does not fit becomes an `Unreadable` with a stable code; nothing in this module raises on content, and
every step takes time in proportion to the bytes.

Codes: `record_too_large`, `too_deep`, `too_many_keys`, `not_utf8`, `lone_surrogate`, `not_json`, `duplicate_key`,
`nul`.
"""

import json
import re
from dataclasses import dataclass

import orjson

from csirt.model.detection import Unreadable

TITLE_CHARACTERS = 500
FIELD_CHARACTERS = 255
CUT_MARK = "…"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read: bytes of one input and of one record, nesting, keys in one record, records in one input."""

    input_bytes: int = 64 * 1024 * 1024
    record_bytes: int = 1024 * 1024
    depth: int = 32
    keys: int = 500
    records: int = 1_000_000


DEFAULT_LIMITS = Limits()

# The closing quote is optional, every repetition possessive: an open string is taken whole, so no byte is read twice.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKETS = re.compile(rb"[{\[]+|[}\]]+")
_SPACED_KEY = re.compile(rb'"[ \t\r\n]+:')
_LONG = 10**18  # has 19 digits as 2^63 has: beyond that orjson turns an integer into a float

_UNUSED = re.compile("[\uf8f0-\uf8f3]")
_OPENS = re.compile(rb"^[ \t]*+[{\[]", re.MULTILINE)
# A header of syslog (PRI, or a time) up to the object behind it. Pipes and equals signs outside of brackets would mean
# that the object is a value of something else, such as an extension of CEF.
_HEADED = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:<[0-9]{1,3}>|[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:)"
    rb"(?:[^\n{=|\"\[]++|\[[^\]\n{]{0,500}+\]){0,40}+(?=\{[ \t]*[\"}])"
)


def opens_json(head: bytes) -> bool:
    """Whether a line of an input's beginning opens an object or an array."""
    return bool(_OPENS.search(head.removeprefix(b"\xef\xbb\xbf"))) or behind_header(head) is not None


def behind_header(raw: bytes) -> bytes | None:
    """The JSON behind a header of syslog at the beginning of these bytes; None where there is no such thing."""
    header = _HEADED.match(raw)
    return raw[header.end() :] if header else None


def parse_json(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> object:
    """The value of one JSON text (RFC 8259), or an `Unreadable`: check with `isinstance`.

    Integers of 19 digits and more come back as text, so that no digit is lost.
    """
    if len(raw) > limits.record_bytes:
        return Unreadable("record_too_large", f"{len(raw)} bytes")
    plain = _is_plain(raw, limits.depth)
    skeleton = b"" if plain else _STRING.sub(b'""', raw)
    keys = raw.count(b'":') if plain else skeleton.count(b":")
    if not plain and _too_deep(skeleton, limits.depth):
        return Unreadable("too_deep", f"more than {limits.depth} levels")
    if keys > limits.keys:
        return Unreadable("too_many_keys", f"{keys} keys")
    try:
        value: object = orjson.loads(raw)
        found, is_long = _survey(value)
        if is_long:
            value = json.loads(raw, parse_int=_exact)
    except (orjson.JSONDecodeError, ValueError) as error:
        return _not_json(raw, error)
    if found != keys:
        return Unreadable("duplicate_key", "record")
    has_nul = not plain and b"\\u0000" in raw and _has_nul(value)  # which no text in PostgreSQL can hold
    return Unreadable("nul", "record") if has_nul else value


def _is_plain(raw: bytes, depth: int) -> bool:
    """Can keys and nesting be judged without taking the strings out? So most sensors write, and it is quick.

    Without a backslash a quotation mark always ends or begins a string, so that `":` stands behind each key and
    nowhere else; with few brackets none can be nested too deep, wherever they stand.
    """
    return b"\\" not in raw and raw.count(b"{") + raw.count(b"[") <= depth and not _SPACED_KEY.search(raw)


def _too_deep(skeleton: bytes, allowed: int) -> bool:
    """Whether brackets nest deeper than allowed; strings are gone from `skeleton` already."""
    if skeleton.count(b"{") + skeleton.count(b"[") <= allowed:
        return False
    depth = 0
    for run in _BRACKETS.finditer(skeleton):
        size = run.end() - run.start()
        depth += size if run[0][:1] in b"{[" else -size
        if depth > allowed:
            return True
    return False


def _exact(digits: str) -> int | str:
    """An integer, or its digits as text where a reader in another language would round it."""
    return int(digits) if len(digits.lstrip("-")) < 19 else digits


def _not_json(raw: bytes, error: ValueError) -> Unreadable:
    """Why orjson refused: the code, and the place in the record."""
    place = f"character {error.pos}" if isinstance(error, json.JSONDecodeError) else "record"
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        return Unreadable("not_utf8", f"byte {wrong.start}")
    if "surrogate" in str(error):
        return Unreadable("lone_surrogate", place)
    return Unreadable("not_json", place)


def _survey(value: object) -> tuple[int, bool]:
    """Keys of all objects inside, and whether a number is so long that digits may be lost. No recursion.

    Fewer keys than the text names means that one came twice.
    """
    keys, is_long = 0, False
    todo: list[object] = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            keys += len(item)
        inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else (item,)
        for one in inside:
            if type(one) is dict or type(one) is list:
                todo.append(one)
            elif (type(one) is int or type(one) is float) and not -_LONG < one < _LONG:
                is_long = True
    return keys, is_long


def _has_nul(value: object) -> bool:
    """Whether a key or a text inside holds NUL. No recursion."""
    todo: list[object] = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str) and "\0" in item:
            return True
        if isinstance(item, dict):
            todo.extend(item)
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
    return False


def as_text(value: object, limit: int = FIELD_CHARACTERS) -> str | None:
    """A scalar of JSON as text: no NUL, no blanks at its ends, at most `limit` characters with a mark when cut.

    Objects, lists, truth values and empty texts give None.
    """
    if type(value) is not str:
        if value is None or isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        value = str(value)
    text = (value.replace("\0", "") if "\0" in value else value).strip()
    if len(text) > limit:
        text = text[: limit - len(CUT_MARK)] + CUT_MARK
    return text or None


def as_title(value: object) -> str | None:
    """The same for a title, which may be longer."""
    return as_text(value, TITLE_CHARACTERS)


def decode(raw: bytes) -> str:
    """Bytes of a text log as text: UTF-8, else Windows-31J as Japanese products write it, else with marks. No NUL."""
    raw = raw.replace(b"\0", b"")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode("cp932")
    except UnicodeDecodeError:
        text = ""
    # Python's table gives the four unused bytes A0, FD, FE, FF a private meaning; real text has none of them.
    return raw.decode("utf-8", "replace") if not text or _UNUSED.search(text) else text
