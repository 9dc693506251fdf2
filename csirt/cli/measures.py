"""Commands about recurrence prevention: the list, one measure, and the review of a closed case."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from csirt.cli.cases import Name
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, plain, show, show_one
from csirt.cli.wording import Words
from csirt.documents import measures_document
from csirt.era import jst_date, parse_date
from csirt.model.measure import MeasureFilter, MeasureState
from csirt.reports.measures_xlsx import measures_xlsx
from csirt.response import measures as use_cases
from csirt.response import reviews
from csirt.response.reviews import Review
from csirt.store.queries import measures as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look

measure = typer.Typer(no_args_is_help=True, help="Add, end, change or check one measure. 再発防止策を扱う")
Id = Annotated[str, typer.Argument(help="Its id. 識別子", metavar="MEASURE")]
Reason = Annotated[str, typer.Option(help="Why, or what was done. 理由・内容")]
Owner = Annotated[str, typer.Option(help="A post. 担当の職")]
Due = Annotated[str, typer.Option(help="By when; an era day will do. 期限")]


def measures(  # noqa: PLR0917 - one option for each part of the filter
    name: Annotated[str | None, typer.Option("--incident", help="Only of this one. 番号")] = None,
    state: Annotated[MeasureState | None, typer.Option(help="Only these. 状態")] = None,
    owner: Annotated[str, typer.Option(help="Only of this post. 担当の職")] = "",
    late: Annotated[bool, typer.Option("--overdue", help="Only those past their date. 期限を過ぎたもの")] = False,
    xlsx: Annotated[Path | None, typer.Option(help="Write an Excel file instead. Excelに書く")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """List measures against recurrence, open ones first. 再発防止策の一覧"""
    columns = {"due": "cli.column.due", "state_text": "cli.column.status", "owner_name": "cli.column.owner",
               "number": "cli.column.number", "text": "cli.column.text"}  # fmt: skip
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name) if name else ""
        wanted = MeasureFilter(incident, state, owner, late, jst_date(desk.clock.now()))
        if xlsx:
            xlsx.write_bytes(measures_xlsx(desk.look(measures_document, desk, wanted, str(language))))
            show_one({"file": str(xlsx)}, "cli.measures_written", language, as_json=as_json)
            return

        def question(look: Look) -> list[dict[str, Any]]:
            tell = Words.of(look, desk, language)
            return [tell.measure(one) for one in questions.measures(look, wanted)]

        show(desk.look(question), columns, language, as_json=as_json)


@measure.command("add")
def add(
    *,
    name: Name,
    uid: As,
    text: Annotated[str, typer.Option(help="What is to be done. 内容")],
    owner: Owner,
    due: Due,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Add a measure to an incident, open or closed. 再発防止策を加える"""
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name)
        made = desk.commit(person(desk, uid), use_cases.add, incident, text, owner, parse_date(due))
    show_one({"id": made, "incident": incident}, "cli.measure_kept", language, as_json=as_json)


@measure.command("end")
def end(
    *,
    id_: Id,
    uid: As,
    state: Annotated[MeasureState, typer.Option(help="done, dropped. 結果")] = MeasureState.DONE,
    reason: Reason = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Say that a measure is done, or dropped with a reason. 実施・取りやめを記録する"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), use_cases.end, id_, state, reason)
    show_one({"id": id_, "state": state.value}, "cli.measure_kept", language, as_json=as_json)


@measure.command("change")
def change(
    *,
    id_: Id,
    uid: As,
    owner: Owner,
    due: Due,
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Give an open measure another owner or due date. 担当・期限を改める"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), use_cases.change, id_, owner, parse_date(due), reason)
    show_one({"id": id_, "owner": owner}, "cli.measure_kept", language, as_json=as_json)


@measure.command("check")
def check(
    *,
    id_: Id,
    uid: As,
    found: Annotated[str, typer.Option(help="What the look at its effect found. 確認した内容")],
    effective: Annotated[bool, typer.Option(help="Did it have the effect that was meant? 効果の有無")] = True,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Look at the effect of a measure that somebody else has done. 効果を確認する"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), use_cases.check, id_, found, effective=effective)
    show_one({"id": id_, "effective": effective}, "cli.measure_kept", language, as_json=as_json)


def review(  # noqa: PLR0913 - one option for each text
    *,
    name: Name,
    uid: Annotated[str, typer.Option("--as", help="Whose review it is; empty: only show. 記録する人")] = "",
    held_on: Annotated[str, typer.Option(help="When it was held; empty: today. 行った日")] = "",
    well: Annotated[str, typer.Option(help="What went well. 良かった点")] = "",
    badly: Annotated[str, typer.Option(help="What did not. 改める点")] = "",
    cause: Annotated[str, typer.Option(help="The cause. 原因")] = "",
    lessons: Annotated[str, typer.Option(help="What is learned. 教訓")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Show the review of a closed incident, or write a version of it down. 振り返り"""
    columns = {"version": "cli.column.version", "held_on": "cli.column.at", "well": "review.well",
               "badly": "review.badly", "cause": "review.cause", "lessons": "review.lessons"}  # fmt: skip
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name)
        if uid:
            day: date = parse_date(held_on) if held_on else jst_date(desk.clock.now())
            desk.commit(person(desk, uid), reviews.record, incident, Review(day, well, cause, badly, lessons))
        found = [plain(one) for one in desk.look(questions.reviews, incident)]
    show(found, columns, language, as_json=as_json)
