"""`csirt timeline`: what happened in an incident, on the terminal or as a document.

Apart from the other commands about incidents, since the typesetter and the workbook's writer take time to import.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from csirt.bootstrap import Desk
from csirt.cli.cases import Name
from csirt.cli.opening import open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, say, show
from csirt.documents import teller, timeline_document
from csirt.errors import Unavailable
from csirt.reports.labels import shown_at
from csirt.reports.timeline import TimelineDocument, timeline_csv, timeline_pdf
from csirt.reports.timeline_xlsx import timeline_xlsx
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.timeline import timeline as entries_of
from csirt.store.tx import Look


def timeline(
    name: Name,
    pdf: Annotated[Path | None, typer.Option(help="Write a PDF. PDFに書く")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write a workbook. Excelに書く")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write a CSV table. CSVに書く")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Show or write the timeline of an incident. 経過を表示する・文書にする"""
    wanted = {pdf: timeline_pdf, xlsx: timeline_xlsx, csv: timeline_csv}
    with open_desk(data) as desk:
        id_ = desk.look(resolve_incident, name)
        _write_documents(desk, id_, wanted, language, quiet=as_json)
        if as_json or not any((pdf, xlsx, csv)):
            columns = {"seq": "cli.column.seq", "at_text": "cli.column.at", "kind_text": "cli.column.kind",
                       "actor_name": "cli.column.actor", "text": "cli.column.text"}  # fmt: skip
            show(_told(desk, id_, language), columns, language, as_json=as_json)


def _write_documents(
    desk: Desk, incident: str, wanted: Mapping[Path | None, Callable[[TimelineDocument], bytes]], language: str,
    *, quiet: bool,
) -> None:  # fmt: skip
    for path, make in wanted.items():
        if path is None:
            continue
        content = make(timeline_document(desk, incident, language))
        try:
            path.write_bytes(content)
        except OSError as error:
            raise Unavailable("folder_not_writable", permanent=True, file=path.name) from error
        if not quiet:
            say(language, "cli.written", {"file": str(path)})


def _told(desk: Desk, incident: str, language: Language) -> list[dict[str, Any]]:
    def question(look: Look) -> list[dict[str, Any]]:
        entries = entries_of(look, incident)
        told = teller(desk, look, language, entries)
        return [
            {
                "seq": entry.seq, "at": entry.at, "kind": entry.kind, "kind_text": told.kind(entry),
                "step": entry.step, "step_text": told.step_title(entry) or None, "actor": entry.actor,
                "actor_name": told.actor(entry), "auth": entry.auth, "text": told.tell(entry), "out": entry.out,
                "at_text": shown_at(entry.at, language.value),
            }
            for entry in entries
        ]  # fmt: skip

    return desk.look(question)
