"""Sets documents for paper and archive with Typst, and cuts long words so that no column is ever too narrow for them.

Texts are data of the template; nothing in them is ever evaluated. The same content gives the same bytes.
"""

import re
import string
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typst

from csirt.errors import Unavailable
from csirt.reports.fonts import MARKS, FontShelf, printable

Told = list[list[str]]
"""A text for a template: lines, each a list of pieces between which it may break."""

# Runs in which no line may break by itself: anything but blanks, ideographs, hangul, and kana that are not small. The
# narrowest column takes eight full-width characters; wider runs are cut, so that they can break.
BREAKING: Final = r" \u3000\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
SMALL_KANA: Final = "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ"
UNBROKEN: Final = re.compile(f"(?:[^{BREAKING}]|[{SMALL_KANA}]){{9,}}")
NARROWEST: Final = 8.0
NARROW: Final = frozenset(string.ascii_lowercase + string.digits + string.punctuation)
CUT_BEFORE: Final = frozenset(string.ascii_letters + string.digits)
PIECE: Final = 4
LONGEST_PIECE: Final = 8
ZERO_WIDTH_BLANK: Final = "\u200b"


def typeset(template: Path, content: str, made_at: datetime, shelf: FontShelf) -> bytes:
    """A template filled with `content` (JSON) as PDF/A-2a (ISO 19005-2) and PDF/UA-1 (ISO 14289-1).

    Raises:
        Unavailable: `document_not_made`, permanent: the typesetter refused.
    """
    compiler = typst.Compiler(template.read_bytes(), root=template.parent, font_paths=shelf.fonts)
    try:
        made = compiler.compile(
            format="pdf",
            sys_inputs={"document": content},
            pdf_standards=["a-2a", "ua-1"],
            timestamp=made_at.astimezone(UTC).replace(microsecond=0),
        )
    except typst.TypstError as error:
        raise Unavailable("document_not_made", permanent=True, document=template.stem) from error
    if not isinstance(made, bytes):
        raise Unavailable("document_not_made", permanent=True, document=template.stem)
    return made


def told_rows(rows: Iterable[Iterable[str]], shelf: FontShelf) -> list[list[Told]]:
    """Rows of texts as `told`."""
    return [[told(text, shelf) for text in row] for row in rows]


def told(text: str, shelf: FontShelf) -> Told:
    """A text as the template wants it: lines, each a list of pieces between which it may break; empty for none."""
    return [list(_pieces(line)) for line in printable(text, shelf).split("\n")] if text else []


def one_line(text: str, most: int, shelf: FontShelf) -> str:
    """A text for header, footer and title: one line, and not longer than fits."""
    line = " ".join(text.split())
    return printable(line if len(line) <= most else f"{line[: most - 1]}…", shelf)


def _pieces(line: str) -> Iterator[str]:
    """A line in parts, so that it can break inside long hashes and addresses.

    A mark stays with its letter. No line breaks before most signs (Unicode Standard Annex 14, LB13), so a part begins
    with a letter or number if it can; else a blank of no width comes before it, which breaks always.
    """
    done = 0
    for run in UNBROKEN.finditer(line):
        cut = _next_cut(line, run.start(), run.end()) if _width(run[0]) > NARROWEST else run.end()
        while cut < run.end():
            yield line[done:cut]
            if line[cut] not in CUT_BEFORE:
                yield ZERO_WIDTH_BLANK
            done, cut = cut, _next_cut(line, cut, run.end())
    yield line[done:]


def _width(run: str) -> float:
    """About how wide it prints, in full-width characters."""
    return sum((0.55 if char in NARROW else 0.8) if char.isascii() else 1.0 for char in run)


def _next_cut(line: str, start: int, end: int) -> int:
    """Where the part that begins at `start` should end: before a letter or number, but in time."""
    cut = start + PIECE
    while cut < end and line[cut] not in CUT_BEFORE:
        if cut - start >= LONGEST_PIECE and unicodedata.category(line[cut]) not in MARKS:
            break
        cut += 1
    return cut
