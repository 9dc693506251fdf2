"""Commands by which incidents become one, or two again."""

from typing import Annotated

import typer

from csirt.cli.cases import Name
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, show_one
from csirt.cli.wording import Words
from csirt.response import merging
from csirt.store.queries import cases
from csirt.store.queries.cases import resolve_incident

Reason = Annotated[str, typer.Option(help="Why. 理由")]


def merge(
    *,
    name: Name,
    into: Annotated[str, typer.Option(help="Id or number of the incident that stays. 統合先の番号")],
    uid: As,
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Merge an open incident into another one. 別のインシデントに統合する"""
    with open_desk(data) as desk:
        gone, kept = desk.look(resolve_incident, name), desk.look(resolve_incident, into)
        made = desk.commit(person(desk, uid), merging.merge, gone, kept, reason)
        tell = desk.look(Words.of, desk, language)
        told = [tell.incident(desk.look(cases.incident, id_))["number"] for id_ in (gone, kept)]
    show_one({"merge": made, "incident": gone, "into_incident": kept, "number": told[0], "into": told[1]}, "cli.merged",
             language, as_json=as_json)  # fmt: skip


def unmerge(
    *,
    name: Name,
    uid: As,
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Undo the merge of an incident. 統合を取り消す"""
    with open_desk(data) as desk:
        gone = desk.look(resolve_incident, name)
        desk.commit(person(desk, uid), merging.unmerge, gone, reason)
        told = desk.look(Words.of, desk, language).incident(desk.look(cases.incident, gone))
    show_one(told, "cli.unmerged", language, as_json=as_json)
