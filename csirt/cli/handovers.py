"""Commands about posts that change hands."""

from typing import Annotated, Any

import typer

from csirt.bootstrap import Desk
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, show, show_one
from csirt.cli.wording import Words
from csirt.era import jst_date, parse_date
from csirt.response import handovers as use_cases
from csirt.store.queries.contacts import HandoverView
from csirt.store.queries.contacts import handovers as question
from csirt.store.tx import Look

handovers = typer.Typer(no_args_is_help=True, help="Posts that change hands. 職の引継ぎ（人事異動）")


@handovers.callback()
def _handovers() -> None:
    """Posts that change hands on a day to come: whom to call from then on. 職の引継ぎ（人事異動）"""


@handovers.command("list")
def list_(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Hand-overs to come, and those that the directory does not know yet. 引継ぎの一覧"""

    def look_up(look: Look) -> list[dict[str, Any]]:
        tell = Words.of(look, desk, language)
        return [_row(one, tell) for one in question(look)]

    columns = {"on": "cli.column.on", "post_name": "cli.column.post", "holder_name": "cli.column.holder",
               "deputy_names": "cli.column.deputies", "id": "cli.column.id"}  # fmt: skip
    with open_desk(data) as desk:
        show(desk.look(look_up), columns, language, as_json=as_json)


def _row(one: HandoverView, tell: Words) -> dict[str, Any]:
    of = one.handover
    return {
        "id": of.id, "post": of.post, "post_name": tell.name(f"post:{of.post}"), "on": jst_date(of.begins_at),
        "holder": of.holder, "holder_name": tell.name(of.holder), "deputies": of.deputies,
        "deputy_names": None if of.deputies is None else [tell.name(deputy) for deputy in of.deputies],
    }  # fmt: skip


@handovers.command()
def enter(
    *,
    post: Annotated[str, typer.Argument(help="Its id, such as ciso. 職")],
    uid: As,
    on: Annotated[str, typer.Option(help="From this day on, such as 2027-04-01. いつから")],
    holder: Annotated[str, typer.Option(help="The new holder's account. 新しい担当者")],
    deputy: Annotated[list[str] | None, typer.Option(help="The new deputies, in order. 新しい代理")] = None,
    no_deputies: Annotated[bool, typer.Option("--no-deputies", help="Nobody deputises. 代理なし")] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """A post changes hands; without deputies named, they stay. 引継ぎを登録する"""
    with open_desk(data) as desk:
        deputies = _ids(desk, deputy) if deputy or no_deputies else None
        day = parse_date(on)
        made = desk.commit(person(desk, uid), use_cases.enter, post, day, person(desk, holder).id, deputies)
    show_one({"handover": made}, "cli.handover_entered", language, as_json=as_json)


def _ids(desk: Desk, uids: list[str] | None) -> list[str]:
    return [person(desk, uid).id for uid in uids or ()]


@handovers.command()
def cancel(
    handover: Annotated[str, typer.Argument(help="Its id. 識別子")],
    uid: As,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """It does not take place. 引継ぎを取り消す"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), use_cases.cancel, handover)
    show_one({"handover": handover, "cancelled": True}, "cli.handover_cancelled", language, as_json=as_json)
