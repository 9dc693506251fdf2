"""The command that lists incidents which show what an incident shows."""

from collections.abc import Iterable
from typing import Any

import typer

from csirt.cli.cases import Name
from csirt.cli.opening import open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, say, show, to_json
from csirt.cli.wording import Words
from csirt.store.queries import cases
from csirt.store.queries.assets import by_id
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.related import Over, related
from csirt.store.tx import Look
from csirt.texts.related import over_texts

_LIST = {
    "number": "cli.column.number",
    "level_text": "cli.column.level",
    "status_text": "cli.column.status",
    "why": "cli.column.reasons",
    "title": "cli.column.title",
}


def related_incidents(name: Name, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """List incidents, open or closed, with the same host, attacker, file and the like. 関連するインシデント"""

    def question(look: Look) -> dict[str, Any]:
        tell = Words.of(look, desk, language)
        found = related(look, resolve_incident(look, name))
        known = {one.id: one for one in cases.incidents_of(look, (one.incident for one in found.related))}
        return {
            "related": [
                {**tell.incident(known[one.incident]), "over": _over(look, tell, one.over)} for one in found.related
            ],
            "common": _over(look, tell, found.common),
        }

    with open_desk(data) as desk:
        told = desk.look(question)
    if as_json:
        typer.echo(to_json(told))
        return
    separator = ", "
    rows = [{**one, "why": separator.join(over["text"] for over in one["over"])} for one in told["related"]]
    show(rows, _LIST, language, as_json=False)
    if told["common"]:
        say(language, "related.common", {"over": separator.join(over["text"] for over in told["common"])})


def _over(look: Look, tell: Words, over: Iterable[Over]) -> list[dict[str, str]]:
    told = tuple(over)
    assets = by_id(look, (value for kind, value in told if kind == "asset"))
    return [
        {"kind": kind, "value": value, "text": "".join(over_texts(tell.name.words, [(kind, value)], assets))}
        for kind, value in told
    ]
