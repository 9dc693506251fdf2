"""Commands of whoever runs the installation: a city's folder, sensors' tokens, the worker."""

import os
from pathlib import Path
from typing import Annotated

import typer

from csirt import founding
from csirt.cli.children import prefect_client_environment
from csirt.cli.importing import nothing_to_collect
from csirt.cli.opening import LOCAL, open_desk, refresh_people, settings_of
from csirt.cli.speaking import AsJson, Data, Lang, Language, show_one
from csirt.errors import Unavailable
from csirt.logs import configure
from csirt.response import access


def init(
    city: Annotated[Path, typer.Option(help="City file. 市の設定ファイル")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Make the data folder of a city. 市のデータの場所を作る"""
    founding.found(settings_of(data).data, city)
    with open_desk(data) as desk:
        refresh_people(desk)
        made = {"folder": str(desk.settings.data), "code": desk.door.city.code, "name": desk.door.city.name_ja,
                "sample": desk.door.city.sample}  # fmt: skip
    show_one(made, "cli.founded", language, as_json=as_json)


def token(
    name: Annotated[str, typer.Argument(help="The sensor's name. 検知元の名前")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Issue a token to a sensor; it is shown this once. 検知元のトークンを発行する（表示は一度だけ）"""
    with open_desk(data) as desk:
        issued = desk.commit(LOCAL, access.issue_token, name)
    show_one({"name": name, "token": issued}, "cli.token", language, as_json=as_json)


def worker(
    pool: Annotated[str, typer.Option(help="Take runs from this work pool of Prefect. ワークプール")] = "",
    data: Data = None,
) -> None:
    """Do due work until told to stop. 期限の来た仕事を続ける"""
    configure("worker")
    with open_desk(data, "worker") as desk:
        if pool and not desk.prefect_url():
            raise Unavailable("prefect_unavailable", permanent=True)
        if url := desk.prefect_url():
            os.environ.update(prefect_client_environment(desk.settings.data, url))
        with nothing_to_collect():
            from csirt.worker import work  # lazy: Prefect takes 2 s, and reads its environment on import

        work(desk, pool)
