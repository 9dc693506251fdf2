"""The leaflet for the day on which the desk is down: one page of HTML without scripts, and the same as PDF on A4.

The caller fills a `Leaflet`; nothing here reads the store, the directory or the clock. The same leaflet gives the same
bytes. Texts are data: nothing in them is ever evaluated.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Final

from csirt.reports.fonts import FontShelf, font_shelf
from csirt.reports.labels import Language, labels, shown_at
from csirt.reports.typesetting import one_line, told, told_rows, typeset

TEMPLATE: Final = Path(__file__).with_name("leaflet.typ")
STYLE: Final = (
    "body{font:16px/1.7 'BIZ UDPGothic',sans-serif;color:#000;background:#fff;max-width:60rem;margin:0 auto;"
    "padding:1rem}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{border:1px solid #555;padding:.3rem .5rem;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere;white-space:pre-line}th{background:#e8e8e8}"
    "caption{text-align:left;font-weight:bold;padding:.3rem 0}.mark{border:2px solid #000;padding:.2rem .6rem;"
    "font-weight:bold}.warn{border:2px solid #000;padding:.5rem;font-weight:bold}h2{border-left:.4rem solid #000;"
    "padding-left:.6rem}a{color:#0017c1}@media print{body{max-width:none;padding:0}tr{break-inside:avoid}"
    "@page{size:A4;margin:15mm}}@media(max-width:40rem){table,tbody,tr,td{display:block}thead{position:absolute;"
    "left:-999rem}td{border-top:0}tr{border-top:2px solid #555;margin-bottom:.6rem}"
    "td[data-label]::before{content:attr(data-label) ' ';font-weight:bold}}"
)


@dataclass(frozen=True, slots=True)
class LeafletTable:
    """A table: what it is of, its heads, its rows. Every row has a cell for each head; `widths` are shares on paper."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LeafletSection:
    """A part of the leaflet; `lead` says what is in it, also where there is no table."""

    title: str
    lead: str
    tables: tuple[LeafletTable, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaflet:
    """All that it says. `warnings` stand on top; `handling` is on every page."""

    title: str
    city: str
    handling: str
    warnings: tuple[str, ...]
    sections: tuple[LeafletSection, ...]
    language: Language
    made_at: datetime


def leaflet_html(leaflet: Leaflet) -> bytes:
    """One file that any browser opens from a USB stick: no script, nothing fetched, nothing sent."""
    title = f"{leaflet.city} {leaflet.title}"
    made = f"{labels(leaflet.language)['made_at']} {shown_at(leaflet.made_at, leaflet.language)}"
    parts = [
        "<!doctype html>",
        f'<html lang="{leaflet.language}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f'<header><p><span class="mark">{escape(leaflet.handling)}</span></p><h1>{escape(title)}</h1>',
        f"<p><strong>{escape(made)}</strong></p>",
        *(f'<p class="warn">{escape(one)}</p>' for one in leaflet.warnings),
        f'</header><nav aria-label="{escape(leaflet.title)}"><ul>',
        *(f'<li><a href="#s{n}">{escape(one.title)}</a></li>' for n, one in enumerate(leaflet.sections)),
        "</ul></nav><main>",
        *(line for n, one in enumerate(leaflet.sections) for line in _section(n, one)),
        "</main></body></html>",
    ]
    return "\n".join(parts).encode("utf-8", "replace") + b"\n"


def _section(number: int, section: LeafletSection) -> Iterator[str]:
    yield f'<section aria-labelledby="s{number}"><h2 id="s{number}">{escape(section.title)}</h2>'
    yield f"<p>{escape(section.lead)}</p>"
    for table in section.tables:
        heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.heads)
        yield f"<table><caption>{escape(table.title)}</caption><thead><tr>{heads}</tr></thead><tbody>"
        for row in table.rows:
            cells = zip(table.heads, row, strict=True)
            yield "<tr>" + "".join(f'<td data-label="{escape(h)}">{escape(cell)}</td>' for h, cell in cells) + "</tr>"
        yield "</tbody></table>"
    yield "</section>"


def leaflet_pdf(leaflet: Leaflet, shelf: FontShelf | None = None) -> bytes:
    """The same on A4 (PDF/A-2a, PDF/UA-1). Raises `Unavailable` `document_not_made`, permanent."""
    shelf = shelf or font_shelf()
    words = labels(leaflet.language if shelf.has_japanese else "en")
    made = leaflet.made_at.astimezone(UTC)
    content = {
        "language": leaflet.language,
        "families": shelf.families,
        "title": one_line(f"{leaflet.city} {leaflet.title}", 60, shelf),
        "marks": [one_line(leaflet.handling, 40, shelf)],
        "footer": one_line(f"{words['made_at']} {shown_at(leaflet.made_at, leaflet.language)}", 60, shelf),
        "made_on": {name: getattr(made, name) for name in ("year", "month", "day", "hour", "minute", "second")},
        "warnings": [told(one, shelf) for one in leaflet.warnings],
        "page": words["page"],
        "sections": [
            {
                "title": one_line(one.title, 80, shelf),
                "lead": told(one.lead, shelf),
                "tables": [
                    {
                        "title": told(table.title, shelf),
                        "heads": [told(head, shelf) for head in table.heads],
                        "rows": told_rows(table.rows, shelf),
                        "widths": table.widths or (1,) * len(table.heads),
                    }
                    for table in one.tables
                ],
            }
            for one in leaflet.sections
        ],
    }
    return typeset(TEMPLATE, json.dumps(content), leaflet.made_at, shelf)
