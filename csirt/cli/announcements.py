"""Commands of the announcement desk: what is said in public of an incident, where and when."""

from typing import Annotated, Any

import typer

from csirt.cli.cases import Name
from csirt.cli.obligations import moment
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, plain, show, show_one
from csirt.cli.wording import Words
from csirt.era import jst_date, parse_date
from csirt.model.announcement import Ground, Outlet
from csirt.response import announcements as use_cases
from csirt.response.announcements import Draft
from csirt.store.queries import announcements as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look

announce = typer.Typer(no_args_is_help=True, help="Draft, decide on and release announcements. 公表・広報")
Id = Annotated[str, typer.Argument(help="Its id. 識別子", metavar="ANNOUNCEMENT")]
Reason = Annotated[str, typer.Option(help="Why. 理由")]


def announcements(name: Name, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """List the announcements of an incident, newest first. 公表の一覧"""

    def question(look: Look) -> list[dict[str, Any]]:
        tell = Words.of(look, desk, language)
        found = questions.announcements(look, resolve_incident(look, name))
        return [{**plain(one), "state_text": tell.text("announcement_state", one.state.value)} for one in found]

    columns = {"number": "announcement.no", "state_text": "cli.column.status", "title": "announcement.title",
               "id": "cli.column.id"}  # fmt: skip
    with open_desk(data) as desk:
        show(desk.look(question), columns, language, as_json=as_json)


@announce.command("draft")
def draft(
    *,
    name: Name,
    uid: As,
    title: Annotated[str, typer.Option(help="Its title. 表題")],
    body: Annotated[str, typer.Option(help="What is said. 本文")],
    plain_text: Annotated[str, typer.Option("--plain", help="The same in plain Japanese. やさしい日本語")] = "",
    qa: Annotated[str, typer.Option(help="Questions with answers. 想定問答")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Draft the next announcement. 起案する"""
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name)
        made = desk.commit(person(desk, uid), use_cases.draft, incident, Draft(title, body, plain_text, qa))
    show_one({"announcement": made, "incident": incident}, "cli.announcement_kept", language, as_json=as_json)


@announce.command("approve")
def approve(*, id_: Id, uid: As, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Decide to say it. 決裁する"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), use_cases.approve, id_)
    show_one({"announcement": id_, "state": "approved"}, "cli.announcement_kept", language, as_json=as_json)


@announce.command("return")
def send_back(
    *, id_: Id, uid: As, reason: Reason, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA
) -> None:
    """Have it written anew. 差し戻す"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), use_cases.send_back, id_, reason)
    show_one({"announcement": id_, "state": "returned"}, "cli.announcement_kept", language, as_json=as_json)


@announce.command("release")
def release(
    *,
    id_: Id,
    uid: As,
    outlet: Annotated[Outlet, typer.Option(help="Where. 手段")],
    at: Annotated[str, typer.Option(help="When, ISO 8601 with offset; empty for now. 時刻")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Record where and when it was said. 公表した手段と時刻を記録する"""
    with open_desk(data) as desk:
        said_at = moment(at) if at else desk.clock.now()
        desk.commit(person(desk, uid), use_cases.release, id_, outlet, said_at)
    show_one({"announcement": id_, "outlet": outlet.value}, "cli.announcement_kept", language, as_json=as_json)


@announce.command("withhold")
def withhold(
    *,
    name: Name,
    uid: As,
    ground: Annotated[Ground, typer.Option(help="The ground. 区分")],
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Decide not to publish. 公表しないと決める"""
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name)
        made = desk.commit(person(desk, uid), use_cases.withhold, incident, ground, reason)
    show_one({"announcement": made, "state": "withheld"}, "cli.announcement_kept", language, as_json=as_json)


@announce.command("calls")
def calls(
    *,
    name: Name,
    uid: As,
    number: Annotated[int, typer.Option(min=0, help="How many calls. 件数")],
    day: Annotated[str, typer.Option(help="On which day; empty: today. 日")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Count the calls to the hotline on a day. 問い合わせの件数を記録する"""
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name)
        on = parse_date(day) if day else jst_date(desk.clock.now())
        desk.commit(person(desk, uid), use_cases.count_calls, incident, on, number)
    show_one({"incident": incident, "calls": number}, "cli.announcement_kept", language, as_json=as_json)
