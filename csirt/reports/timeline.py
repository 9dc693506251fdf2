"""The timeline of an incident as PDF and CSV, and the values that every form of it is made from.

The caller fills a `TimelineDocument`; nothing here reads the store, the directory or the clock. The same document
gives the same bytes.
"""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from csirt.errors import Invalid
from csirt.reports.fonts import CODE_SIGN, FontShelf, font_shelf, visible
from csirt.reports.labels import Language, iso_at, labels, shown_at
from csirt.reports.typesetting import Told, one_line, told, told_rows, typeset

TEMPLATE: Final = Path(__file__).with_name("timeline.typ")

# A cell that begins so is a formula to a spreadsheet; Japanese versions take the full-width signs as well (OWASP, CSV
# Injection). Blanks before the sign do not make it safe everywhere.
FORMULA: Final = re.compile(r"[\s\u3000]*[=+\-@＝＋－＠]|[\t\r\n]")


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One entry of the record as people read it. `kind` and `step` are keys, `*_text` their words.

    `actor` is a display name with its post. Raises `Invalid` if `at` is not aware.
    """

    seq: int
    at: datetime
    kind: str
    kind_text: str
    step: str | None
    step_text: str | None
    actor: str
    text: str

    def __post_init__(self) -> None:
        _check_aware("at", self.at)


@dataclass(frozen=True, slots=True)
class TimelineDocument:
    """All that a timeline says. Texts are data: nothing in them is ever evaluated.

    `clocks` are (label, text); `measures` are (text, owner, due). `record_size` and `record_root` are the checkpoint
    that the document was made at. `handling` is the mark, such as 取扱注意; empty for none. `sample` and `drill` are
    marked on every page and every row. Raises `Invalid` if `made_at` is not aware.
    """

    number_text: str
    title: str
    type_text: str
    level_text: str
    status_text: str
    clocks: tuple[tuple[str, str], ...]
    lines: tuple[TimelineLine, ...]
    measures: tuple[tuple[str, str, str], ...]
    record_size: int
    record_root: str
    language: Language
    made_at: datetime
    sample: bool
    drill: bool
    handling: str

    def __post_init__(self) -> None:
        _check_aware("made_at", self.made_at)


def timeline_pdf(document: TimelineDocument, shelf: FontShelf | None = None) -> bytes:
    """The timeline on A4, for the archive (PDF/A-2a, ISO 19005-2) and for screen readers (PDF/UA-1, ISO 14289-1).

    `shelf`: the fonts to print with; by default the machine's. Without a Japanese font the labels are
    English and Japanese characters are shown by their codes.

    Raises:
        Unavailable: `document_not_made`, permanent: the typesetter refused.
    """
    shelf = shelf or font_shelf()
    content = json.dumps(_content(document, shelf))
    return typeset(TEMPLATE, content, document.made_at, shelf)


def timeline_csv(document: TimelineDocument) -> bytes:
    """The lines of the timeline as a table for spreadsheets: UTF-8 with its mark, a row a line, no formulas.

    Every row carries number, handling mark and category, so that a copied row is never taken for what it is not. A
    text that a spreadsheet would run is preceded by an apostrophe.
    """
    words = labels(document.language)
    heads = ("number", "handling", "category", "seq", "at_iso", "at")
    keys = ("kind_key", "kind", "step_key", "step", "actor", "text")
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow([words[head] for head in (*heads, *keys)])
    common = (document.number_text, document.handling, category(document, words))
    for line in document.lines:
        at = (str(line.seq), iso_at(line.at), shown_at(line.at, document.language))
        said = (line.kind, line.kind_text, line.step or "", line.step_text or "", line.actor, line.text)
        writer.writerow([harmless(cell) for cell in (*common, *at, *said)])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def harmless(text: str) -> str:
    """A text as a CSV cell: unprintable characters by their codes, an apostrophe before what could be a formula."""
    shown = visible(text)
    return f"'{shown}" if FORMULA.match(shown) else shown


def category(document: TimelineDocument, words: Mapping[str, str]) -> str:
    """Drill, sample, both, or a real incident, in words."""
    return words["join"].join(stamps(document, words)) or words["real"]


def stamps(document: TimelineDocument, words: Mapping[str, str]) -> list[str]:
    """The words that must stand on every page of what is not a real incident."""
    return [words[name] for name, is_so in (("drill", document.drill), ("sample", document.sample)) if is_so]


def facts(document: TimelineDocument, words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The summary of an incident: labels and texts."""
    named = (
        ("number", document.number_text),
        ("title", document.title),
        ("type", document.type_text),
        ("level", document.level_text),
        ("status", document.status_text),
        ("handling", document.handling),
        ("category", category(document, words)),
        ("made_at", shown_at(document.made_at, document.language)),
    )
    return tuple((words[name], text) for name, text in named)


def record_facts(document: TimelineDocument, words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What a reader needs to check the document against the record."""
    return ((words["record_size"], f"{document.record_size:,}"), (words["record_root"], document.record_root))


def _check_aware(field: str, at: datetime) -> None:
    if at.utcoffset() is None:
        raise Invalid("time_without_zone", field=field)


def _content(document: TimelineDocument, shelf: FontShelf) -> dict[str, object]:
    """The data of the template: every text filtered; the labels of a language that the fonts can print."""
    language: Language = document.language if shelf.has_japanese else "en"
    words = labels(language)
    head = f"{words['document']} {one_line(document.number_text, 60, shelf)}"
    made = document.made_at.astimezone(UTC)
    made_text = one_line(shown_at(document.made_at, language), 60, shelf)
    marks = [one_line(mark, 20, shelf) for mark in (*stamps(document, words), document.handling) if mark.strip()]
    content: dict[str, object] = {
        "language": language,
        "families": shelf.families,
        "title": head,
        "marks": marks,
        "stamp": words["join"].join(stamps(document, words)),
        "footer": f"{words['made_at']} {made_text}",
        "made_on": {name: getattr(made, name) for name in ("year", "month", "day", "hour", "minute", "second")},
        "warnings": [words[f"{name}_notice"] for name in ("drill", "sample") if getattr(document, name)],
        "summary": told_rows(facts(document, words), shelf),
        "clocks": told_rows(document.clocks, shelf),
        "line_count": words["line_count"].format(count=f"{len(document.lines):,}"),
        "lines": [_told_line(line, language, shelf) for line in document.lines],
        "measures": told_rows(document.measures, shelf),
        "record": told_rows(record_facts(document, words), shelf),
    }
    why = "code_note" if shelf.has_japanese else "fonts_note"
    joined = json.dumps(content).replace('", "', "")  # a code may lie in two pieces
    notes = ["record_note", *([why] if CODE_SIGN in joined else [])]
    return {**content, "labels": words, "notes": [words[note] for note in notes]}


def _told_line(line: TimelineLine, language: Language, shelf: FontShelf) -> dict[str, Told]:
    """A line of the timeline for the template."""
    texts = {
        "seq": str(line.seq),
        "at": shown_at(line.at, language).replace(" ", "\n", 1),  # the day above the time
        "kind": line.kind_text,
        "step": line.step_text or "",
        "actor": line.actor,
        "text": line.text,
    }
    return {name: told(text, shelf) for name, text in texts.items()}
