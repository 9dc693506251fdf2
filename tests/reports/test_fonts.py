"""What cannot be printed is written by its code; all that is left can be printed."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csirt.reports.fonts import EMBEDDED_CODES, PREFERRED, embedded_shelf, font_shelf, printable, read_codes, visible
from csirt.reports.timeline import timeline_pdf
from tests.reports.documents import document

needs_japanese_font = pytest.mark.skipif(not font_shelf().has_japanese, reason="no Japanese font on this machine")
LETTERS = st.characters(categories=("Lo", "Ll", "So", "Nd", "Mn", "Mc", "Me"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a[U+0000]b"),
        ("a\u202eb", "a[U+202E]b"),
        ("a\ud800b", "a[U+D800]b"),
        ("a\u200bb\ufeff", "a[U+200B]b[U+FEFF]"),
        ("\ue000\uffff", "[U+E000][U+FFFF]"),
        ("\u3164", "[U+3164]"),
        ("a\r\nb\rc\td", "a\nb\nc\td"),
        ("🔥", "🔥"),
        ("葛\U000e0100", "葛\U000e0100"),
        ("葛\U000e0100\U000e0101", "葛\U000e0100[U+E0101]"),
        ("a\U000e0100", "a[U+E0100]"),
        ("\U000e0100", "[U+E0100]"),
        ("☎\ufe0f", "☎\ufe0f"),
    ],
)
def test_what_hides_becomes_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@needs_japanese_font
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("🔥火", "[U+1F525]火"),
        ("🔥\ufe0f", "[U+1F525][U+FE0F]"),
        ("髙﨑𠮷①㈱", "髙﨑𠮷①㈱"),
        ("か\u3099", "か\u3099"),
        ("\u3099", "[U+3099]"),
        ("\n\u3099", "\n[U+3099]"),
        ("🔥\u3099", "[U+1F525][U+3099]"),
        ("葛\U000e0100", "葛\U000e0100"),
        ("a\tb", "a    b"),
    ],
)
def test_what_no_font_has_becomes_a_code(text: str, shown: str) -> None:
    assert printable(text, font_shelf()) == shown


@needs_japanese_font
def test_marks_do_not_pile_up() -> None:
    assert printable("か" + "\u3099" * 20, font_shelf()) == "か" + "\u3099" * 7 + "[U+3099]" * 13


@given(st.text())
def test_what_is_visible_is_visible_already(text: str) -> None:
    shown = visible(text)
    assert all(char in "\n\t" or unicodedata.category(char)[0] != "C" for char in shown)
    assert shown.encode("utf-8").decode("utf-8") == shown


@needs_japanese_font
def test_every_character_of_every_font_is_printed() -> None:
    """The character maps, read by us, promise no more than the typesetter finds: a single gap would stop it."""
    shelf = font_shelf()
    covered = "".join(map(chr, sorted(frozenset.union(*shelf.codes))))
    assert len(covered) > 7_000
    text = printable(covered.replace("\n", ""), shelf)
    assert timeline_pdf(document(lines=0, title=text)).startswith(b"%PDF")


@needs_japanese_font
@settings(max_examples=40)
@given(st.lists(LETTERS, max_size=200).map("".join))
def test_letters_with_marks_are_printed(text: str) -> None:
    assert timeline_pdf(document(lines=0, title=text)).startswith(b"%PDF")


def test_every_character_counted_as_embedded_is_printed() -> None:
    text = "".join(map(chr, sorted(EMBEDDED_CODES)))
    assert printable(text, embedded_shelf()) == text
    assert timeline_pdf(document(lines=0, title=text), embedded_shelf()).startswith(b"%PDF")


@needs_japanese_font
def test_the_preferred_font_comes_first() -> None:
    families = font_shelf().families
    assert families == tuple(family for family in PREFERRED if family in families)


@pytest.mark.parametrize("content", [b"", b"ttcf", b"\x00\x01\x00\x00\x00\x01", b"not a font at all, but long enough"])
def test_a_broken_font_covers_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "font.ttf").write_bytes(content)
    assert read_codes(tmp_path / "font.ttf", 0) == frozenset()
    assert read_codes(tmp_path / "absent.ttf", 0) == frozenset()
