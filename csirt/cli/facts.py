"""Commands about facts: the sheet of an incident, and stating."""

from typing import Annotated, Any

import typer

from csirt.cli.cases import Name
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, plain, show, show_one
from csirt.cli.wording import Words
from csirt.errors import Invalid
from csirt.model.fact import Fact, FactCatalogue, FactKind, FactSource, FactState, Statement, value_from
from csirt.response import facts as use_cases
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.texts.facts import FactWords


def facts(
    name: Name,
    versions: Annotated[bool, typer.Option("--all", help="Every version. 以前の版も")] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Show the fact sheet of an incident. 事実一覧"""

    def question(look: Look) -> list[dict[str, Any]]:
        id_ = resolve_incident(look, name)
        found = use_cases.history(look, id_) if versions else list(use_cases.current(look, id_).values())
        tell = Words.of(look, desk, language)
        return [_row(one, FactWords(desk.door.city.facts, tell.name.words), tell) for one in found]

    columns = {"label": "cli.column.fact", "value_text": "cli.column.value", "state_text": "cli.column.certainty",
               "version": "cli.column.version", "source_text": "cli.column.source",
               "fact": "cli.column.key"}  # fmt: skip
    with open_desk(data) as desk:
        show(desk.look(question), columns, language, as_json=as_json)


def _row(one: Fact, speak: FactWords, tell: Words) -> dict[str, Any]:
    fields = plain(one)
    return {
        "fact": fields.pop("name"),
        **fields,
        "label": speak.label(one.name),
        "value_text": speak.value(one.name, one.value),
        "state_text": tell.text("fact_state", one.state.value),
        "source_text": tell.text("fact_source", one.source.value),
        "by_name": tell.name(one.by),
    }


def state(
    *,
    name: Name,
    uid: As,
    fact: Annotated[list[str], typer.Option(help="name=value, again for each; name= for none. 項目=値")],
    certainty: Annotated[
        FactState, typer.Option("--state", help="confirmed, estimated, investigating, unknown. 確からしさ")
    ] = FactState.CONFIRMED,
    source: Annotated[FactSource, typer.Option(help="Where it comes from. 情報源")] = FactSource.STAFF,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """State facts of an incident; a correction is a new version. 事実を記録する（訂正は新しい版になる）"""
    with open_desk(data) as desk:
        known = desk.door.city.facts
        said = [_statement(one, known, certainty, source) for one in fact]
        id_ = desk.look(resolve_incident, name)
        stated = desk.commit(person(desk, uid), use_cases.state, id_, said)
    show_one({"incident": id_, "stated": stated}, "cli.stated", language, as_json=as_json)


def _statement(text: str, known: FactCatalogue, certainty: FactState, source: FactSource) -> Statement:
    """`head_count=1780`, `layers=lgwan,internet`, `known=2026-11-22T14:00+09:00`, or `cause=` for no value."""
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise Invalid("field_invalid", field=name[:40])
    definition = known.definition(name)
    if not value:
        given: object = None
    elif definition.kind is FactKind.CHOICES:
        given = [part.strip() for part in value.split(",") if part.strip()]
    else:
        given = value
    return Statement(name, certainty, value_from(definition, given), source)
