"""What somebody looked for in the record, as a file: recorded first, then made. For the page, the API and the CLI."""

import base64
from collections.abc import Callable, Mapping
from enum import StrEnum

from csirt.bootstrap import Desk
from csirt.documents import Teller, teller
from csirt.era import number_text
from csirt.errors import Invalid
from csirt.model.authority import Permission, may, must
from csirt.model.people import Actor, Roster
from csirt.record.tree import Frontier
from csirt.reports.extract import (
    ExtractDocument,
    ExtractLine,
    extract_csv,
    extract_jsonl,
    extract_pdf,
    extract_timesketch,
)
from csirt.reports.extract_xlsx import extract_xlsx
from csirt.reports.labels import Language, shown_at
from csirt.response import audit
from csirt.store.queries import cases
from csirt.store.queries.timeline import EntryFilter, TimelineEntry, count_entries, explore, head, leaves_of
from csirt.store.tx import Look


class ExportForm(StrEnum):
    """What an extract can be had as. The value is also the text key."""

    XLSX = "xlsx"
    CSV = "csv"
    JSONL = "jsonl"
    TIMESKETCH = "timesketch"
    PDF = "pdf"


MAKERS: Mapping[ExportForm, tuple[Callable[[ExtractDocument], bytes], str, str]] = {
    ExportForm.XLSX: (extract_xlsx, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ExportForm.CSV: (extract_csv, "csv", "text/csv; charset=utf-8"),
    ExportForm.JSONL: (extract_jsonl, "jsonl", "application/x-ndjson"),
    ExportForm.TIMESKETCH: (extract_timesketch, "timesketch.csv", "text/csv; charset=utf-8"),
    ExportForm.PDF: (extract_pdf, "pdf", "application/pdf"),
}
"""Who makes it, how its file's name ends, and its type."""

MOST: Mapping[ExportForm, int] = {ExportForm.PDF: 2_000}
MOST_LINES = 20_000


def file_name(form: ExportForm) -> str:
    """The name of the file, without anything of what it holds."""
    return f"record.{MAKERS[form][1]}"


def extract(
    desk: Desk, actor: Actor, wanted: EntryFilter, form: ExportForm, language: str, *, ever: Roster | None = None
) -> bytes:
    """The entries that fit, the oldest first, as a file; that it left the house is recorded before.

    Raises:
        Forbidden, StepUpNeeded: this actor may not export, or must prove first who they are.
        Invalid: `extract_too_long`, or a language that we do not have.
    """
    must(actor, Permission.EXPORT_RECORD)
    if language not in {"ja", "en"}:
        raise Invalid("language_unknown")
    desk = desk.seen_by(actor)
    number, size = desk.look(lambda look: (count_entries(look, wanted), head(look)[0]))
    most = MOST.get(form, MOST_LINES)
    if number > most:
        raise Invalid("extract_too_long", number=number, limit=most)
    codes = {"kind": wanted.kind, "person": wanted.actor, "step": wanted.step}
    desk.commit(actor, audit.extract, form.value, number, wanted.incident, codes)
    with_texts = may(actor, Permission.READ_INCIDENTS)
    document = desk.look(_document, desk, wanted, size, language, with_texts, ever)
    return MAKERS[form][0](document)


def _document(
    look: Look, desk: Desk, wanted: EntryFilter, size: int, language: str, with_texts: bool, ever: Roster | None  # noqa: FBT001
) -> ExtractDocument:  # fmt: skip
    entries = explore(look, wanted, before=size, limit=MOST_LINES)[::-1]
    told = teller(desk, look, language, entries, ever)
    leaves = leaves_of(look, [entry.seq for entry in entries])
    numbers = cases.numbers(look, (entry.incident for entry in entries if entry.incident))
    names = {id_: number_text(year, n, language, drill=drill) for id_, (year, n, drill) in numbers.items()}
    now, frontier = head(look)
    return ExtractDocument(
        filters=tuple(_filters(told, wanted, names)),
        lines=tuple(_line(told, entry, names, leaves, with_texts=with_texts) for entry in entries),
        record_size=now,
        record_root=base64.b64encode(Frontier.from_bytes(frontier).root()).decode(),
        language="ja" if language == "ja" else "en",
        made_at=desk.clock.now(),
        sample=desk.door.city.sample,
        handling=told.words.gettext("mark.handling"),
    )


def _filters(told: Teller, wanted: EntryFilter, names: Mapping[str, str]) -> list[tuple[str, str]]:
    words = told.words
    language: Language = "ja" if words.language == "ja" else "en"
    said = (
        ("incident.number", names.get(wanted.incident, wanted.incident)),
        ("audit.kind", words.gettext(f"kind.{wanted.kind}") if wanted.kind else ""),
        ("audit.person", told.name(wanted.actor) if wanted.actor else ""),
        ("entry.step", wanted.step),
        ("audit.since", shown_at(wanted.since, language) if wanted.since else ""),
        ("audit.until", shown_at(wanted.until, language) if wanted.until else ""),
    )
    return [(words.gettext(code), text) for code, text in said if text]


def _line(
    told: Teller, entry: TimelineEntry, names: Mapping[str, str], leaves: Mapping[int, bytes], *, with_texts: bool
) -> ExtractLine:
    return ExtractLine(
        seq=entry.seq,
        at=entry.at,
        kind=entry.kind.value,
        kind_text=told.kind(entry),
        incident=entry.incident or "",
        number=names.get(entry.incident or "", ""),
        step=entry.step or "",
        step_text=told.step_title(entry),
        actor=entry.actor,
        actor_text=told.actor(entry),
        text=told.tell(entry, with_texts=with_texts),
        out=entry.out,
        leaf=base64.b64encode(leaves[entry.seq]).decode(),
    )
