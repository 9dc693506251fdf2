"""`csirt tokens`: tokens of programs."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from csirt.cli.opening import LOCAL, open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, show, show_one, words
from csirt.model.authority import Scope
from csirt.response import tokens as use_cases

_COLUMNS = {
    "id": "cli.column.id",
    "name": "cli.column.name",
    "scopes_text": "tokens.column.scopes",
    "expires_at": "tokens.column.expires",
    "state": "cli.column.state",
}
Id = Annotated[str, typer.Argument(help="The token's id. トークンの番号")]
Days = Annotated[int, typer.Option(help="Days until it ends. 有効日数")]

tokens = typer.Typer(no_args_is_help=True, help="Tokens of programs. プログラム用のトークン")


@tokens.callback()
def _tokens() -> None:
    """Tokens of programs. プログラム用のトークン"""


@tokens.command("list")
def list_(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Every token, what it is good for, and until when. トークンの一覧"""
    speech = words(language)
    with open_desk(data) as desk:
        now = desk.clock.now()
        rows: list[dict[str, Any]] = [
            {
                **plain(one), "live": one.is_live(now),
                "scopes_text": speech.gettext("list.separator").join(speech.gettext(f"scope.{s}") for s in one.scopes),
                "state": speech.gettext("tokens.live" if one.is_live(now) else "tokens.ended"),
            }
            for one in desk.look(use_cases.all_of)
        ]  # fmt: skip
    show(rows, _COLUMNS, language, as_json=as_json)


@tokens.command()
def make(
    *,
    name: Annotated[str, typer.Argument(help="What it is for. 用途の名前")],
    scope: Annotated[list[Scope], typer.Option(help="What it is good for. できること")],
    days: Days = 365,
    address: Annotated[list[str] | None, typer.Option(help="Counts from here only. 接続元の限定")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Make a token; it is shown this once. トークンを発行する（表示は一度だけ）"""
    lives = timedelta(days=days)
    with open_desk(data) as desk:
        id_, secret = desk.commit(LOCAL, use_cases.make, name, scope, lives=lives, addresses=address or ())
    show_one({"name": name, "id": id_, "token": secret}, "cli.source_token", language, as_json=as_json)


@tokens.command()
def rotate(
    *,
    token: Id,
    days: Days = 365,
    overlap_hours: Annotated[int, typer.Option(help="The old ones end after so long. 旧トークンの残り時間")] = 24,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Make another one like it; the old ones end after the overlap. トークンを交換する"""
    lives, overlap = timedelta(days=days), timedelta(hours=overlap_hours)
    with open_desk(data) as desk:
        id_, secret = desk.commit(LOCAL, use_cases.rotate, token, lives=lives, overlap=overlap)
    show_one({"name": token, "id": id_, "token": secret}, "cli.source_token", language, as_json=as_json)


@tokens.command()
def revoke(token: Id, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Make a token worthless at once. トークンを無効にする"""
    with open_desk(data) as desk:
        desk.commit(LOCAL, use_cases.revoke, token)
    show_one({"id": token, "state": "revoked"}, "cli.source_token_revoked", language, as_json=as_json)
