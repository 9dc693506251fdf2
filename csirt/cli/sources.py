"""`csirt sources`: what sends detections, how it is, its tokens, and whether it is declared rightly."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from csirt.bootstrap import Desk
from csirt.cli import trying_sources
from csirt.cli.opening import LOCAL, open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, show, show_one, words
from csirt.cli.wording import Words
from csirt.errors import CsirtError, Invalid, NotFound
from csirt.model.source import Source
from csirt.readers import formats
from csirt.response import sources as use_cases
from csirt.store.queries import sources as questions
from csirt.store.queries.sources import SourceView
from csirt.store.tx import Look
from csirt.taking import own_reader

_COLUMNS = {
    "name": "cli.column.name",
    "owner_name": "cli.column.owner",
    "way_text": "cli.column.way",
    "per_minute": "cli.column.per_minute",
    "flood_from": "cli.column.flood_from",
    "ignored_text": "cli.column.ignored_fields",
    "last_seen": "cli.column.last_seen",
    "records": "cli.column.records",
    "quarantined": "cli.column.quarantined",
    "silent_since": "cli.column.silent_since",
    "tokens_live": "cli.column.tokens",
}
_CHECKED = {"name": "cli.column.name", "state": "cli.column.state", "error": "cli.column.error"}

sources = typer.Typer(no_args_is_help=True, help="What sends detections. 検知元")


@sources.callback()
def _sources() -> None:
    """What sends detections. 検知元"""


@sources.command("list")
def list_(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Sources, when each was heard last, and what came in 24 hours. 検知元の一覧"""

    def look_up(look: Look) -> list[dict[str, Any]]:
        tell, now = Words.of(look, desk, language), desk.clock.now()
        return [
            _row(one, tell, language)
            | {"tokens_live": sum(token.is_live(now) for token in one.tokens)}
            for one in questions.sources(look, desk.door.city.sources, now)
        ]  # fmt: skip

    with open_desk(data) as desk:
        show(desk.look(look_up), _COLUMNS, language, as_json=as_json)


def _row(one: SourceView, tell: Words, language: Language) -> dict[str, Any]:
    source = one.source
    return {
        "name": source.name, "owner": source.owner, "owner_name": tell.name(f"post:{source.owner}"),
        "way": source.way, "way_text": words(language).gettext(f"way.{source.way}"), "format": source.format,
        "mapping": source.mapping, "per_minute": source.per_minute, "flood_from": source.flood_from,
        "ignore_fields": list(source.ignore_fields), "ignored_text": ", ".join(source.ignore_fields),
        "silent_after_minutes": int(source.silent_after / timedelta(minutes=1)) if source.silent_after else None,
        "silent_since": one.silent_since, "last_seen": one.last_seen, "records": one.records,
        "detections": one.detections, "duplicates": one.duplicates, "not_detections": one.not_detections,
        "quarantined": one.quarantined, "tokens": [plain(token) for token in one.tokens],
    }  # fmt: skip


@sources.command("add-token")
def add_token(
    *,
    name: Annotated[str, typer.Argument(help="The source's name. 検知元の名前")],
    days: Annotated[int, typer.Option(help="Days until it ends; 0: never. 有効日数")] = 365,
    address: Annotated[list[str] | None, typer.Option(help="Counts from here only. 接続元の限定")] = None,
    signs: Annotated[bool, typer.Option("--signs", help="Signs bodies, is never sent. 署名用")] = False,
    overlap_hours: Annotated[
        int | None, typer.Option(help="Its other tokens end so long from now. 旧トークンの残り時間")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Give a source a token; it is shown this once. トークンを発行する（表示は一度だけ）"""
    lives = timedelta(days=days) if days else None
    overlap = None if overlap_hours is None else timedelta(hours=overlap_hours)
    with open_desk(data) as desk:
        id_, secret = desk.commit(
            LOCAL, use_cases.add_token, name, lives=lives, addresses=address or (), signs=signs, overlap=overlap
        )
    show_one({"name": name, "id": id_, "token": secret}, "cli.source_token", language, as_json=as_json)


@sources.command()
def revoke(
    token: Annotated[str, typer.Argument(help="The token's id. トークンの番号")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Make a token worthless at once. トークンを無効にする"""
    with open_desk(data) as desk:
        desk.commit(LOCAL, use_cases.revoke_token, token)
    show_one({"id": token, "state": "revoked"}, "cli.source_token_revoked", language, as_json=as_json)


@sources.command()
def check(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Check that owners exist, and formats and mapping files can be used. 検知元の設定の点検"""
    with open_desk(data) as desk:
        posts = desk.directory.posts()
        found = [(name, _fault(desk, one, posts)) for name, one in sorted(desk.door.city.sources.items())]
    rows = [
        {"name": name, "state": "wrong" if fault else "ok", "code": fault.code if fault else None,
         "error": words(language).sentence(fault) if fault else ""}
        for name, fault in found
    ]  # fmt: skip
    show(rows, _CHECKED, language, as_json=as_json)
    if any(fault for _, fault in found):
        raise typer.Exit(Invalid.exit_code)


sources.command("test")(trying_sources.try_out)


def _fault(desk: Desk, source: Source, posts: Any) -> CsirtError | None:
    if source.owner not in posts:
        return NotFound("source_owner_unknown", name=source.name, owner=source.owner)
    try:
        if source.mapping:
            own_reader(desk, source.mapping)
        elif source.format != formats.AUTO:
            formats.choose(b"", source.format)
    except CsirtError as error:
        return error
    return None
