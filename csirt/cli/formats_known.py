"""`csirt formats` and `csirt mappings`: what can be read, and whether a mapping file is written rightly."""

from pathlib import Path
from typing import Annotated

import typer

from csirt.cli.reading import bytes_of
from csirt.cli.speaking import AsJson, Lang, Language, show
from csirt.readers import formats
from csirt.readers.mapping_files import read_mapping

_COLUMNS = {"format": "cli.column.format", "name": "cli.column.name", "by": "cli.column.read_by"}
_CHECKED = {"file": "cli.column.file", "format": "cli.column.format", "name": "cli.column.name"}

mappings = typer.Typer(no_args_is_help=True, help="Mapping files. 対応表")


def known(as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """List the formats that are read. 読み取れる形式の一覧"""
    show(formats.told(), _COLUMNS, language, as_json=as_json)


@mappings.callback()
def _mappings() -> None:
    """Mapping files. 対応表"""


@mappings.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Mapping files (TOML). 対応表のファイル")],
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Check mapping files; the first mistake is named with file, line and key. 対応表の点検"""
    rows = [(file.name, read_mapping(bytes_of(file), file.name)) for file in files]
    told = ({"file": name, "format": one.format, "name": one.name} for name, one in rows)
    show(told, _CHECKED, language, as_json=as_json)
