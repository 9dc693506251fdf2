"""Commands that keep the desk itself safe: a backup, a restore and its rehearsal, the move to another database."""

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from csirt import backups
from csirt.cli.children import only_one
from csirt.cli.opening import LOCAL, open_desk, settings_of
from csirt.cli.speaking import AsJson, Data, Lang, Language, say, show_one, words
from csirt.cli.tables import progress
from csirt.errors import Invalid

Keys = Annotated[
    Path | None, typer.Option(help="Folder of the keys, in another place than backups. 鍵の置き場所（別の場所）")
]


def backup(
    folder: Annotated[Path, typer.Argument(help="Folder of backups; each gets a dated folder. 退避先のフォルダ")],
    keys: Keys = None,
    without_keys: Annotated[bool, typer.Option(help="Do not copy the keys. 鍵は写さない")] = False,
    keep: Annotated[int, typer.Option(min=0, help="Leave only so many; 0: all. 残す世代数")] = 0,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Take a backup while the desk works. 運用を止めずにバックアップを取る"""
    if keys is None and not without_keys:
        raise Invalid("backup_keys_unsaid")
    with open_desk(data) as desk, progress(words(language).gettext("cli.progress.backup")) as tell:
        made = backups.take(desk, LOCAL, folder, keys, tell)
    gone = backups.prune(folder, keep) if keep else []
    told = {"folder": str(made.folder), "size": made.size, "root": made.root, "digest": made.digest,
            "bytes": made.bytes, "keys": keys is not None, "removed": gone}  # fmt: skip
    show_one(told, "cli.backup.taken", language, as_json=as_json)
    if not as_json:
        say(language, "cli.backup.keys" if keys else "cli.backup.no_keys", {"keys": str(keys)})


def restore(
    folder: Annotated[Path, typer.Argument(help="One backup. バックアップ一つ")],
    keys: Annotated[Path, typer.Option(help="The folder of keys that goes with it. 対になる鍵のフォルダ")],
    data: Data = None,
    database_url: Annotated[str, typer.Option(help="PostgreSQL; empty: SQLite. データベースの場所")] = "",
    rehearse: Annotated[
        bool, typer.Option("--test", help="Try it out in a place apart; the desk goes on. リストアテストだけ")
    ] = False,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Make a desk from a backup and prove its record, or try that out. バックアップから戻し、記録を検証する"""
    chosen = backups.read(folder)
    with progress(words(language).gettext("cli.progress.restore")) as tell:
        if rehearse:
            with open_desk(data) as desk:
                done = backups.rehearse(desk, LOCAL, chosen, keys, tell)
        else:
            _of_the_new_place(database_url)
            done = backups.restore(chosen, keys, settings_of(data).data, database_url, tell)
    told = {"size": done.size, "root": done.root, "incidents": done.incidents, "taken": chosen.taken,
            "epoch_after": done.epoch}  # fmt: skip
    show_one(told, "cli.restore.tested" if rehearse else "cli.restore.done", language, as_json=as_json)
    if done.epoch and not rehearse and not as_json:
        say(language, "cli.restore.epoch", {"line": done.epoch})


def _of_the_new_place(database_url: str) -> None:
    """The environment may still name the database of the old place: nothing is restored there by mistake."""
    if os.environ.get("CSIRT_DATABASE_URL", database_url) != database_url:
        raise Invalid("database_named_twice")


def move(
    to: Annotated[str, typer.Option(help="Address of the empty PostgreSQL database. 移行先")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Move the desk to another database with all open cases; stop it first. 別のデータベースへ移す"""
    settings = settings_of(data)
    address = SecretStr(to)  # it may hold a password: no traceback shows it
    with only_one(settings.data), progress(words(language).gettext("cli.progress.restore")) as tell:
        done = backups.move(settings, LOCAL, address.get_secret_value(), tell)
    told = {"size": done.size, "root": done.root, "incidents": done.incidents}
    show_one(told, "cli.moved", language, as_json=as_json)
