"""Commands about contact chains that change something: begin one for an incident, confirm an office's data."""

from typing import Annotated, Any

import typer

from csirt.cli.cases import Name
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, plain, show, show_one, words
from csirt.era import parse_date
from csirt.response import contacts, triggers
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look


def called_for(name: Name, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Which chains the rules call for in an incident, and whether they were begun. 条件に当てはまる連絡網"""
    speech = words(language)

    def question(look: Look) -> list[dict[str, Any]]:
        city = desk.door.city
        return [
            {
                **plain(one),
                "code": city.chains[one.chain].code,
                "title": city.chains[one.chain].title.get(str(language)) or one.chain,
                "firing_text": speech.gettext(f"firing.{one.firing}"),
                "state_text": speech.gettext(_state(one)),
            }
            for one in triggers.called_for(look, city, resolve_incident(look, name))
        ]

    columns = {"code": "cli.column.key", "chain": "cli.column.chain", "title": "cli.column.text",
               "firing_text": "cli.column.certainty", "state_text": "cli.column.state"}  # fmt: skip
    with open_desk(data) as desk:
        show(desk.look(question), columns, language, as_json=as_json)


def start(
    name: Name,
    chain: Annotated[str, typer.Argument(help="Its name. 連絡網の名前")],
    uid: As,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Begin a chain for an incident, once. 連絡網による連絡を始める"""
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name)
        made = desk.commit(person(desk, uid), triggers.start, incident, chain)
    show_one({"incident": incident, "chain": chain, "escalation": made}, "cli.chain_started", language, as_json=as_json)


def _state(one: triggers.CalledFor) -> str:
    return "called_for.under_way" if one.under_way else "called_for.begun" if one.climbs else "called_for.not_begun"


def confirm(
    office: Annotated[str, typer.Argument(help="Its id, such as mic-cyber. 窓口")],
    uid: As,
    on: Annotated[str, typer.Option(help="The day of the call, if not today. 確認した日")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Somebody called the office and found its contact data right. 連絡先を確認した"""
    with open_desk(data) as desk:
        day = desk.commit(person(desk, uid), contacts.confirm, office, parse_date(on) if on else None)
    show_one({"office": office, "confirmed": day}, "cli.contact_confirmed", language, as_json=as_json)
