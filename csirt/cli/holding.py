"""Commands about who has an assignment in hand, and "I cannot do it"."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from csirt.cli.absences import instant
from csirt.cli.cases import Name
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, show_one
from csirt.cli.wording import Words
from csirt.response import asking, errands, holding
from csirt.store.queries import work
from csirt.store.queries.cases import resolve_incident

assignment = typer.Typer(no_args_is_help=True, help="Who does what waits for people. 担当の引受・引継ぎ")
Id = Annotated[str, typer.Argument(help="Id of the assignment. 識別子", metavar="ASSIGNMENT")]
Reason = Annotated[str, typer.Option(help="Why, or how. 理由・内容")]


@assignment.command()
def claim(
    *,
    id_: Id,
    uid: As,
    instead_of: Annotated[str, typer.Option(help="Account of who has it now. いまの担当者")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Take it in hand, so that others see who. 引き受ける"""
    others = (instead_of,) if instead_of else ()
    _do(data, uid, language, id_, holding.claim, others=others, sentence="cli.claimed", as_json=as_json)


@assignment.command("hand-over")
def hand_over(
    *,
    id_: Id,
    uid: As,
    to: Annotated[str, typer.Option(help="Account of who gets it. 引き継ぐ相手")],
    note: Annotated[str, typer.Option(help="What they must know. 申し送り")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Hand it to a named person, who is told by mail. 人に引き継ぐ"""
    _do(data, uid, language, id_, holding.hand_over, note, others=(to,), sentence="cli.claimed", as_json=as_json)


@assignment.command("take-back")
def take_back(*, id_: Id, uid: As, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Take back what was handed over. 引き継いだものを取り戻す"""
    _do(data, uid, language, id_, holding.take_back, sentence="cli.claimed", as_json=as_json)


@assignment.command("give-back")
def give_back(*, id_: Id, uid: As, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Lay it down: it is anybody's again. 担当を外れる"""
    _do(data, uid, language, id_, holding.give_back, sentence="cli.given_back", as_json=as_json)


@assignment.command()
def cannot(
    *, id_: Id, uid: As, reason: Reason, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA
) -> None:
    """Say that it cannot be done, and why: it goes up. 「できない」と理由を伝える"""
    _do(data, uid, language, id_, holding.refer, reason, sentence="cli.referred", as_json=as_json)


@assignment.command("send-back")
def send_back(
    *, id_: Id, uid: As, reason: Reason, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA
) -> None:
    """Give what came up back down, with a note. 元の担当へ戻す"""
    _do(data, uid, language, id_, holding.send_back, reason, sentence="cli.referred", as_json=as_json)


@assignment.command()
def ask(
    *,
    name: Name,
    uid: As,
    text: Annotated[str, typer.Option(help="What is to be done. 内容")],
    of: Annotated[str, typer.Option(help="role:…, post:…, or an account. 依頼先")],
    until: Annotated[str, typer.Option(help="By when, ISO 8601; empty: no time. 期限")] = "",
    necessary: Annotated[bool, typer.Option("--necessary", help="The case waits for it. 終結に必要")] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Ask somebody for something beside the playbook. 手順書にないことを依頼する"""
    due_at = instant(until) if until else None
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name)
        who = of if ":" in of else person(desk, of).id
        id_ = desk.commit(person(desk, uid), asking.ask, incident, text, who, due_at, necessary=necessary)
        found = desk.look(lambda look: Words.of(look, desk, language).assignment(work.assignment(look, id_)))
    show_one(found, "cli.referred", language, as_json=as_json)


@assignment.command()
def waive(
    *, id_: Id, uid: As, reason: Reason, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA
) -> None:
    """Say that what was asked need not be done after all. 依頼を取りやめる"""
    _do(data, uid, language, id_, errands.waive, reason, sentence="cli.waived_errand", as_json=as_json)


def _do(
    data: Path | None,
    uid: str,
    language: Language,
    id_: str,
    use_case: Callable[..., None],
    *said: str,
    others: tuple[str, ...] = (),
    sentence: str,
    as_json: bool,
) -> None:
    """One act in somebody's name; `others` are accounts of people whom it names before what is `said`."""
    with open_desk(data) as desk:
        named = [person(desk, one).id for one in others]
        desk.commit(person(desk, uid), use_case, id_, *named, *said)
        found = desk.look(lambda look: Words.of(look, desk, language).assignment(work.assignment(look, id_)))
    show_one(found, sentence, language, as_json=as_json)
