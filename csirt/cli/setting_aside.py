"""Commands that end an open step without its work: skip and cancel."""

from typing import Annotated

import typer

from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, show_one
from csirt.response import setting_aside
from csirt.store.queries.cases import resolve_incident

Name = Annotated[str, typer.Argument(help="Id or number. 番号")]
Step = Annotated[str, typer.Argument(help="Key of the step. 手順のキー")]
Reason = Annotated[str, typer.Option(help="Why. 理由")]


def skip(
    *,
    incident: Name,
    step: Step,
    uid: As,
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Go on without an open step, in the name of a person who may. 権限のある人の名で手順を省略する"""
    with open_desk(data) as desk:
        id_ = desk.look(resolve_incident, incident)
        desk.commit(person(desk, uid), setting_aside.skip, id_, step, reason)
    show_one({"incident": id_, "step": step, "state": "skipped"}, "cli.skipped", language, as_json=as_json)


def cancel(
    *,
    incident: Name,
    step: Step,
    uid: As,
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Take an open step back that is no longer needed. 不要になった手順を取り消す"""
    with open_desk(data) as desk:
        id_ = desk.look(resolve_incident, incident)
        desk.commit(person(desk, uid), setting_aside.cancel, id_, step, reason)
    show_one({"incident": id_, "step": step, "state": "cancelled"}, "cli.step_cancelled", language, as_json=as_json)
