"""An extract of the record as CSV, JSON lines, Timesketch CSV and PDF, and the values that every form is made from.

The caller fills an `ExtractDocument`; nothing here reads the store, the directory or the clock. The same document gives
the same bytes.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from csirt.reports.fonts import FontShelf, font_shelf
from csirt.reports.labels import Language, iso_at, labels, shown_at
from csirt.reports.timeline import TEMPLATE, harmless
from csirt.reports.typesetting import Told, one_line, told, told_rows, typeset

BOM: Final = b"\xef\xbb\xbf"
TABLE: Final = (
    "seq", "at_iso", "at", "kind_key", "kind", "number", "step_key", "step", "actor", "actor_key", "text", "out",
    "handling", "category",
)  # fmt: skip
# What Timesketch needs (message, datetime, timestamp_desc), and what one searches by there.
SKETCH: Final = ("message", "datetime", "timestamp_desc", "seq", "kind", "incident", "step", "actor", "leaf")


@dataclass(frozen=True, slots=True)
class ExtractLine:
    """One entry of the record. `kind`, `step`, `actor`, `incident` are keys; `*_text` and `number` their words.

    `out` are its codes, `leaf` its leaf hash in base64, by which it is found in an export of the whole record.
    """

    seq: int
    at: datetime
    kind: str
    kind_text: str
    incident: str
    number: str
    step: str
    step_text: str
    actor: str
    actor_text: str
    text: str
    out: dict[str, Any]
    leaf: str


@dataclass(frozen=True, slots=True)
class ExtractDocument:
    """Entries that fit some filters, the oldest first. `filters` are (label, text); empty: nothing was left out."""

    filters: tuple[tuple[str, str], ...]
    lines: tuple[ExtractLine, ...]
    record_size: int
    record_root: str
    language: Language
    made_at: datetime
    sample: bool
    handling: str


def extract_csv(document: ExtractDocument) -> bytes:
    """A table for spreadsheets: UTF-8 with its mark, a row an entry, no formulas."""
    words = labels(document.language)
    return BOM + _table([words[head] for head in TABLE], (extract_row(document, line) for line in document.lines))


def extract_row(document: ExtractDocument, line: ExtractLine) -> list[str]:
    """The cells of one entry, as `TABLE` names them."""
    words = labels(document.language)
    return [
        str(line.seq), iso_at(line.at), shown_at(line.at, document.language), line.kind, line.kind_text, line.number,
        line.step, line.step_text, line.actor_text, line.actor, line.text,
        json.dumps(line.out, ensure_ascii=False, sort_keys=True) if line.out else "",
        document.handling, words["sample"] if document.sample else words["real"],
    ]  # fmt: skip


def extract_timesketch(document: ExtractDocument) -> bytes:
    """The CSV that Timesketch imports, in its own column names whatever the language."""
    return BOM + _table(
        SKETCH,
        (
            [
                f"{line.kind_text}: {line.text}" if line.text else line.kind_text,
                line.at.astimezone(UTC).isoformat(timespec="microseconds"),
                "Recorded",
                str(line.seq), line.kind, line.incident, line.step, line.actor, line.leaf,
            ]
            for line in document.lines
        ),
    )  # fmt: skip


def extract_jsonl(document: ExtractDocument) -> bytes:
    """One JSON object a line, for programs; instants in UTC."""
    return b"".join(
        json.dumps(
            {
                "seq": line.seq, "at": line.at.astimezone(UTC).isoformat(timespec="microseconds"), "kind": line.kind,
                "kind_text": line.kind_text, "incident": line.incident or None, "number": line.number or None,
                "step": line.step or None, "step_text": line.step_text or None, "actor": line.actor,
                "actor_name": line.actor_text, "text": line.text, "out": line.out, "leaf": line.leaf,
                "handling": document.handling, "sample": document.sample,
            },
            ensure_ascii=True,
        ).encode()
        + b"\n"
        for line in document.lines
    )  # fmt: skip


def extract_pdf(document: ExtractDocument, shelf: FontShelf | None = None) -> bytes:
    """The entries on A4, as `timeline_pdf` (PDF/A-2a, PDF/UA-1).

    Raises:
        Unavailable: `document_not_made`, permanent: the typesetter refused.
    """
    shelf = shelf or font_shelf()
    return typeset(TEMPLATE, json.dumps(_content(document, shelf)), document.made_at, shelf)


def _content(document: ExtractDocument, shelf: FontShelf) -> dict[str, object]:
    language: Language = document.language if shelf.has_japanese else "en"
    words = labels(language)
    made = document.made_at.astimezone(UTC)
    marks = [*([words["sample"]] if document.sample else []), document.handling]
    record = ((words["record_size"], f"{document.record_size:,}"), (words["record_root"], document.record_root))
    return {
        "language": language,
        "families": shelf.families,
        "title": words["extract"],
        "marks": [one_line(mark, 40, shelf) for mark in marks if mark.strip()],
        "stamp": words["sample"] if document.sample else "",
        "footer": f"{words['made_at']} {one_line(shown_at(document.made_at, language), 60, shelf)}",
        "made_on": {name: getattr(made, name) for name in ("year", "month", "day", "hour", "minute", "second")},
        "warnings": [words["sample_notice"]] if document.sample else [],
        "summary": told_rows(extract_facts(document, language), shelf),
        "clocks": [],
        "line_count": words["line_count"].format(count=f"{len(document.lines):,}"),
        "lines": [_told_line(line, language, shelf) for line in document.lines],
        "measures": None,
        "record": told_rows(record, shelf),
        "labels": words,
        "notes": [words["record_note"], *([] if shelf.has_japanese else [words["fonts_note"]])],
    }


def extract_facts(document: ExtractDocument, language: Language) -> tuple[tuple[str, str], ...]:
    """What was looked for, and how it may be handled."""
    words = labels(language)
    looked_for = document.filters or ((words["extract_filter"], words["extract_everything"]),)
    return (
        *looked_for,
        (words["handling"], document.handling),
        (words["made_at"], shown_at(document.made_at, language)),
    )


def _told_line(line: ExtractLine, language: Language, shelf: FontShelf) -> dict[str, Told]:
    place = " / ".join(one for one in (line.number, line.step_text) if one)
    texts = {
        "seq": str(line.seq),
        "at": shown_at(line.at, language).replace(" ", "\n", 1),  # the day above the time
        "kind": line.kind_text,
        "step": place,
        "actor": line.actor_text,
        "text": line.text,
    }
    return {name: told(text, shelf) for name, text in texts.items()}


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    return out.getvalue().encode("utf-8")
