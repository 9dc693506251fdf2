"""Commands about who is away."""

from datetime import datetime
from typing import Annotated, Any

import typer

from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, show, show_one
from csirt.cli.wording import Words
from csirt.errors import Invalid
from csirt.reports.labels import shown_at
from csirt.response import absences as use_cases
from csirt.store.queries.absences import absences as question
from csirt.store.tx import Look

absences = typer.Typer(no_args_is_help=True, help="Who is away. 不在")


@absences.callback()
def _absences() -> None:
    """Who is away, so that deputies are called. 不在の予定。その間は代理に連絡する"""


@absences.command("list")
def list_(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Absences under way and to come. 不在の一覧"""

    def look_up(look: Look) -> list[dict[str, Any]]:
        tell, shown = Words.of(look, desk, language), "ja" if language == "ja" else "en"
        return [
            {"id": one.id, "person": one.person, "name": tell.name(one.person), "from": one.from_at,
             "until": one.until_at, "from_text": shown_at(one.from_at, shown),  # type: ignore[arg-type]
             "until_text": shown_at(one.until_at, shown)}  # type: ignore[arg-type]
            for one in question(look, desk.clock.now())
        ]  # fmt: skip

    columns = {"name": "cli.column.who", "from_text": "cli.column.from", "until_text": "cli.column.until",
               "id": "cli.column.id"}  # fmt: skip
    with open_desk(data) as desk:
        show(desk.look(look_up), columns, language, as_json=as_json)


@absences.command()
def add(
    *,
    uid: As,
    begins: Annotated[str, typer.Option("--from", help="Such as 2026-12-29T00:00+09:00. いつから")],
    until: Annotated[str, typer.Option(help="Back from. いつまで（この時刻に戻る）")],
    person_: Annotated[str, typer.Option("--person", help="Whose, if not their own. 誰の不在か")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Somebody is away; their deputy is called meanwhile. 不在を登録する"""
    with open_desk(data) as desk:
        actor = person(desk, uid)
        away = person(desk, person_).id if person_ else actor.id
        made = desk.commit(actor, use_cases.enter, away, instant(begins), instant(until))
    show_one({"absence": made}, "cli.absence_entered", language, as_json=as_json)


@absences.command()
def end(
    absence: Annotated[str, typer.Argument(help="Its id. 識別子")],
    uid: As,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """They are back, or were never away. 不在を終える"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), use_cases.end, absence)
    show_one({"absence": absence, "ended": True}, "cli.absence_ended", language, as_json=as_json)


def instant(text: str) -> datetime:
    """An instant with its zone. Raises `Invalid`."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("time_malformed", value=text[:40]) from None
    if at.utcoffset() is None:
        raise Invalid("time_without_zone")
    return at
