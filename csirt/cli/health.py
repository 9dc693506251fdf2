"""`csirt health`: is everything well, and what to do where it is not."""

import typer

from csirt.cli.opening import open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, show, words
from csirt.era import at_in_era
from csirt.errors import Unavailable
from csirt.model.health import PartState, worst
from csirt.texts.health import tell
from csirt.wellness import check

_COLUMNS = {
    "called": "health.column.part",
    "state_text": "health.column.state",
    "since_text": "health.column.since",
    "why": "health.column.why",
    "todo": "health.column.todo",
}


def health(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Tell how each part of the desk is; ends with 6 if one is down. 各部分が動いているかを示す"""
    with open_desk(data) as desk:
        found = check(desk)
    speech = words(language)
    rows = [
        {**plain(one), **plain(tell(speech, one)), "since_text": at_in_era(one.since) if one.since else ""}
        for one in found
    ]
    show(rows, _COLUMNS, language, as_json=as_json)
    whole = worst(found)
    if not as_json:
        typer.echo(speech.gettext(f"health.all.{whole}"))
    if whole is PartState.DOWN:
        raise typer.Exit(Unavailable.exit_code)
