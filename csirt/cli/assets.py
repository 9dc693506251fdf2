"""`csirt assets`: the asset ledger, imported from the file that the city keeps."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from csirt.bootstrap import Desk
from csirt.cli.opening import LOCAL, open_desk
from csirt.cli.reading import bytes_of
from csirt.cli.speaking import AsJson, Data, Lang, Language, say, show, to_json, words
from csirt.ledgers import LedgerTaken, take_ledger
from csirt.store.queries import assets as questions
from csirt.store.queries.assets import AssetView
from csirt.texts.assets import classes_text

File = Annotated[Path, typer.Argument(help="An Excel file or CSV. 台帳のファイル")]

_COLUMNS = {
    "number": "cli.column.number",
    "name": "cli.column.name",
    "owner": "cli.column.owner",
    "layer_text": "assets.layer",
    "classes_text": "assets.classes",
    "places": "cli.column.host",
    "detections": "assets.detections",
}
_REMARKS = {"line": "cli.column.line", "heading": "cli.column.heading", "code_text": "cli.column.error"}

assets = typer.Typer(no_args_is_help=True, help="The asset ledger. 情報システム資産管理台帳")


@assets.callback()
def _assets() -> None:
    """The asset ledger. 情報システム資産管理台帳"""


@assets.command("list")
def list_(
    search: Annotated[str, typer.Option(help="Part of a number, name, owner, host, address. 検索")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Assets by number. 資産の一覧"""
    with open_desk(data) as desk:
        show(_all(desk, search, language), _COLUMNS, language, as_json=as_json)


def _all(desk: Desk, search: str, language: Language) -> Iterator[dict[str, Any]]:
    offset = 0
    while found := desk.look(questions.assets, search=search, offset=offset):
        yield from (_row(one, language) for one in found)
        offset += len(found)


def _row(one: AssetView, language: Language) -> dict[str, Any]:
    asset, speech = one.asset, words(language)
    return {
        **asdict(asset), "id": one.id, "detections": one.detections,
        "layer_text": speech.gettext(f"layer.{asset.layer}") if asset.layer else "",
        "classes_text": classes_text(speech, asset),
        "places": ", ".join((*asset.hosts, *asset.addresses, *asset.networks)),
    }  # fmt: skip


@assets.command("import")
def import_(file: File, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Make the ledger what the file says; what it leaves out is gone. 台帳を取り込む（ファイルにない資産は外れる）"""
    with open_desk(data) as desk:
        _tell(take_ledger(desk, LOCAL, bytes_of(file)), language, as_json=as_json)


@assets.command()
def check(file: File, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Read the file and change nothing. ファイルを読んでみる（取り込まない）"""
    with open_desk(data) as desk:
        _tell(take_ledger(desk, LOCAL, bytes_of(file), only_try=True), language, as_json=as_json)


def _tell(taken: LedgerTaken, language: Language, *, as_json: bool) -> None:
    if as_json:
        typer.echo(to_json(taken.plain()))
        return
    speech = words(language)
    rows = [asdict(one) | {"code_text": speech.error(one.code)} for one in taken.remarks]
    if rows:
        show(rows, _REMARKS, language, as_json=False)
    if taken.imported:
        say(language, "cli.assets_imported", asdict(taken.imported))
    else:
        say(language, "cli.assets_read", {"assets": taken.assets, "remarks": len(rows)})
