"""`csirt ingest`: files of detections go into the store, then triage sorts them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from csirt import founding
from csirt.bootstrap import Desk
from csirt.cli.opening import LOCAL, open_desk, settings_of
from csirt.cli.reading import Format, bytes_of
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, show_one, tell_error, words
from csirt.cli.tables import Told, progress
from csirt.errors import Invalid
from csirt.model.detection import SourceRecord, Unreadable
from csirt.model.people import SYSTEM
from csirt.readers import formats
from csirt.response import intake, triage
from csirt.store.queries.due import due_now
from csirt.taking import batches

SOURCE = "file"


@dataclass(frozen=True, slots=True)
class _Taken:
    """What became of one file; `why` says why nothing of it could be read."""

    counts: intake.Accepted
    why: Unreadable | None


def ingest(
    files: Annotated[list[Path], typer.Argument(help="Files, or - for standard input. ファイル")],
    form: Format = formats.AUTO,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Take detections in and sort them into incidents. 検知を取り込み、インシデントにまとめる"""
    inputs = [(file.name, bytes_of(file)) for file in files]
    for _, content in inputs:
        if form != formats.AUTO:
            formats.choose(content[: formats.HEAD_BYTES], form)  # a format that we do not have is the caller's error
    settings = settings_of(data)
    if not founding.is_founded(settings.data):
        founding.found(settings.data, founding.SAMPLE_CITY)
    with open_desk(data) as desk:
        taken = _take_all(desk, inputs, form, language)
        opened = sort_new(desk)
    counts = sum((one.counts for one in taken), intake.Accepted())
    show_one({**plain(counts), "incidents_opened": opened}, "cli.ingested", language, as_json=as_json)
    refused = [(name, one.why) for (name, _), one in zip(inputs, taken, strict=True) if one.why]
    for name, why in refused:
        params = {"file": name, "code": why.code, "reason": why.reason}
        tell_error("nothing_readable", params, language, as_json=as_json)
    if len(refused) == len(inputs):
        raise typer.Exit(Invalid.exit_code)


def _take_all(desk: Desk, inputs: Sequence[tuple[str, bytes]], form: str, language: str) -> list[_Taken]:
    total, done = sum(len(content) for _, content in inputs), 0
    taken = []
    with progress(words(language).gettext("cli.progress.ingest")) as tell:
        for _, content in inputs:
            taken.append(_take(desk, content, form, partial(_tell_from, tell, done, total)))
            done += len(content)
    return taken


def _tell_from(tell: Told, begun: int, total: int, size: int) -> None:
    tell(begun + size, total)


def _take(desk: Desk, content: bytes, form: str, tell: Callable[[int], object]) -> _Taken:
    """Keep one file, batch by batch; one that has no known format is kept whole, as one record in quarantine."""
    try:
        reader = formats.choose(content[: formats.HEAD_BYTES], form)
    except Invalid as error:
        name, records = "unknown", iter([SourceRecord(0, content, Unreadable(error.code, "file"))])
    else:
        name, records = reader.format, reader.read(content)
    counts, why, size = intake.Accepted(), None, 0
    for batch in batches(records):
        counts += desk.commit(LOCAL, intake.accept, batch, source=SOURCE, form=name)
        why = why or next((one.result for one in batch if isinstance(one.result, Unreadable)), None)
        size += sum(len(one.raw) for one in batch)
        tell(size)
    if not counts.records:
        why = Unreadable("empty", "file")
    return _Taken(counts, why if counts.quarantined == counts.records else None)


def sort_new(desk: Desk) -> int:
    """Sort until nothing is new; returns how many incidents were opened."""
    opened = 0
    while _is_new(desk):
        opened += len(desk.commit(SYSTEM, triage.triage))
    return opened


def _is_new(desk: Desk) -> bool:
    with desk.read() as session:
        return due_now(session, desk.clock.now()).triage
