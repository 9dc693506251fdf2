"""`csirt witness`: cosigns the checkpoints of a log, on another host, with a folder of its own."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from csirt.cli.speaking import AsJson, Lang, Language, show, show_one
from csirt.clock import SystemClock
from csirt.errors import Unavailable
from csirt.logs import configure, log
from csirt.record.checkpoint import verifier_line
from csirt.witness import STALE, Witness, WitnessServer, found_witness

witness = typer.Typer(no_args_is_help=True, help="Cosign checkpoints on another host. 別の端末で先端に連署する")
Folder = Annotated[Path, typer.Argument(help="The witness's own folder. 立会人のフォルダー")]
_COLUMNS = {"origin": "cli.column.log", "size": "cli.column.size", "at": "cli.column.at"}


@witness.command()
def add(
    folder: Folder,
    key: Annotated[str, typer.Argument(help="The log's key, from a source that you trust. 記録の鍵")],
    name: Annotated[str, typer.Option(help="The witness's own name. 立会人の名")] = "witness.example/w1",
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Make a witness, or let it watch one more log. 立会人を作る、見守る記録を加える"""
    show_one({"key": verifier_line(found_witness(folder, name, key))}, "cli.witness", language, as_json=as_json)


@witness.command()
def run(
    folder: Folder,
    host: Annotated[str, typer.Option(help="Address to listen on. 待ち受ける番地")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its port. ポート")] = 8766,
) -> None:
    """Cosign until told to stop. 止められるまで連署する"""
    configure("witness")
    one = Witness(folder, SystemClock())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with WitnessServer(one, host, port) as server:
        threading.Thread(target=server.serve_forever, name="witness", daemon=True).start()
        log().info("witness.listening", host=host, port=server.server_address[1])
        stop.wait(STALE.total_seconds())  # a log may need a while to be heard for the first time
        while not stop.is_set():
            for origin in one.stale():
                log().error("witness.stale", origin=origin)
            stop.wait(60)
        server.shutdown()


@witness.command()
def status(folder: Folder, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Tell what was cosigned last; ends with 6 if a log is silent. 最後に連署したものを示す"""
    one = Witness(folder, SystemClock())
    rows = [{"origin": row.origin, "size": row.size, "root": row.root, "at": row.at} for row in one.watched()]
    show(rows, _COLUMNS, language, as_json=as_json)
    if late := one.stale():
        raise Unavailable("witness_stale", logs=",".join(late))
