"""Commands about legal duties: what must be told by when, reports, decisions against, and the level."""

from datetime import datetime
from typing import Annotated, Any

import typer

from csirt.bootstrap import Desk
from csirt.cli.cases import Name
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, plain, show, show_one
from csirt.cli.wording import Words
from csirt.errors import Invalid
from csirt.model.incident import Disposition, IncidentType, Level
from csirt.model.people import Actor
from csirt.response import by_hand, incidents
from csirt.response import duties as use_cases
from csirt.response.duties import Sent
from csirt.store.queries import duties as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.duties import DutyView
from csirt.store.tx import Look
from csirt.texts.duties import DutyWords

Duty = Annotated[str, typer.Argument(help="Its id. 識別子", metavar="DUTY")]
Reason = Annotated[str, typer.Option(help="Why. 理由")]


def duties(
    name: Annotated[str | None, typer.Argument(help="Of this one; none: of all open. 番号", metavar="INCIDENT")] = None,
    mine: Annotated[str | None, typer.Option(help="Only what this account's posts see to. この人の分だけ")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """List whom the city must tell by when, open ones first. 報告等の義務と期限"""

    def question(look: Look) -> list[dict[str, Any]]:
        tell = Words.of(look, desk, language)
        if name:
            return [_row(one, desk, tell) for one in questions.duties(look, resolve_incident(look, name))]
        return [
            _row(one, desk, tell) | {"number": tell.number(case.fiscal_year, case.ordinal, drill=case.drill)}
            for one, case in questions.open_duties(look)
            if who is None or _is_theirs(one, desk, who)
        ]

    columns = {"label": "cli.column.duty", "last_day": "cli.column.limit", "state_text": "cli.column.status",
               "reasons_text": "cli.column.reasons", "id": "cli.column.id"}  # fmt: skip
    columns = columns if name else {"number": "cli.column.number", **columns}
    with open_desk(data) as desk:
        who = person(desk, mine) if mine else None
        show(desk.look(question), columns, language, as_json=as_json)


def _is_theirs(view: DutyView, desk: Desk, who: Actor) -> bool:
    rule = desk.door.city.law.rule(view.rule, view.edition)
    return rule is not None and use_cases.is_theirs(rule, who)


def _row(view: DutyView, desk: Desk, tell: Words) -> dict[str, Any]:
    book = desk.door.city.law
    speak, rule = DutyWords(book, tell.name.words), book.rule(view.rule, view.edition)
    reasons = speak.reasons(view.reasons)
    return {
        **plain(view),
        "label": speak.label(view.rule),
        "addressee": rule.addressee if rule else "",
        "in_charge": rule.in_charge if rule else "",
        "basis": rule.basis if rule else "",
        "doubt": speak.doubt(rule),
        "state_text": tell.text("duty_state", view.state.value),
        "reasons_text": " / ".join(reasons),
    }


def report(
    *,
    duty: Duty,
    uid: As,
    channel: Annotated[str, typer.Option(help="web_form, mail, phone, fax, visit, letter, press, site. 手段")],
    at: Annotated[str, typer.Option(help="When, ISO 8601 with offset; empty for now. 送付した時刻")] = "",
    receipt: Annotated[str, typer.Option(help="Receipt number. 受付番号")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Record a report to the addressee of a duty. 報告・通知を記録する"""
    with open_desk(data) as desk:
        sent = Sent(channel, moment(at) if at else desk.clock.now(), None, receipt)
        made = desk.commit(person(desk, uid), use_cases.report, duty, sent)
    show_one({"report": made, "duty": duty}, "cli.duty_reported", language, as_json=as_json)


def moment(text: str) -> datetime:
    """An instant as typed, ISO 8601 with offset. Raises `Invalid`."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("time_malformed", field="at") from error
    if at.tzinfo is None:
        raise Invalid("time_without_zone", field="at")
    return at


def waive(
    *, duty: Duty, uid: As, reason: Reason, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA
) -> None:
    """Decide against a duty, such as not to publish. 行わないと決める"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), use_cases.waive, duty, reason)
    show_one({"duty": duty, "state": "waived"}, "cli.duty_waived", language, as_json=as_json)


def level(
    *,
    name: Name,
    uid: As,
    to: Annotated[int, typer.Option("--to", min=0, max=4, help="0 to 4. レベル")],
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Set the level of an incident, with a reason. レベルを決める"""
    with open_desk(data) as desk:
        id_ = desk.look(resolve_incident, name)
        desk.commit(person(desk, uid), incidents.set_level, id_, Level(to), reason)
    show_one({"incident": id_, "level": to}, "cli.level_set", language, as_json=as_json)


def retype(
    *,
    name: Name,
    uid: As,
    to: Annotated[IncidentType, typer.Option("--to", help="What kind of case it is. 種別")],
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Say what kind of incident it is, before a playbook runs. 種別を決める"""
    with open_desk(data) as desk:
        id_ = desk.look(resolve_incident, name)
        desk.commit(person(desk, uid), by_hand.set_type, id_, to, reason)
    show_one({"incident": id_, "type": to.value}, "cli.type_set", language, as_json=as_json)


def close(
    *,
    name: Name,
    uid: As,
    how: Annotated[Disposition, typer.Option("--as-what", help="How it ended. 終わり方")],
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Close an incident that no playbook leads. 終結する"""
    with open_desk(data) as desk:
        id_ = desk.look(resolve_incident, name)
        desk.commit(person(desk, uid), by_hand.close, id_, how, reason)
    show_one({"incident": id_, "disposition": how.value}, "cli.closed", language, as_json=as_json)
