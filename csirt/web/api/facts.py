"""The fact sheet: what may be stated, what is known, every version, and stating."""

from fastapi import APIRouter

from csirt.documents import naming
from csirt.model.fact import Fact, FactCatalogue, FactDefinition, Statement, value_from
from csirt.response import facts
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.texts.catalogs import catalog
from csirt.texts.facts import FactWords
from csirt.texts.naming import Naming
from csirt.web.addresses import API
from csirt.web.api.detections import RequestKey
from csirt.web.api.law_shapes import (
    FactDefinitionGiven,
    FactGiven,
    FactOptionGiven,
    FactsTaken,
    FactTaken,
    StatedGiven,
)
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix=API, tags=["facts"])


@router.get("/facts")
def list_fact_definitions(reader: IncidentReader) -> list[FactDefinitionGiven]:
    """The catalogue: every fact that may be stated, in the order of the sheet."""
    known = reader.desk.door.city.facts
    return [_defined(one, reader.language) for one in known.facts.values()]


@router.get("/incidents/{name}/facts")
def list_facts(name: str, reader: IncidentReader) -> list[FactGiven]:
    """The sheet of an incident: the newest version of each fact."""

    def question(look: Look) -> list[FactGiven]:
        found = facts.current(look, resolve_incident(look, name))
        return _given(look, reader, list(found.values()))

    return reader.desk.look(question)


@router.get("/incidents/{name}/facts/{fact}")
def list_versions(name: str, fact: str, reader: IncidentReader) -> list[FactGiven]:
    """Every version of one fact, oldest first."""

    def question(look: Look) -> list[FactGiven]:
        known = reader.desk.door.city.facts.definition(fact)
        return _given(look, reader, facts.history(look, resolve_incident(look, name), known.name))

    return reader.desk.look(question)


@router.post("/incidents/{name}/facts", status_code=201)
def state_facts(name: str, taken: FactsTaken, who: SignedIn, key: RequestKey = None) -> StatedGiven:
    """State facts. A correction is a new version. The same `Idempotency-Key` again states nothing."""
    incident = who.desk.look(resolve_incident, name)
    known = who.desk.door.city.facts
    request_key = f"{who.actor.id}:{key}" if key else None
    said = [_statement(one, known) for one in taken.facts]
    return StatedGiven(stated=who.desk.commit(who.actor, facts.state, incident, said, request_key=request_key))


def _statement(taken: FactTaken, known: FactCatalogue) -> Statement:
    value = value_from(known.definition(taken.fact), taken.value)
    return Statement(taken.fact, taken.state, value, taken.source, taken.at)


def _defined(one: FactDefinition, language: str) -> FactDefinitionGiven:
    options = [FactOptionGiven(code=each.code, label=one.option(each.code, language)) for each in one.options]
    return FactDefinitionGiven(
        name=one.name, group=one.group, kind=one.kind, label=one.label(language), hint=one.hint(language),
        unit=one.unit, options=options, valid_from=one.valid_from.isoformat(), source=one.source,
    )  # fmt: skip


def _given(look: Look, visit: Visit, found: list[Fact]) -> list[FactGiven]:
    words = catalog(visit.language)
    speak = FactWords(visit.desk.door.city.facts, words)
    names = naming(visit.desk, look, visit.language, visit.ever)
    return [_fact(one, speak, names) for one in found]


def _fact(one: Fact, speak: FactWords, names: Naming) -> FactGiven:
    return FactGiven(
        fact=one.name,
        label=speak.label(one.name),
        version=one.version,
        state=one.state,
        state_text=speak.words.gettext(f"fact_state.{one.state.value}"),
        value=list(one.value) if isinstance(one.value, tuple) else one.value,
        value_text=speak.value(one.name, one.value),
        source=one.source,
        source_text=speak.words.gettext(f"fact_source.{one.source.value}"),
        at=one.at,
        by=one.by,
        by_name=names(one.by),
        stated_at=one.stated_at,
    )
