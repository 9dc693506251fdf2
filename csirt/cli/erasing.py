"""Commands that erase personal data, and that exchange the key that all data keys are wrapped with."""

from typing import Annotated, Any

import typer

from csirt import erasing as carrying_out
from csirt.cli.cases import Name
from csirt.cli.opening import LOCAL, open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, plain, say, show, show_one
from csirt.cli.wording import Words
from csirt.errors import Invalid, NotFound
from csirt.model.erasure import ErasureBasis
from csirt.response import erasing as use_cases
from csirt.store.queries import erasures as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look

erase = typer.Typer(help="Erase personal data, by two people. 個人データの消去（二人で行う）")
Erasure = Annotated[str, typer.Argument(help="Its id. 識別子", metavar="ERASURE")]
Reason = Annotated[str, typer.Option(help="Why. 理由")]


@erase.command("texts")
def texts(name: Name, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """List the texts of an incident that can be erased. 消去できる内容の一覧"""

    def question(look: Look) -> list[dict[str, Any]]:
        tell = Words.of(look, desk, language)
        return [
            {**plain(one), "kind_text": tell.text("kind", one.kind.value)}
            for one in questions.erasable(look, resolve_incident(look, name))
        ]

    columns = {"seq": "cli.column.seq", "kind_text": "cli.column.kind", "name": "cli.column.name",
               "text": "cli.column.text"}  # fmt: skip
    with open_desk(data) as desk:
        show(desk.look(question), columns, language, as_json=as_json)


@erase.command("list")
def listed(name: Name, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """List the erasures of an incident. 消去の一覧"""

    def question(look: Look) -> list[dict[str, Any]]:
        tell = Words.of(look, desk, language)
        return [
            {**plain(one), "state_text": tell.text("erasure_state", one.state.value),
             "basis_text": tell.text("erasure_basis", one.basis.value)}
            for one in questions.of_incident(look, resolve_incident(look, name))
        ]  # fmt: skip

    columns = {"state_text": "cli.column.status", "basis_text": "cli.column.basis", "reason": "cli.column.reason",
               "id": "cli.column.id"}  # fmt: skip
    with open_desk(data) as desk:
        show(desk.look(question), columns, language, as_json=as_json)


@erase.command("propose")
def propose(
    *,
    name: Name,
    what: Annotated[list[str], typer.Argument(help="SEQ or SEQ:NAME, ids of evidence, or all. 何を消去するか")],
    uid: As,
    basis: Annotated[ErasureBasis, typer.Option(help="On which ground. 根拠")],
    reason: Reason,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Propose an erasure; a second person decides. 消去を提案する"""
    evidence = [one for one in what if one.startswith("v-")]
    entries = [one for one in what if one not in {*evidence, "all"}]
    with open_desk(data) as desk:
        incident = desk.look(resolve_incident, name)
        chosen = desk.look(_chosen, incident, entries)
        made = desk.commit(
            person(desk, uid), use_cases.propose, incident, chosen, evidence, basis, reason, whole="all" in what
        )
    told = {"id": made, "incident": incident, "texts": len(chosen), "evidence": len(evidence)}
    show_one(told, "cli.erasure.proposed", language, as_json=as_json)


def _chosen(look: Look, incident: str, entries: list[str]) -> list[str]:
    """The commitments that `SEQ` or `SEQ:NAME` mean. Raises `Invalid` or `NotFound`."""
    there = questions.erasable(look, incident)
    found: list[str] = []
    for one in entries:
        seq, _, name = one.partition(":")
        if not seq.isdigit():
            raise Invalid("erasure_entry_malformed", entry=one[:40])
        meant = [text.c for text in there if text.seq == int(seq) and name in {"", text.name}]
        if not meant:
            raise NotFound("erasure_text_unknown", entry=one[:40])
        found += meant
    return found


@erase.command("approve")
def approve(
    *, erasure: Erasure, uid: As, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA
) -> None:
    """Erase what was proposed; it cannot be undone. 消去を承認して実行する"""
    with open_desk(data) as desk:
        done = carrying_out.approve(desk, person(desk, uid), erasure)
    show_one({"id": erasure, "incident": done.incident}, "cli.erasure.done", language, as_json=as_json)
    if not as_json:
        say(language, "cli.erasure.copies")


@erase.command("reject")
def reject(
    *, erasure: Erasure, uid: As, reason: Reason, data: Data = None, as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:  # fmt: skip
    """Decide that nothing is erased. 消去しないと決める"""
    with open_desk(data) as desk:
        desk.commit(person(desk, uid), use_cases.reject, erasure, reason)
    show_one({"id": erasure}, "cli.erasure.rejected", language, as_json=as_json)


@erase.command("rotate-keys")
def rotate_keys(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Exchange the key that wraps all data keys. データ鍵を包む鍵を取り替える"""
    with open_desk(data) as desk:
        gone = carrying_out.rotate_keys(desk, LOCAL)
    show_one({"destroyed": gone}, "cli.erasure.rotated", language, as_json=as_json)
