"""`csirt bundle`: contacts, playbooks and open deadlines as one folder that needs no desk."""

from pathlib import Path
from typing import Annotated

import typer

from csirt.cli.opening import open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, show_one
from csirt.leaflets import PAGE, PDF, write_leaflet


def bundle(
    folder: Annotated[
        Path, typer.Argument(help="A folder of its own; replaced whole. 専用のフォルダ（丸ごと置き換える）")
    ],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Write contacts, playbooks and open deadlines for paper or USB. 停止時の控え（連絡先・手順書・期限）を書き出す"""
    with open_desk(data) as desk:
        made_at = write_leaflet(desk, folder.absolute(), language.value)
    made = {"folder": str(folder), "page": str(folder / PAGE), "pdf": str(folder / PDF), "made_at": made_at}
    show_one(made, "cli.bundled", language, as_json=as_json)
