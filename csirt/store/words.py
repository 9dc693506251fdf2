"""Texts as words to search for: widths, cases and kana folded; Japanese in pairs of signs, other scripts word by word.

A pair of neighbouring signs is a word of its own (バックアップ: ばっ っく くあ …), so that a phrase of pairs finds what
was typed inside longer words, without a dictionary. Pure.
"""

import re
import unicodedata

LONGEST = 8000  # signs of a text that are made findable
_KATAKANA = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}  # to hiragana
_JAPANESE = "\u3005-\u3007\u303b\u3041-\u309f\u30fc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"(?P<japanese>[{_JAPANESE}]+)|(?P<word>[^\W_{_JAPANESE}]+)")


def folded(text: str) -> str:
    """Full and half width, capitals, katakana and hiragana alike: `ﾃｽﾄＰＣ` and `てすとpc`. Variants of signs go."""
    if text.isascii():  # nothing to fold but capitals
        return text.casefold()
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_KATAKANA)
    return "".join(sign for sign in plain if not 0xFE00 <= ord(sign) <= 0xFE0F and not 0xE0100 <= ord(sign) <= 0xE01EF)


def runs_of(text: str) -> list[list[str]]:
    """The words of each run of signs that stand together; their order and nearness count."""
    found: list[list[str]] = []
    for run in _RUN.finditer(folded(text[:LONGEST])):
        if word := run["word"]:
            found.append([word])
        else:
            signs = run["japanese"]
            found.append([signs[at : at + 2] for at in range(len(signs) - 1)] or [signs])
    return found


def words_of(text: str) -> list[str]:
    """All words of a text, in order."""
    return [word for run in runs_of(text) for word in run]


def phrases_of(query: str) -> list[list[str]]:
    """What is searched for: each part between blanks is a phrase, and all of them must be found."""
    return [words for part in folded(query[:200]).split() if (words := words_of(part))]
