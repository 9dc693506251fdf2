"""The head of the record on one sheet of paper, to be stamped and filed: the line to type, and a code to scan."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import segno
import typst

from csirt.clock import JST
from csirt.errors import Unavailable
from csirt.reports.fonts import FontShelf, font_shelf
from csirt.reports.labels import Language, labels, shown_at

TEMPLATE: Final = Path(__file__).with_name("checkpoint_sheet.typ")


@dataclass(frozen=True, slots=True)
class CheckpointSheet:
    """What the sheet says. `line` is `origin size root`; `key` the verifier key that signed it; `city` its name."""

    language: Language
    city: str
    line: str
    key: str
    signed_at: datetime
    made_at: datetime


def code_of(line: str) -> str:
    """The line as a QR code (ISO/IEC 18004, level Q: a quarter may be stained), as SVG."""
    out = io.BytesIO()
    segno.make_qr(line, error="q").save(out, kind="svg", scale=4, border=4, xmldecl=False, svgns=True)
    return out.getvalue().decode()


def checkpoint_pdf(sheet: CheckpointSheet, shelf: FontShelf | None = None) -> bytes:
    """One page A4, PDF/A-2a and PDF/UA-1. Raises `Unavailable` `document_not_made`."""
    shelf = shelf or font_shelf()
    language: Language = sheet.language if shelf.has_japanese else "en"
    words = labels(language)
    origin, size, root = sheet.line.split(" ")
    local = sheet.made_at.astimezone(JST)
    names = ("checkpoint_title", "checkpoint_how", "checkpoint_stamp", "checkpoint_key", "checkpoint_code", "page")
    content = {
        "language": language,
        "families": shelf.families,
        "labels": {name: words[name] for name in names},
        "city": "".join(one if shelf.covers(one) else "?" for one in sheet.city),
        "rows": [
            [words["checkpoint_origin"], origin],
            [words["checkpoint_size"], size],
            [words["checkpoint_root"], root],
            [words["checkpoint_signed_at"], shown_at(sheet.signed_at, language)],
        ],
        "line": sheet.line,
        "key": sheet.key,
        "code": code_of(sheet.line),
        "made": f"{words['made_at']} {shown_at(sheet.made_at, language)}",
        "made_on": {name: getattr(local, name) for name in ("year", "month", "day", "hour", "minute", "second")},
    }
    compiler = typst.Compiler(TEMPLATE.read_bytes(), root=TEMPLATE.parent, font_paths=shelf.fonts)
    try:
        made = compiler.compile(
            format="pdf",
            sys_inputs={"document": json.dumps(content)},
            pdf_standards=["a-2a", "ua-1"],
            timestamp=sheet.made_at.astimezone(UTC).replace(microsecond=0),
        )
    except typst.TypstError as error:
        raise Unavailable("document_not_made", permanent=True, document="checkpoint") from error
    assert isinstance(made, bytes)
    return made
