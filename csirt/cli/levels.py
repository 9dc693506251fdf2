"""The command that shows how the level of an incident came about."""

from typing import Any

from csirt.cli.cases import Name
from csirt.cli.opening import open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, show
from csirt.cli.wording import Words
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.levels import LevelChange, level_history
from csirt.store.tx import Look


def levels(name: Name, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Show what was proposed and set, newest first, with why. レベルの経過"""

    def question(look: Look) -> list[dict[str, Any]]:
        tell = Words.of(look, desk, language)
        return [_row(one, tell) for one in level_history(look, resolve_incident(look, name))]

    columns = {"at": "cli.column.at", "text": "cli.column.level", "by_name": "cli.column.who",
               "why": "cli.column.reasons"}  # fmt: skip
    with open_desk(data) as desk:
        show(desk.look(question), columns, language, as_json=as_json)


def _row(one: LevelChange, tell: Words) -> dict[str, Any]:
    verb = "level.was_set" if one.is_set else "level.was_proposed"
    return {
        **plain(one),
        "text": tell.name.words.say(verb, {"level": tell.text("level", int(one.level))}),
        "by_name": tell.name(one.by),
        "why": one.reason or (tell.text("level_because", one.because) if one.because else ""),
    }
