"""Fonts for documents, and the filter that keeps a text printable.

Under the archive standards one character without a glyph stops the whole document, so every text is checked against
the character maps of the very fonts that will print it (OpenType 1.9, table `cmap`). What cannot be printed, and what
would print as nothing or turn the reading direction, is written as `[U+1F525]`: visible, and never lost.
"""

import struct
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

import typst

# In order of preference: the font of Japanese Windows, then the widest coverage, then an older stand-in.
PREFERRED: Final = ("BIZ UDPGothic", "Noto Sans CJK JP", "IPAPGothic")

# Typst carries this one inside itself. Its file cannot be read, so only what it is tested to print is counted.
EMBEDDED: Final = "Libertinus Serif"
EMBEDDED_CODES: Final = frozenset((*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x100)))

WEIGHTS: Final = (400, 700)

# Letters, numbers, punctuation, symbols, blanks and marks print. Controls, formats (among them the signs that turn the
# reading direction), surrogates, private use, unassigned and line separators do not.
UNPRINTED: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
MARKS: Final = frozenset(("Mn", "Mc", "Me"))
CODE_SIGN: Final = "[U+"  # how a character begins that is written by its code

# Marks pile up over the lines above and below; no written language needs more on one letter.
LONGEST_CLUSTER: Final = 8

# Variation selectors (Unicode 23.4) choose a form of the character before, as in names; the last two of the first block
# choose between text and emoji.
EMOJI_SELECTORS: Final = frozenset("\ufe0e\ufe0f")
SELECTORS: Final = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))

# Letters and marks by category, but blank by nature: good for hiding one text inside another.
BLANK: Final = frozenset((0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0))


@dataclass(frozen=True)
class FontShelf:
    """The fonts at hand. `families` in the order in which they are tried; `codes` what each of them covers."""

    fonts: typst.Fonts
    families: tuple[str, ...]
    codes: tuple[frozenset[int], ...]

    @property
    def has_japanese(self) -> bool:
        """Can Japanese be printed at all? Asked of one character that every Japanese font has."""
        return self.covers("日")

    def covers(self, cluster: str) -> bool:
        """Does one font have every character of a letter with its marks? They must come from the same font."""
        return len(cluster) <= LONGEST_CLUSTER and any(
            all(ord(char) in codes for char in cluster) for codes in self.codes
        )


def visible(text: str) -> str:
    """The text with every character that does not print written as its code; tabs and line breaks (as LF) are kept.

    For documents whose fonts are not ours to know, such as Excel and CSV.
    """
    before = ""
    shown: list[str] = []
    for char in text.replace("\r\n", "\n").replace("\r", "\n"):
        shown.append(char if char in "\n\t" or _prints(char, before) else code_of(char))
        before = char
    return "".join(shown)


def printable(text: str, shelf: FontShelf) -> str:
    """The text with every character that these fonts cannot print written as its code; tabs become four blanks."""
    kept: list[str] = []
    cluster = ""  # the last letter and the marks on it, so far; empty if the letter did not print
    for char in visible(text).replace("\t", "    "):
        is_mark = unicodedata.category(char) in MARKS
        if char in SELECTORS:
            kept.append(char if cluster else code_of(char))
        elif char == "\n" or ((cluster or not is_mark) and shelf.covers(cluster + char if is_mark else char)):
            cluster = cluster + char if is_mark else char.strip("\n")
            kept.append(char)
        else:
            cluster = cluster if is_mark else ""
            kept.append(code_of(char))
    return "".join(kept)


def code_of(char: str) -> str:
    """A character by its code, as in `[U+1F525]`."""
    return f"{CODE_SIGN}{ord(char):04X}]"


@lru_cache(maxsize=1)
def font_shelf() -> FontShelf:
    """The fonts of this machine, read once (a third of a second). Without a Japanese one: what Typst carries."""
    fonts = typst.Fonts()
    found = [(family, codes) for family in PREFERRED if (codes := _family_codes(fonts.fonts(), family))]
    if not found:
        return embedded_shelf()
    return FontShelf(fonts, tuple(family for family, _ in found), tuple(codes for _, codes in found))


def embedded_shelf() -> FontShelf:
    """Only what Typst carries inside itself: Latin letters."""
    return FontShelf(typst.Fonts(include_system_fonts=False), (EMBEDDED,), (EMBEDDED_CODES,))


def _prints(char: str, before: str) -> bool:
    if char in SELECTORS:
        return _takes(char, before)
    return unicodedata.category(char) not in UNPRINTED and ord(char) not in BLANK


def _takes(selector: str, before: str) -> bool:
    """Is there something to choose? Else a row of selectors would carry a hidden text."""
    if not before:
        return False
    is_ideograph = unicodedata.name(before, "").startswith("CJK")
    return is_ideograph or (selector in EMOJI_SELECTORS and unicodedata.category(before) == "So")


def _family_codes(fonts: Iterable[typst.FontInfo], family: str) -> frozenset[int]:
    """What a family covers in every weight that we print; empty if a weight is missing or cannot be read."""
    faces = {
        font.weight: (Path(font.path), font.index)
        for font in fonts
        if font.family == family and font.path is not None and font.style == "normal" and font.stretch == 1.0
    }
    if not all(weight in faces for weight in WEIGHTS):
        faces = {weight: face for weight, face in faces.items() if weight == WEIGHTS[0]}
    maps = [read_codes(*faces[weight]) for weight in WEIGHTS if weight in faces]
    return frozenset.intersection(*maps) if maps else frozenset()


def read_codes(path: Path, index: int) -> frozenset[int]:
    """The characters that face `index` of a font file has glyphs for; empty if the file is not a font we can read."""
    try:
        with path.open("rb") as file:
            return frozenset(_codes(_cmap_table(file, index)))
    except (OSError, struct.error, IndexError, KeyError, MemoryError):
        return frozenset()


def _cmap_table(file: BinaryIO, index: int) -> bytes:
    """The bytes of the character map; a collection (`ttcf`) first points to its faces."""
    start = 0
    if file.read(4) == b"ttcf":
        file.seek(12 + 4 * index)
        (start,) = struct.unpack(">I", file.read(4))
    file.seek(start + 4)
    (count,) = struct.unpack(">H", file.read(2))
    file.seek(start + 12)
    tables = {tag: (offset, length) for tag, _, offset, length in struct.iter_unpack(">4sIII", file.read(16 * count))}
    offset, length = tables[b"cmap"]
    file.seek(offset)
    return file.read(length)


def _codes(cmap: bytes) -> Iterator[int]:
    """Every character of the Unicode subtables in formats 4 and 12; the others add none or are not Unicode."""
    (count,) = struct.unpack_from(">H", cmap, 2)
    for place in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", cmap, 4 + 8 * place)
        is_unicode = platform == 0 or (platform == 3 and encoding in {1, 10})
        (layout,) = struct.unpack_from(">H", cmap, offset)
        if is_unicode and layout == 12:
            yield from _segmented_coverage(cmap, offset)
        elif is_unicode and layout == 4:
            yield from _segment_mapping(cmap, offset)


def _segmented_coverage(cmap: bytes, offset: int) -> Iterator[int]:
    """Format 12: groups of (first, last, glyph of the first). Glyph 0 is the box for "no such character"."""
    (groups,) = struct.unpack_from(">I", cmap, offset + 12)
    for group in range(groups):
        first, last, glyph = struct.unpack_from(">III", cmap, offset + 16 + 12 * group)
        yield from range(first + (glyph == 0), min(last, 0x10FFFF) + 1)


def _segment_mapping(cmap: bytes, offset: int) -> Iterator[int]:
    """Format 4: parallel arrays of last, first, delta and offset, for the first 65,536 characters."""
    doubled = struct.unpack_from(">H", cmap, offset + 6)[0]
    array = f">{doubled // 2}H"
    lasts = struct.unpack_from(array, cmap, offset + 14)
    firsts = struct.unpack_from(array, cmap, offset + 16 + doubled)
    deltas = struct.unpack_from(array, cmap, offset + 16 + 2 * doubled)
    ranges = offset + 16 + 3 * doubled
    for place, (first, last, delta) in enumerate(zip(firsts, lasts, deltas, strict=True)):
        here = ranges + 2 * place
        shift = struct.unpack_from(">H", cmap, here)[0]
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code if shift == 0 else struct.unpack_from(">H", cmap, here + shift + 2 * (code - first))[0]
            if (glyph + delta) & 0xFFFF if shift == 0 or glyph else 0:
                yield code
