"""The No-My-Number guard: finds and masks 個人番号, card numbers and secrets; cleans lines. Pure, used by every door.

The product never stores a 個人番号 (番号法 art. 20: nobody may collect or keep one beyond the purposes that the law
names). A 12-digit number is taken for one if its check digit is right (ordinance 85 of 2014 of the Ministry of
Internal Affairs and Communications, art. 5) or if the word stands near it. One in ten random numbers passes the check,
so a person may declare that theirs is none, by words written right before it; the record says so. No error holds the
digits.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import TypeVar

from csirt.errors import Invalid

Span = tuple[int, int]
Value = TypeVar("Value")

MY_NUMBER, CARD, SECRET = "[masked:my_number]", "[masked:card]", "[masked:secret]"

# ------------------------------------------------------------------------------------------------------------- folding

_DASHES = "\u30fc\uff70\u2212\u2500\u2501\u2043\u02d7\u3030"  # ー ｰ − ─ ━ and others that are no dashes to Unicode
_DOTS = "\u30fb\uff65\u00b7\u2022\uff0c\u3001\u3002"  # ・ ･ · • ， 、 。
_KANJI = {ord(sign): str(value) for value, signs in enumerate(("〇零", *"一二三四五六七八九")) for sign in signs}
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Me", "Mn"})  # controls, zero-width, lone surrogates, keycaps, accents
_REMEMBERED = 20_000


def _fold_sign(sign: str) -> str:
    """A sign as it is matched: digits ASCII, dashes `-`, blanks a blank, voiced kana unvoiced, marks gone."""
    digit = unicodedata.digit(sign, None)
    if digit is not None:
        return str(digit)
    if sign in _DASHES or unicodedata.category(sign) == "Pd":
        return "-"
    if sign in _DOTS:
        return "."
    if sign == "\t" or unicodedata.category(sign) == "Zs":
        return " "
    if sign in "\r\n":
        return sign
    parts = unicodedata.normalize("NFKD", sign)
    kept = "".join(part for part in parts if unicodedata.category(part) not in _DROPPED)
    return kept if kept == sign else "".join(map(_fold_sign, kept))


class _Folding(dict[int, str]):
    """A table for str.translate that fills itself; bounded, so that hostile text cannot fill the memory."""

    def __missing__(self, code: int) -> str:
        folded = _fold_sign(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = folded
        return folded


_FOLDING = _Folding()


def _fold(text: str) -> str:
    return text if text.isascii() and text.isprintable() else text.translate(_FOLDING)


def _original(text: str, folded: str, spans: list[Span]) -> list[Span]:
    """Spans of the folded text as spans of the text; signs that fold to several or to none are covered as a whole."""
    if not spans or text == folded:
        return spans
    starts: list[int] = []
    for index, sign in enumerate(text):
        starts.extend([index] * len(_FOLDING[ord(sign)]))
    starts.append(len(text))
    return [(starts[start], max(starts[end - 1] + 1, starts[end])) for start, end in spans]


# ------------------------------------------------------------------------------------------------------------- numbers

_GAP = r"[ -]{1,3}"
_WIDE_GAP = r"(?:[ ._/,-]{1,3}|-\r?\n ?)"  # also wrapped at a hyphen
_PLAIN = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
# Overlapping windows: in a longer row every group may be the first one.
_FOURS = re.compile(rf"(?<![0-9])(?=([0-9]{{4}}{_WIDE_GAP}[0-9]{{4}}{_WIDE_GAP}[0-9]{{4}})(?![0-9]))")
_EVEN = tuple(
    re.compile(rf"(?<![0-9])(?<![0-9][ -])[0-9]{{{size}}}(?:{_GAP}[0-9]{{{size}}}){{{12 // size - 1}}}(?!{_GAP}?[0-9])")
    for size in (1, 2, 3, 6)
)
_LOOSE = re.compile(
    rf"(?<![0-9])(?:[0-9](?:[ -]{{0,3}}[0-9]){{11}}|[0-9]{{4}}{_WIDE_GAP}[0-9]{{4}}{_WIDE_GAP}[0-9]{{4}})(?![0-9])"
)
_WORD = re.compile(
    # Folded: voiced kana are unvoiced, the long vowel is a dash. 個人番号利用事務 names a network, not a number.
    r"マイナンハ-?(?!-?利用)|まいなんは-?|個人 {0,2}番号(?!利用)|my ?number|individual ?number|kojin ?bang"
)
# What a person writes right before a number that is none: 個人番号でない:123456789018. Folded, too.
DECLARED = "個人番号でない:"
_DECLARED = re.compile(r"(?:個人番号てない|not-my-number) ?: ?\Z")
_DECLARED_MOST = 24
_BEFORE, _AFTER = 40, 20  # how far from the word a number still belongs to it
_UUID_HEAD = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}")
# The longest rows of digits and gaps. Everything below is looked for inside them, which keeps ordinary lines quick.
_ROW = re.compile(rf"(?<![0-9])[0-9](?:{_WIDE_GAP}?[0-9]){{11,}}")
_KANJI_TWELVE = re.compile(r"(?<![〇零一二三四五六七八九])[〇零一二三四五六七八九]{12}(?![〇零一二三四五六七八九])")
_CARD = re.compile(
    rf"(?<![0-9])(?:[0-9]{{14,19}}|[0-9]{{4}}(?:{_GAP}[0-9]{{4}}){{3}}(?:{_GAP}[0-9]{{1,3}})?"
    rf"|[0-9]{{4}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{4,5}})(?![0-9])"
)
# ISO/IEC 7812: what cards begin with. Dates, instants and IMEIs, which pass Luhn too, begin otherwise.
_ISSUER = re.compile(r"3[0689][0-9]{12}|3[47][0-9]{13}|[3-6][0-9]{15,18}|2[2-7][0-9]{14}")


def is_my_number(digits: str) -> bool:
    """Is the check digit of these 12 ASCII digits right? (Ordinance 85, art. 5; twelve zeros are a filler)."""
    if len(digits) != 12 or not (digits.isascii() and digits.isdigit()) or digits == "0" * 12:
        return False
    total = sum(int(digits[11 - n]) * (n + 1 if n <= 6 else n - 5) for n in range(1, 12)) % 11
    return int(digits[11]) == (0 if total <= 1 else 11 - total)


def _is_corporate_number(digits: str) -> bool:
    """13 digits, the first of which checks the rest (法人番号, public)."""
    total = sum(int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits[1:])))
    return len(digits) == 13 and int(digits[0]) == 9 - total % 9


def _passes_luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def _is_part_of_a_name(folded: str, start: int, end: int) -> bool:
    """Do the digits sit in a hash, a UUID or another word of letters and more digits?"""
    left, right = start, end
    while left > 0 and start - left < 64 and folded[left - 1].isascii() and folded[left - 1].isalnum():
        left -= 1
    while right < len(folded) and right - end < 64 and folded[right].isascii() and folded[right].isalnum():
        right += 1
    rest = folded[left:start] + folded[end:right]
    return any(sign.isdigit() for sign in rest) or bool(_UUID_HEAD.fullmatch(folded, max(0, start - 24), start))


def _is_year_list(group: str) -> bool:
    return all(year[:2] in {"19", "20"} for year in re.findall("[0-9]{4}", group))


def _is_corporate_tail(folded: str, start: int, end: int) -> bool:
    """Is this the 4-4-4 tail of a corporate number written 1-4-4-4?"""
    head = re.search(rf"(?<![0-9])([0-9]){_GAP}\Z", folded[max(0, start - 5) : start])
    return head is not None and _is_corporate_number(head[1] + _digits(folded[start:end]))


def _checked(folded: str, row: Span) -> list[Span]:
    """Numbers in a row of digits whose check digit is right."""
    found = [
        match.span()
        for match in _PLAIN.finditer(folded, *row)
        if is_my_number(match[0]) and not _is_part_of_a_name(folded, *match.span())
    ]
    for match in _FOURS.finditer(folded, *row):
        if is_my_number(_digits(match[1])) and not _is_year_list(match[1]):
            start, end = match.span(1)
            if not _is_corporate_tail(folded, start, end):
                found.append((start, end))
    for pattern in _EVEN:
        found.extend(match.span() for match in pattern.finditer(folded, *row) if is_my_number(_digits(match[0])))
    return found


def _near_the_word(folded: str) -> list[Span]:
    """Any 12 digits near the word, right or wrong: a mistyped number is still somebody's."""
    found: list[Span] = []
    for word in _WORD.finditer(folded.lower()):  # folded text keeps its length in lower case
        start, end = max(0, word.start() - _AFTER - 23), word.end() + _BEFORE + 23
        for match in _LOOSE.finditer(folded, start, end):
            after, before = match.start() - word.end(), word.start() - match.end()
            near = 0 <= after <= _BEFORE or 0 <= before <= _AFTER
            if near and not _is_corporate_tail(folded, *match.span()):
                found.append(match.span())
    return found


def _cards(folded: str, row: Span) -> list[Span]:
    return [
        match.span()
        for match in _CARD.finditer(folded, *row)
        if _ISSUER.fullmatch(digits := _digits(match[0])) and _passes_luhn(digits)
    ]


def _in_kanji(folded: str) -> list[Span]:
    return [match.span() for match in _KANJI_TWELVE.finditer(folded) if is_my_number(match[0].translate(_KANJI))]


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_declared(folded: str, start: int) -> bool:
    return bool(_DECLARED.search(folded[max(0, start - _DECLARED_MOST) : start].lower()))


def _numbers(text: str, *, declared: bool = False) -> tuple[list[Span], list[Span]]:
    """My Numbers and cards, as spans of `text`; with `declared`, those that are declared to be none count as none."""
    folded = _fold(text)
    kanji = [] if text.isascii() else _in_kanji(folded)
    rows = [match.span() for match in _ROW.finditer(folded)]
    if not kanji and not rows:
        return [], []
    cards = [card for row in rows for card in _cards(folded, row)]
    checked = [number for row in rows for number in _checked(folded, row)]
    taken = {place for start, end in cards for place in range(start, end)}
    inside = [(start, end) for start, end in checked if start not in taken or end - 1 not in taken]
    mine = _merged(inside + _near_the_word(folded) + kanji)
    if declared:
        mine = [span for span in mine if not _is_declared(folded, span[0])]
    return _original(text, folded, mine), _original(text, folded, cards)


def find_my_numbers(text: str, *, declared: bool = False) -> tuple[Span, ...]:
    """Where `text` holds what must be taken for a 個人番号: (start, end) in order, never overlapping.

    With `declared`, a number counts as none that a person declared to be none (`DECLARED`).
    """
    return tuple(_numbers(text, declared=declared)[0])


def declared_numbers(text: str) -> int:
    """How many numbers that would be taken for a 個人番号 are declared to be none."""
    return len(find_my_numbers(text)) - len(find_my_numbers(text, declared=True)) if _may_declare(text) else 0


def _may_declare(text: str) -> bool:
    return "個人番号" in text or "not-my-number" in text.lower()


def refuse_my_number(text: str, *, field: str) -> None:
    """Let what a person typed pass, or raise `Invalid` `my_number_refused` naming the field and how many, no digits."""
    found = find_my_numbers(text, declared=True)
    if found:
        raise Invalid("my_number_refused", field=field, count=len(found))


# ------------------------------------------------------------------------------------------------------------- secrets

# For lower-case text, since matching without regard to case is slow; a pattern is tried only if its hint is there.
_ASSIGNED = r"""[\\"']{0,3}\s{0,4}[:=：＝]\s{0,4}"""
_BARE = r"""(?:[^\s"'\\&;,]|[&;,](?!\s|[\w.-]{1,30}=|\Z))+"""
_VALUE = rf"""(?:"((?:[^"\\\r\n]|\\.)+)|\\{{1,2}}"([^"\\\r\n]+)|'([^'\r\n]+)|({_BARE}))"""
_WORDS = r"passw(?:or)?d|passphrase|passcode|pwd|pass(?==)|secret|token|credential|(?:api|access|private)[_ -]?key"
_PEM = r"-----begin [a-z ]{0,40}private key-----[\s\S]*?(?:-----end [a-z ]{0,40}private key-----|\Z)"
_SECRETS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(hint), re.compile(pattern))
    for hint, pattern in (
        ("pass|pwd|secret|token|credential|key", rf"(?:{_WORDS}){_ASSIGNED}{_VALUE}"),
        ("パスワード|暗証番号", rf"(?:パスワード|暗証番号){_ASSIGNED}{_VALUE}"),
        ("authorization", rf"authorization{_ASSIGNED}[\"']?(?:[a-z]{{1,20}}\s{{1,4}})?([^\s\"',;]+)"),
        ("bearer", r"\bbearer\s{1,4}([a-z0-9._~+/=-]{8,})"),
        ("csd_", r"(?<![a-z0-9])(csd_[a-z0-9_.-]{4,})"),  # our own API tokens
        ("eyj", r"(?<![a-z0-9_-])(eyj[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.[a-z0-9_-]*)"),  # RFC 7519
        ("://", r"://[^\s/:@\"']{1,100}:([^\s/@\"']{1,200})@"),
        ("private", rf"(private\+key\+\S+|{_PEM})"),  # a signer's key, a key file
    )
)


def _secrets(text: str) -> list[Span]:
    low = text.lower()
    if len(low) != len(text):  # one capital (U+0130) has two small letters
        low = re.sub("[A-Z]+", lambda capitals: capitals[0].lower(), text)
    return [
        match.span(match.lastindex or 0)
        for hint, pattern in _SECRETS
        if hint.search(low)
        for match in pattern.finditer(low)
    ]


def _mask_once(text: str, *, declared: bool) -> str:
    mine, cards = _numbers(text, declared=declared)
    labelled = [*((span, SECRET) for span in _secrets(text)), *((span, CARD) for span in cards)]
    labelled += [(span, MY_NUMBER) for span in mine]
    parts, at = [], 0
    for (start, end), label in sorted(labelled):
        if start >= at:
            parts += [text[at:start], label]
        at = max(at, end)
    return "".join([*parts, text[at:]]) if parts else text


def mask(text: str, *, declared: bool = False) -> str:
    """The text with My Numbers, card numbers and secrets replaced by fixed marks; masking twice changes nothing more.

    For everything that is shown, sent or logged. A sealed original is not touched by this. `declared`: leave numbers
    that a person declared to be none; only for what a person typed, since a sensor's text could say so, too.
    """
    for _ in range(4):  # what stood beside a masked number may only now be seen as one
        masked = _mask_once(text, declared=declared)
        if masked == text:
            break
        text = masked
    return text


def mask_each(params: Mapping[str, Value | str]) -> dict[str, Value | str]:
    """What an error names, with its texts masked: it may repeat what somebody typed into an address or a field."""
    return {name: mask(value) if isinstance(value, str) else value for name, value in params.items()}


# --------------------------------------------------------------------------------------------------------------- lines

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNSAFE = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean_line(text: str) -> str:
    """One line that is safe in a subject, a header or a log.

    Runs of control characters and line separators (all ten at which `str.splitlines` breaks) become a blank; bidi
    controls and lone surrogates become U+FFFD, so that they are seen.
    """
    return _UNSAFE.sub("\ufffd", _BREAKS.sub(" ", text))
