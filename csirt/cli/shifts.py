"""Commands about what one shift leaves for the next: the sheet of open incidents, and notes."""

from typing import Annotated, Any

import typer

from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, plain, show, show_one
from csirt.cli.wording import Words
from csirt.model.incident import IncidentStatus, IncidentView
from csirt.response import shifts as use_cases
from csirt.store.queries import cases, duties, work
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.shifts import shift_notes
from csirt.store.tx import Look
from csirt.texts.duties import DutyWords

MOST = 50  # incidents on a sheet, the gravest first
About = Annotated[str, typer.Option("--incident", help="About this one only. 番号", metavar="INCIDENT")]

shifts = typer.Typer(no_args_is_help=True, help="What one shift leaves for the next. 引継ぎ書")


@shifts.callback()
def _shifts() -> None:
    """What one shift leaves for the next: open incidents, what waits and is due, and notes. 引継ぎ書"""


@shifts.command()
def sheet(incident: About = "", data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Open incidents, the gravest first, with what waits for whom and what is due. 引継ぎ書を表示する"""

    def question(look: Look) -> list[dict[str, Any]]:
        tell = Words.of(look, desk, language)
        speak = DutyWords(desk.door.city.law, tell.name.words)
        if incident:
            found = [cases.named(look, incident)]
        else:
            found = cases.incidents(look, status=IncidentStatus.OPEN.value, limit=MOST, gravest=True)
        return [_row(look, tell, speak, one) for one in found]

    columns = {"number": "cli.column.number", "level_text": "cli.column.level", "title": "cli.column.title",
               "waiting_text": "cli.column.waiting", "due_text": "cli.column.due"}  # fmt: skip
    with open_desk(data) as desk:
        show(desk.look(question), columns, language, as_json=as_json)


def _row(look: Look, tell: Words, speak: DutyWords, case: IncidentView) -> dict[str, Any]:
    waiting = [tell.assignment(one) for one in work.assignments(look, incident=case.id, limit=MOST)]
    due = [
        {"rule": one.rule, "label": speak.label(one.rule), "due_at": one.due_at}
        for one in duties.duties(look, case.id, open_only=True)
    ]
    return {
        **tell.incident(case),
        "waiting": waiting,
        "waiting_text": [f"{one['title']} ({one['taken_by_name'] or one['who_name']})" for one in waiting],
        "duties": due,
        "due_text": [one["label"] for one in due],
    }


@shifts.command()
def notes(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Notes that nobody of the next shift has seen yet, the newest first. 引継ぎのメモ"""

    def question(look: Look) -> list[dict[str, Any]]:
        tell, found = Words.of(look, desk, language), shift_notes(look)
        known = cases.numbers(look, (one.incident for one in found if one.incident))
        return [
            {
                **plain(one),
                "by_name": tell.name(one.by),
                "number": tell.number(*known[one.incident][:2], drill=known[one.incident][2]) if one.incident else "",
            }
            for one in found
        ]

    columns = {"at": "cli.column.at", "by_name": "cli.column.who", "number": "cli.column.number",
               "text": "cli.column.text", "id": "cli.column.id"}  # fmt: skip
    with open_desk(data) as desk:
        show(desk.look(question), columns, language, as_json=as_json)


@shifts.command()
def leave(
    *,
    uid: As,
    text: Annotated[str, typer.Option(help="The note. メモ")],
    incident: About = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Leave a note, about one incident or about all. メモを残す"""
    with open_desk(data) as desk:
        about = desk.look(resolve_incident, incident) if incident else None
        made = desk.commit(person(desk, uid), use_cases.leave, text, about)
    show_one({"id": made, "incident": about}, "cli.noted", language, as_json=as_json)


@shifts.command()
def seen(
    *,
    note: Annotated[str, typer.Argument(help="Its id. 識別子")],
    uid: As,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Say that one has seen a note of somebody else. メモを確認した"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), use_cases.see, note)
    show_one({"id": note}, "cli.shift_seen", language, as_json=as_json)
