"""Commands about sealed incidents. On this machine being named does not count: only what was opened is seen."""

from typing import Annotated, Any

import typer

from csirt.cli.cases import Name
from csirt.cli.merging import Reason
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, show, show_one
from csirt.cli.wording import Words
from csirt.reports.labels import shown_at
from csirt.response import glass, secrecy
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.sealing import sealed_seen
from csirt.store.tx import Look

seals = typer.Typer(no_args_is_help=True, help="Sealed incidents. 閲覧を限った案件")
Whom = Annotated[str, typer.Option("--person", help="Account of the reader. 閲覧できる人")]


@seals.callback()
def _seals() -> None:
    """Incidents that named people only may see. 閲覧を限った案件"""


@seals.command("list")
def list_(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Sealed incidents that are open here just now. ここで開いている案件の一覧"""

    def look_up(look: Look) -> list[dict[str, Any]]:
        tell = Words.of(look, desk, language)
        shown = "ja" if language == "ja" else "en"
        return [
            {
                "id": one.incident,
                "sealed_at": one.sealed_at,
                "sealed_text": shown_at(one.sealed_at, shown),  # type: ignore[arg-type]
                "readers": [reader.person for reader in one.readers],
                "readers_text": ", ".join(tell.name(reader.person) for reader in one.readers),
            }
            for one in sealed_seen(look)
        ]

    columns = {"id": "cli.column.id", "sealed_text": "cli.column.sealed", "readers_text": "cli.column.readers"}
    with open_desk(data) as desk:
        show(desk.look(look_up), columns, language, as_json=as_json)


@seals.command()
def seal(
    *,
    name: Name,
    uid: As,
    readers: Annotated[list[str], typer.Option("--reader", help="Account of a reader. 閲覧できる人")],
    reason: Reason = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Seal an incident: only its readers see it from now on. 閲覧を限る"""
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name)
        named = [person(desk, one).id for one in readers]
        desk.commit(person(desk, uid), secrecy.seal, incident, named, reason)
    show_one({"incident": incident, "readers": named}, "cli.sealed", language, as_json=as_json)


@seals.command("name")
def name_(
    *,
    name: Name,
    uid: As,
    whom: Whom,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Name one more reader of an incident that is open here. 閲覧できる人を加える"""
    with open_desk(data) as desk:
        incident, reader = desk.look(resolve_incident, name), person(desk, whom).id
        desk.commit(person(desk, uid), secrecy.name_reader, incident, reader)
    show_one({"incident": incident, "person": reader}, "cli.reader_named", language, as_json=as_json)


@seals.command()
def unname(
    *,
    name: Name,
    uid: As,
    whom: Whom,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Take a reader away; the last one stays. 閲覧できる人から外す"""
    with open_desk(data) as desk:
        incident, reader = desk.look(resolve_incident, name), person(desk, whom).id
        desk.commit(person(desk, uid), secrecy.unname_reader, incident, reader)
    show_one({"incident": incident, "person": reader}, "cli.reader_unnamed", language, as_json=as_json)


@seals.command()
def lift(
    *,
    name: Name,
    uid: As,
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Lift the seal of an incident that is open here. 閲覧の制限を解く"""
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name)
        desk.commit(person(desk, uid), secrecy.lift, incident, reason)
    show_one({"incident": incident, "lifted": True}, "cli.seal_lifted", language, as_json=as_json)


@seals.command("break-glass")
def break_glass(
    *,
    name: Name,
    uid: As,
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Open a sealed incident here for an hour; its readers are told at once. 緊急に閲覧する"""
    with open_desk(data) as desk:
        until = desk.commit(person(desk, uid), glass.break_glass, name, reason)
        incident = desk.look(resolve_incident, name)
    made = {"incident": incident, "until": until}
    show_one(made, "cli.glass_broken", language, as_json=as_json)
