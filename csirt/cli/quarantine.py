"""`csirt quarantine`: records that could not be read, and reading them again."""

from pathlib import Path
from typing import Annotated, Any

import typer

from csirt.cli.opening import LOCAL, open_desk
from csirt.cli.reading import Format, MappingFile, bytes_of
from csirt.cli.speaking import AsJson, Data, Lang, Language, show, show_one, words
from csirt.readers import formats
from csirt.store.queries import cases
from csirt.store.tx import Look
from csirt.taking import read_again

_COLUMNS = {
    "id": "cli.column.id",
    "received_at": "cli.column.at",
    "source": "cli.column.source",
    "format": "cli.column.format",
    "code_text": "cli.column.error",
    "reason": "cli.column.reason",
}

quarantine = typer.Typer(no_args_is_help=True, help="Records that could not be read. 隔離した記録")


@quarantine.callback()
def _quarantine() -> None:
    """Records that could not be read. 隔離した記録"""


@quarantine.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many. 件数")] = 100,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """What lies in quarantine, newest first. 隔離した記録の一覧"""

    def look_up(look: Look) -> list[dict[str, Any]]:
        speech = words(language)
        return [row | {"code_text": speech.error(row["code"])} for row in cases.quarantine(look, limit)]

    with open_desk(data) as desk:
        show(desk.look(look_up), _COLUMNS, language, as_json=as_json)


@quarantine.command()
def retry(
    *,
    ids: Annotated[list[int] | None, typer.Argument(help="Which; all if none is named. 番号")] = None,
    form: Format = formats.AUTO,
    mapping: MappingFile = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Read it again, as is agreed with its source by now. 隔離した記録を読み直す"""
    given = formats.reader_of(bytes_of(mapping), Path(mapping).name) if mapping else None
    with open_desk(data) as desk:
        found = read_again(desk, LOCAL, ids or (), form, given)
    show_one({"read": found.read, "still": found.still}, "cli.reread", language, as_json=as_json)
