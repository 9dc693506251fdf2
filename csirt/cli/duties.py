"""Commands about what waits for people: assignments, answers, acknowledgements."""

from typing import Annotated, Any

import typer

from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, show, show_one
from csirt.cli.wording import Words
from csirt.errors import Invalid
from csirt.model.people import parties_of
from csirt.response import assignments as use_cases
from csirt.response import escalations
from csirt.response.assignments import Reply
from csirt.store.queries import work
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look


def assignments(
    name: Annotated[str | None, typer.Option("--incident", help="Only of this one. 番号")] = None,
    mine: Annotated[str | None, typer.Option(help="Only what this account may answer. この人の分だけ")] = None,
    closed: Annotated[bool, typer.Option("--all", help="Answered ones, too. 回答済みも")] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """List what waits for people, soonest due first. 判断・作業の一覧"""

    def question(look: Look) -> list[dict[str, Any]]:
        tell = Words.of(look, desk, language)
        incident = resolve_incident(look, name) if name else None
        found = work.assignments(look, who=who, incident=incident, open_only=not closed, limit=10_000)
        return [tell.assignment(one) for one in found]

    columns = {"number": "cli.column.number", "title": "cli.column.waiting", "who_name": "cli.column.who",
               "taken_by_name": "cli.column.taken",
               "due_at": "cli.column.due", "choices": "cli.column.choices", "id": "cli.column.id"}  # fmt: skip
    with open_desk(data) as desk:
        who = parties_of(person(desk, mine)) if mine else None
        show(desk.look(question), columns, language, as_json=as_json)


def answer(
    *,
    assignment: Annotated[str, typer.Argument(help="Its id. 識別子")],
    uid: As,
    choice: Annotated[str, typer.Option(help="Code of the choice. 選択肢")],
    reason: Annotated[str, typer.Option(help="Why. 理由")] = "",
    field: Annotated[list[str] | None, typer.Option(help="name=value, again for each field. 項目")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Answer in somebody's name; the record says that it was done here. 本人に代わって回答を入力する（記録に残る）"""
    reply = Reply(choice, reason, dict(map(_field, field or ())))
    with open_desk(data) as desk:
        actor = person(desk, uid)
        desk.commit(actor, use_cases.answer, assignment, reply)
        found = desk.look(lambda look: Words.of(look, desk, language).assignment(work.assignment(look, assignment)))
    show_one(found, "cli.answered", language, as_json=as_json)


def _field(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise Invalid("field_invalid", field=name[:40])
    return name, value


def acknowledge(
    escalation: Annotated[str, typer.Argument(help="Its id. 識別子")],
    uid: As,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Say in somebody's name that a call was heard. 本人に代わって連絡の確認を入力する"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), escalations.acknowledge, escalation)
    show_one({"escalation": escalation, "acknowledged": True}, "cli.acknowledged", language, as_json=as_json)
