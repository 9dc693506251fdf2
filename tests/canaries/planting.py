"""Canaries: made-up My Numbers in twelve spellings, tokens, passwords and names, and how they are looked for."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import unquote

from csirt.guard import is_my_number

_KANJI = str.maketrans("0123456789", "〇一二三四五六七八九")
_FULL = {ord("0") + n: 0xFF10 + n for n in range(10)}
_TO_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")


def _fours(digits: str, gap: str) -> str:
    return gap.join((digits[:4], digits[4:8], digits[8:]))


SPELLINGS = (
    lambda d: d,
    lambda d: _fours(d, "-"),
    lambda d: _fours(d, " "),
    lambda d: d.translate(_FULL),
    lambda d: _fours(d.translate(_FULL), "\u3000"),
    lambda d: _fours(d, "ー"),
    lambda d: _fours(d, "－"),
    lambda d: "\u200b".join((d[:5], d[5:])),
    " ".join,
    lambda d: "-".join((d[:3], d[3:6], d[6:9], d[9:])),
    lambda d: d.translate(_KANJI),
    lambda d: f"マイナンバー: {d[:11]}{(int(d[11]) + 1) % 10}",  # mistyped, but beside the word
)
"""Twelve ways in which people write one."""

KINDS = ("number", "token", "password", "name")


@dataclass(frozen=True, slots=True)
class Canary:
    """What is planted, and what must be found nowhere afterwards: digits whatever their spelling, or the very words."""

    kind: str
    text: str
    needle: str


def _number(chance: Random) -> str:
    eleven = f"{chance.randrange(10**10, 10**11)}"
    return next(eleven + digit for digit in "0123456789" if is_my_number(eleven + digit))


def canaries(seed: int, number: int) -> Iterator[Canary]:
    """So many of them, kind by kind, each planted once."""
    chance = Random(seed)
    for place in range(number):
        kind = KINDS[place % len(KINDS)]
        mark = f"{chance.randrange(36**9):09x}"
        if kind == "number":
            text = SPELLINGS[place // len(KINDS) % len(SPELLINGS)](_number(chance))
            yield Canary(kind, f"本人の番号 {text} を確認", digits_of(text))
        elif kind == "token":
            yield Canary(kind, f"token=csd_{mark}x.{mark}", f"{mark}x.{mark}")
        elif kind == "password":
            said = ("password: ", "パスワード：", "Authorization: Bearer ", "https://user:")[place // len(KINDS) % 4]
            yield Canary(kind, f"{said}Kz9{mark}{'@host/' if 'user' in said else ''}", f"Kz9{mark}")
        else:
            yield Canary(kind, f"撫養カナリ{mark}", f"カナリ{mark}")


def digits_of(text: str) -> str:
    """The digits of a text in one row, whatever they were written as and whatever stands between them."""
    folded = unicodedata.normalize("NFKC", text.translate(_TO_DIGITS))
    return re.sub(r"\D", "", folded)


def found_in(text: str, planted: Iterable[Canary]) -> list[Canary]:
    """Those that stand in a text, also as JSON or an address spells it."""
    text = unescaped(text)
    rows = " ".join(_rows(text))
    return [one for one in planted if (one.needle in rows if one.kind == "number" else one.needle in text)]


_ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})")
_IN_ADDRESS = re.compile(r"(?:%[0-9a-fA-F]{2})+")


def unescaped(text: str) -> str:
    r"""A text with `\uXXXX` and `%XX` undone, so that what JSON or an address hides is found."""
    if "\\u" in text:
        text = _ESCAPED.sub(lambda sign: chr(int(sign[1], 16)), text)
    return _IN_ADDRESS.sub(lambda sign: unquote(sign[0], errors="replace"), text) if "%" in text else text


_ROW = re.compile(r"\d(?:[\s\u200b\u3000ー－‐‑–—ｰ−・．.,_/-]{0,3}\d){11,}")


def _rows(text: str) -> Iterator[str]:
    """Every row of twelve digits or more, without what stands between them."""
    for row in _ROW.finditer(unicodedata.normalize("NFKC", text.translate(_TO_DIGITS))):
        yield digits_of(row[0])
