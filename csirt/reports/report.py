"""A report to the authorities on A4: what was frozen, with every difference to the report before marked.

The caller fills a `ReportDocument`; nothing here reads the store, the directory or the clock. The same document gives
the same bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from csirt.errors import Invalid
from csirt.reports.fonts import CODE_SIGN, FontShelf, font_shelf
from csirt.reports.labels import Language, labels, shown_at
from csirt.reports.typesetting import Told, one_line, told, told_rows, typeset

TEMPLATE: Final = Path(__file__).with_name("report.typ")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One field: label, what it says, and what it said in the report before where that differs."""

    label: str
    text: str
    changed: bool = False
    before: str = ""


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """All that a report says. Texts are data: nothing in them is ever evaluated.

    `addressees` are who it goes to; `sender` is the city with its desk. `stamps` (act, post, name, time) are printed on
    the copy that stays in the house only. `edition` names the form's, `sha256` is the hash of the frozen facts. Raises
    `Invalid` if `made_at` is not aware.
    """

    title: str
    number_text: str
    addressees: tuple[str, ...]
    sender: str
    sections: tuple[tuple[str, tuple[ReportRow, ...]], ...]
    edition: str
    sha256: str
    language: Language
    made_at: datetime
    handling: str
    further: bool = False
    draft: bool = False
    drill: bool = False
    sample: bool = False
    stamps: tuple[tuple[str, str, str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.made_at.utcoffset() is None:
            raise Invalid("time_without_zone", field="made_at")

    @property
    def marks(self) -> tuple[tuple[str, bool], ...]:
        """Which words must stand on every page of what is not a report on a real incident that was approved."""
        return ("drill", self.drill), ("sample", self.sample), ("draft", self.draft)


def report_pdf(document: ReportDocument, shelf: FontShelf | None = None) -> bytes:
    """The report on A4 upright, for the archive (PDF/A-2a) and for screen readers (PDF/UA-1).

    `shelf`: the fonts to print with; by default the machine's. Without a Japanese font the labels are English and
    Japanese characters are shown by their codes.

    Raises:
        Unavailable: `document_not_made`, permanent: the typesetter refused.
    """
    shelf = shelf or font_shelf()
    return typeset(TEMPLATE, json.dumps(_content(document, shelf)), document.made_at, shelf)


def stamps_of(document: ReportDocument, words: Mapping[str, str]) -> list[str]:
    """The words of the marks that apply."""
    return [words[name] for name, is_so in document.marks if is_so]


def notes_of(document: ReportDocument, words: Mapping[str, str]) -> list[str]:
    """What a reader has to know: what is not known yet follows; how the changes are marked."""
    return [words["report_note"], *([words["changed_note"]] if document.further else [])]


def _content(document: ReportDocument, shelf: FontShelf) -> dict[str, object]:
    language: Language = document.language if shelf.has_japanese else "en"
    words = labels(language)
    made = document.made_at.astimezone(UTC)
    marks = [one_line(mark, 20, shelf) for mark in (*stamps_of(document, words), document.handling) if mark.strip()]
    content: dict[str, object] = {
        "language": language,
        "families": shelf.families,
        "title": one_line(document.title, 120, shelf),
        "head": one_line(f"{document.title} {document.number_text}", 90, shelf),
        "marks": marks,
        "stamp": words["join"].join(stamps_of(document, words)),
        "made": one_line(shown_at(document.made_at, language), 60, shelf),
        "made_on": {name: getattr(made, name) for name in ("year", "month", "day", "hour", "minute", "second")},
        "warnings": [words[f"{name}_notice"] for name in ("drill", "sample") if getattr(document, name)],
        "addressees": [told(one, shelf) for one in document.addressees],
        "sender": told(document.sender, shelf),
        "sections": [
            {"title": told(title, shelf), "rows": [_row(row, shelf) for row in rows]}
            for title, rows in document.sections
        ],
        "stamps": told_rows(document.stamps, shelf),
        "foot": one_line(words["report_foot"].format(edition=document.edition, sha256=document.sha256), 200, shelf),
    }
    why = "code_note" if shelf.has_japanese else "fonts_note"
    joined = json.dumps(content).replace('", "', "")  # a code may lie in two pieces
    notes = [*notes_of(document, words), *([words[why]] if CODE_SIGN in joined else [])]
    return {**content, "labels": words, "notes": notes}


def _row(row: ReportRow, shelf: FontShelf) -> dict[str, Told | bool]:
    return {
        "label": told(row.label, shelf), "text": told(row.text, shelf), "changed": row.changed,
        "before": told(row.before, shelf),
    }  # fmt: skip
