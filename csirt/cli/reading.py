"""`csirt read`: what a file says, without a store and without a data folder."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from csirt.cli.speaking import AsJson, Lang, Language, show
from csirt.errors import Invalid, NotFound, Unavailable
from csirt.model.detection import Unreadable
from csirt.readers import formats

_COLUMNS = {
    "i": "cli.column.i",
    "level": "cli.column.level",
    "severity_native": "cli.column.severity_native",
    "time_utc": "cli.column.time_utc",
    "host": "cli.column.host",
    "src_ip": "cli.column.src_ip",
    "dst_ip": "cli.column.dst_ip",
    "user": "cli.column.user",
    "title": "cli.column.title",
    "error": "cli.column.error",
    "reason": "cli.column.reason",
}

Format = Annotated[str, typer.Option("--format", help=f"auto, {', '.join(formats.FORMATS)}. 形式")]


def bytes_of(path: Path) -> bytes:
    """The bytes of a file, of standard input for `-`.

    Raises:
        NotFound: there is no such file.
        Unavailable: it cannot be read.
    """
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound("file_missing", file=path.name) from error
    except OSError as error:
        raise Unavailable("file_unreadable", permanent=True, file=path.name) from error


def read(
    file: Annotated[Path, typer.Argument(help="File, or - for standard input. ファイル")],
    form: Format = formats.AUTO,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Read detections of a file and show them; nothing is stored. 検知を読んで表示する（保存しない）"""
    content = bytes_of(file)
    try:
        records = formats.read(content, form)
    except Invalid as error:
        if form != formats.AUTO:  # a format that we do not have is the caller's error, not the file's
            raise
        raise _nothing(file, Unreadable(error.code if content.strip() else "empty", "file")) from error
    readable = False
    why: Unreadable | None = None
    rows = []
    for record in records:
        readable = readable or not isinstance(record.result, Unreadable)
        why = why or (record.result if isinstance(record.result, Unreadable) else None)
        if (row := formats.as_row(record)) is None:
            continue
        if as_json:
            show([row], {}, language, as_json=True)
        else:
            rows.append(row)
    if not as_json:
        show(rows, _COLUMNS, language, as_json=False)
    if not readable:
        raise _nothing(file, why or Unreadable("empty", "file"))


def _nothing(file: Path, why: Unreadable) -> Invalid:
    return Invalid("nothing_readable", file=file.name, code=why.code, reason=why.reason)
