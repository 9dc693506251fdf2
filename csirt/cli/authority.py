"""`csirt authority`: who may do what, and with --deciders who decides what."""

from typing import Annotated, Any

import typer

from csirt.cli.opening import open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, show, words
from csirt.era import jst_date
from csirt.texts.authority import tell

_PERMISSIONS = {
    "text": "authority.column.permission",
    "roles_text": "authority.column.roles",
    "step_up_text": "authority.column.step_up",
}
_DECISIONS = {
    "text": "authority.column.decision",
    "decider": "authority.column.decider",
    "basis": "authority.column.basis",
}


def authority(
    *,
    deciders: Annotated[bool, typer.Option("--deciders", help="Who decides what in the city. 決定者の表")] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Show who may do what, or who decides what. 権限の一覧"""
    with open_desk(data) as desk:
        book, today = desk.door.city.deciders, jst_date(desk.clock.now())
    if not deciders:
        show(_permissions(language), _PERMISSIONS, language, as_json=as_json)
        return
    rows = [
        {
            "id": one.id, "text": one.label(language), "decider": one.decider(language),
            "permission": one.permission, "basis": one.basis, "uncertain": one.uncertain,
            "valid_from": one.valid_from, "valid_to": one.valid_to, "source": book.source,
        }
        for one in book.on(today)
    ]  # fmt: skip
    show(rows, _DECISIONS, language, as_json=as_json)


def _permissions(language: Language) -> list[dict[str, Any]]:
    speech = words(language)
    return [
        {
            "permission": one.permission, "text": one.called, "roles": list(one.roles), "roles_text": one.roles_text,
            "of_a_post": one.of_a_post, "step_up": one.step_up,
            "step_up_text": speech.gettext("authority.step_up") if one.step_up else "",
        }
        for one in tell(speech)
    ]  # fmt: skip
