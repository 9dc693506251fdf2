"""Commands about incidents: the list, one in full, opening one, remarks."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import typer

from csirt.bootstrap import Desk
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, show, show_one, to_json
from csirt.cli.wording import Words
from csirt.guard import clean_line
from csirt.model.incident import IncidentStatus, IncidentType
from csirt.model.measure import MeasureFilter
from csirt.response import incidents as use_cases
from csirt.response.incidents import Report
from csirt.store.queries import cases, found, work
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.measures import measures as listed
from csirt.store.tx import Look

Name = Annotated[str, typer.Argument(help="Id or number (R8-12). 番号", metavar="INCIDENT")]

_LIST = {
    "number": "cli.column.number",
    "type_text": "cli.column.type",
    "level_text": "cli.column.level",
    "status_text": "cli.column.status",
    "received_text": "cli.column.received",
    "title": "cli.column.title",
}


def incidents(
    status: Annotated[IncidentStatus | None, typer.Option(help="Only these. 状態")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """List incidents, newest first. インシデントの一覧"""
    with open_desk(data) as desk:
        rows = _all_incidents(desk, status.value if status else None, language)
        show(rows, _LIST, language, as_json=as_json)


def _all_incidents(desk: Desk, status: str | None, language: str) -> Iterator[dict[str, Any]]:
    offset = 0
    while found := desk.look(cases.incidents, status=status, offset=offset):
        tell = desk.look(Words.of, desk, language)
        yield from map(tell.incident, found)
        offset += len(found)


def incident(name: Name, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Show one incident with its steps, assignments and calls. 一件を詳しく表示する"""

    def question(look: Look) -> dict[str, Any]:
        tell = Words.of(look, desk, language)
        view = cases.named(look, name)
        return {
            **tell.incident(view),
            "steps": [tell.step(one, view.playbook) for one in work.steps(look, view.id)],
            "assignments": [tell.assignment(one) for one in work.assignments(look, incident=view.id, open_only=False)],
            "escalations": [tell.escalation(one) for one in work.escalations(look, incident=view.id)],
            "measures": [tell.measure(one) for one in listed(look, MeasureFilter(incident=view.id))],
            "notes": [tell.note(one) for one in cases.notes(look, view.id)],
        }

    with open_desk(data) as desk:
        found = desk.look(question)
    if as_json:
        typer.echo(to_json(found))
        return
    show([found], _LIST, language, as_json=False)
    steps = {"title": "cli.column.step", "state_text": "cli.column.status", "key": "cli.column.key"}
    show(found["steps"], steps, language, as_json=False)
    waiting = [one for one in found["assignments"] if one["open"]]
    show(waiting, {"title": "cli.column.waiting", "who_name": "cli.column.who", "id": "cli.column.id"}, language,
         as_json=False)  # fmt: skip


def open_incident(  # noqa: PLR0913 - one option for each thing that a report can say
    *,
    title: Annotated[str, typer.Option(help="What happened. 件名")],
    uid: As,
    type_: Annotated[IncidentType, typer.Option("--type", help="Its type. 種別")] = IncidentType.UNDECIDED,
    channel: Annotated[str, typer.Option(help="phone, counter, staff, mail. 受付の経路")] = "phone",
    host: Annotated[str, typer.Option(help="Machine. 端末")] = "",
    account: Annotated[str, typer.Option(help="What was said. 申告の内容")] = "",
    drill: Annotated[bool, typer.Option("--drill", help="A drill: nobody outside is reached. 訓練")] = False,
    readers: Annotated[
        list[str] | None, typer.Option("--reader", help="Sealed: only these accounts see it. 閲覧を限る（見られる人）")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Open an incident from a report. 報告を受けて起票する"""
    drill = drill or type_ is IncidentType.DRILL
    report = Report(
        title=clean_line(title), type=type_, channel=channel, host=clean_line(host), account=account, drill=drill
    )
    with open_desk(data) as desk:
        who = person(desk, uid)
        if readers:
            report = replace(report, sealed=True, readers=tuple(person(desk, one).id for one in readers))
            made = desk.commit(who, use_cases.open_by_report, report)
            show_one({"id": made, "sealed": True}, "cli.opened_sealed", language, as_json=as_json)
            return
        made = desk.commit(who, use_cases.open_by_report, report)
        found = desk.look(lambda look: Words.of(look, desk, language).incident(cases.incident(look, made)))
    show_one(found, "cli.opened", language, as_json=as_json)


def note(
    name: Name,
    uid: As,
    text: Annotated[str, typer.Option(help="The remark. メモ")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Add a remark to an open incident. メモを加える"""
    with open_desk(data) as desk:
        id_ = desk.look(resolve_incident, name)
        made = desk.commit(person(desk, uid), use_cases.add_note, id_, text)
    show_one({"id": made, "incident": id_}, "cli.noted", language, as_json=as_json)


def search(
    query: Annotated[str, typer.Argument(help="What to look for. 探す言葉")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Find incidents, remarks and detections by what is written in them. 検索"""

    def question(look: Look) -> list[dict[str, Any]]:
        tell, got = Words.of(look, desk, language), found.found(look, query)
        known = {view.id: tell.incident(view)["number"] for view in (*got.incidents, *got.cases.values())}
        rows = [{"kind": "incident", "id": one.id, "incident": one.id, "text": one.title} for one in got.incidents]
        rows += [
            {"kind": "note", "id": one.note.id, "incident": one.incident, "text": one.note.text} for one in got.notes
        ]
        rows += [
            {"kind": "detection", "id": str(one.id), "incident": one.incident or "", "text": one.title}
            for one in got.detections
        ]
        for row in rows:
            row |= {"number": known.get(row["incident"], ""), "kind_text": tell.text("found", row["kind"])}
        return rows

    columns = {"kind_text": "cli.column.kind", "number": "cli.column.number", "text": "cli.column.text"}
    with open_desk(data) as desk:
        show(desk.look(question), columns, language, as_json=as_json)
