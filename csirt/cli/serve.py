"""`csirt serve`: the web page with its worker and Prefect's server, or the page alone."""

from pathlib import Path
from typing import Annotated

import typer

from csirt.bootstrap import wire
from csirt.cli.children import Children, only_one, prefect_child, signer_child, worker_child
from csirt.cli.opening import settings_of
from csirt.logs import configure
from csirt.web.serve import run_web


def serve(
    data: Annotated[Path | None, typer.Option(help="Data folder. データの場所")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one. ポート")] = None,
    alone: Annotated[bool, typer.Option(help="Only the page, no worker and no Prefect. 画面だけ")] = False,
) -> None:
    """Serve the page until it is told to stop. 画面を表示する"""
    settings = settings_of(data)
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    configure("web")
    desk = wire(settings, "web")
    if alone:
        run_web(desk, settings.host, settings.port)
        return
    with only_one(settings.data):
        children = Children(settings.data)
        if not settings.signer_folder:  # one with a folder of its own elsewhere is started by whom that belongs to
            children.add(signer_child(settings.data))  # ended last: its last checkpoint covers what others wrote
        if not settings.prefect_url:
            children.add(prefect_child(settings.data, settings.prefect_database_url))
        children.add(worker_child(settings.data, settings.port))
        try:
            run_web(desk, settings.host, settings.port, then=children.start)
        finally:
            children.stop()
