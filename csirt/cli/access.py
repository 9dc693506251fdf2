"""Commands about access: who is signed in, second factors that are gone, the sealed account."""

from typing import Annotated, Any

import typer

from csirt.cli.opening import LOCAL, open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, show, show_one
from csirt.cli.wording import Words
from csirt.reports.labels import shown_at
from csirt.response import access as sessions_
from csirt.response import sealed_account as seal
from csirt.response import second_factor
from csirt.store.tx import Look

access = typer.Typer(no_args_is_help=True, help="Sessions and second factors. サインイン")

Account = Annotated[str, typer.Argument(help="The account. ユーザーID")]


@access.callback()
def _access() -> None:
    """Who is signed in, and resets of second factors. サインイン中の職員と、二要素認証の解除"""


@access.command()
def sessions(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Everybody who is signed in. サインイン中の職員"""

    def look_up(look: Look) -> list[dict[str, Any]]:
        tell, shown = Words.of(look, desk, language), "ja" if language == "ja" else "en"
        return [
            {"person": row.person, "name": tell.name(row.person), "auth": row.auth, "opened": row.opened_at,
             "last": row.last_at, "opened_text": shown_at(row.opened_at, shown),  # type: ignore[arg-type]
             "last_text": shown_at(row.last_at, shown)}  # type: ignore[arg-type]
            for row in sessions_.sessions_of(look.session, None, desk.clock.now())
        ]  # fmt: skip

    columns = {"name": "cli.column.who", "opened_text": "cli.column.opened", "last_text": "cli.column.last",
               "auth": "cli.column.auth"}  # fmt: skip
    with open_desk(data) as desk:
        show(desk.look(look_up), columns, language, as_json=as_json)


@access.command()
def end(uid: Account, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Sign somebody out everywhere. すべての端末でサインアウトさせる"""
    with open_desk(data) as desk:
        whose = seal.ID if uid == seal.UID else person(desk, uid).id
        ended = desk.commit(LOCAL, sessions_.end_all, whose)
    show_one({"account": uid, "sessions": ended}, "cli.sessions_ended", language, as_json=as_json)


@access.command()
def resets(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Resets of second factors that wait. 二要素認証の解除の申し出"""

    def look_up(look: Look) -> list[dict[str, Any]]:
        tell = Words.of(look, desk, language)
        return [
            {"id": one.id, "person": one.person, "name": tell.name(one.person), "asked_by": one.asked_by,
             "asked_by_name": tell.name(one.asked_by), "asked_at": one.asked_at}
            for one in second_factor.waiting(look.session)
        ]  # fmt: skip

    columns = {"id": "cli.column.id", "name": "cli.column.who", "asked_by_name": "cli.column.asked_by"}
    with open_desk(data) as desk:
        show(desk.look(look_up), columns, language, as_json=as_json)


@access.command()
def reset(
    uid: Account,
    as_: As,
    reason: Annotated[str, typer.Option(help="Why. 理由")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Ask that somebody's second factor be taken away. 二要素認証の解除を申し出る"""
    with open_desk(data) as desk:
        asked = desk.commit(person(desk, as_), second_factor.ask_reset, person(desk, uid).id, reason)
    show_one({"reset": asked}, "cli.reset_asked", language, as_json=as_json)


@access.command()
def decide(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The request. 申し出")],
    as_: As,
    agree: Annotated[bool, typer.Option("--agree/--refuse", help="Agree or not. 認めるか")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """A second person agrees to a reset, or does not. 解除を認める・認めない"""
    with open_desk(data) as desk:
        desk.commit(person(desk, as_), second_factor.decide_reset, id_, agree=agree)
    show_one({"reset": id_, "agreed": agree}, "cli.reset_decided", language, as_json=as_json)


def sealed_account(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Make the sealed account, or give it a new password. 封印アカウントを作り直す（表示は一度だけ）"""
    password = seal.new_password()
    with open_desk(data) as desk:
        desk.commit(LOCAL, seal.make, seal.hashed(password))
    made = {"account": seal.UID, "password": password}
    show_one(made | ({} if as_json else {"newline": "\n"}), "cli.sealed_account", language, as_json=as_json)
