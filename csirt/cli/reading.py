"""`csirt read`: what a file says, without a store and without a data folder."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from csirt.cli.speaking import AsJson, Lang, Language, say, show, words
from csirt.errors import Invalid, NotFound, Param, Unavailable
from csirt.model.detection import Detection, SourceRecord, Unreadable
from csirt.model.sorting import attacked_and_attacker
from csirt.readers import formats
from csirt.texts.hosts import host_text

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

MappingFile = Annotated[Path | None, typer.Option("--mapping", help="Mapping file (TOML) of a vendor's JSON. 対応表")]
Format = Annotated[str, typer.Option("--format", help="auto, or a name that `csirt formats` gives. 形式")]


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


def _records(content: bytes, form: str, mapping: Path | None) -> Iterator[SourceRecord]:
    """The records of an input, by a mapping of the city's own where one is given."""
    if mapping is None:
        return formats.read(content, form)
    return formats.reader_of(bytes_of(mapping), mapping.name).read(content)


def read(
    file: Annotated[Path, typer.Argument(help="File, or - for standard input. ファイル")],
    form: Format = formats.AUTO,
    mapping: MappingFile = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Read detections of a file and show them; nothing is stored. 検知を読んで表示する（保存しない）"""
    content = bytes_of(file)
    try:
        records = _records(content, form, mapping)
    except Invalid as error:
        if mapping or form != formats.AUTO:  # a format that we do not have is the caller's error, not the file's
            raise
        raise _nothing(file, Unreadable(error.code if content.strip() else "empty", "file")) from error
    counted: Counter[str] = Counter()
    readable = False
    why: Unreadable | None = None
    rows = []
    for record in records:
        counted += formats.buckets([record])
        readable = readable or not isinstance(record.result, Unreadable)
        why = why or (record.result if isinstance(record.result, Unreadable) else None)
        if (row := formats.as_row(record)) is None:
            continue
        if as_json:
            show([row], {}, language, as_json=True)
        else:
            rows.append(_shown(row, record, language))
    if not as_json:
        show(rows, _COLUMNS, language, as_json=False)
        tell_buckets(counted, language)
    if not readable:
        raise _nothing(file, why or Unreadable("empty", "file"))


def _shown(row: dict[str, str | int], record: SourceRecord, language: str) -> dict[str, str | int]:
    """A row for people: the host that was hit, in words where none is named; a time that names no instant says so."""
    if isinstance(record.result, Detection) and "host" not in row:
        row = {**row, "host": host_text(words(language), attacked_and_attacker(record.result)[0])}
    if "time_utc" in row or "time_raw" not in row:
        return row
    return {**row, "time_utc": words(language).say("cli.read.no_offset", {"time": row["time_raw"]})}


def tell_buckets(counted: Mapping[str, int], language: str) -> None:
    """How many records ended where, each with its reason."""
    others, broken = (
        [(name.partition(":")[2], number) for name, number in sorted(counted.items()) if name.startswith(bucket)]
        for bucket in ("not_a_detection:", "unreadable:")
    )
    told: dict[str, Param] = {
        "detections": counted.get("detection", 0),
        "others": sum(number for _, number in others),
        "unreadable": sum(number for _, number in broken),
        "reasons": ", ".join(f"{why} {number}" for why, number in (*others, *broken)) or "-",
    }
    say(language, "cli.read.buckets", told)


def _nothing(file: Path, why: Unreadable) -> Invalid:
    return Invalid("nothing_readable", file=file.name, code=why.code, reason=why.reason)
