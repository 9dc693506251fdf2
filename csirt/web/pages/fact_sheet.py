"""事実一覧: what is known of an incident and how surely, and one form for each part of the sheet."""

from collections.abc import Mapping
from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.documents import naming
from csirt.errors import Invalid
from csirt.model.authority import Permission, may
from csirt.model.fact import (
    FINDINGS,
    Fact,
    FactCatalogue,
    FactDefinition,
    FactGroup,
    FactKind,
    FactSource,
    FactState,
    Statement,
    Value,
    checked,
    value_from,
)
from csirt.response import facts
from csirt.store.queries import cases
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.texts.catalogs import Catalog, catalog
from csirt.texts.facts import FactWords
from csirt.texts.naming import Naming
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import TEXT_MOST, Faults, Sent, SentForm, moment_of, new_key
from csirt.web.pages.obligations import strip_of
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.facts import FactField, FactPart, FactRow, FactSheet
from csirt.web.views.frame import Form, Option

router = APIRouter(include_in_schema=False)


@router.get("/incidents/{name}/facts")
def show_sheet(request: Request, name: str, reader: IncidentReader) -> Response:
    """The fact sheet of one incident."""
    return show(request, reader, reader.desk.look(_sheet, reader, name, {}), "incident")


@router.post("/incidents/{name}/facts/{group}")
def take_facts(request: Request, name: str, group: str, sent: SentForm) -> Response:
    """State the facts of one part; those whose certainty was left open are not touched. A faulty form comes back."""
    visit = sent.visit
    incident = visit.desk.look(resolve_incident, name)
    known = visit.desk.door.city.facts
    faults, said = _read(sent, known, group)
    if not faults.errors:
        try:
            visit.desk.commit(visit.actor, facts.state, incident, said, request_key=sent.request_key)
            return go(request, f"/incidents/{incident}/facts", "facts_stated")
        except Invalid as error:
            faults.of(error, frozenset({"at", "source"}), prefix="v.")
            if f"v.{error.params.get('field')}" in {f"v.{one.fact}" for one in said}:
                faults.errors.pop("form", None)
                faults.add(f"v.{error.params['field']}", error.code, **error.params)
    again = {group: sent.again(faults.errors, faults.params)}
    view = visit.desk.look(_sheet, visit, incident, again)
    many = {one.name: frozenset(sent.many.get(f"v.{one.name}", ())) for one in known.in_group(group)}
    view = replace(view, parts=tuple(_chosen(part, many) if part.name == group else part for part in view.parts))
    return show(request, visit, view, "incident", status=Invalid.http, path=f"/incidents/{incident}/facts")


def _chosen(part: FactPart, many: Mapping[str, frozenset[str]]) -> FactPart:
    """What was ticked in a form that comes back."""
    return replace(part, fields=tuple(replace(one, chosen=many.get(one.name, one.chosen)) for one in part.fields))


def _read(sent: Sent, known: FactCatalogue, group: str) -> tuple[Faults, list[Statement]]:
    faults, said = Faults(), []
    source = sent.text("source") or FactSource.STAFF.value
    if source not in set(FactSource):
        faults.add("source", "choice_unknown")
        source = FactSource.STAFF.value
    faults.check("at", lambda: moment_of(sent.text("at")))
    at = None if faults.errors else moment_of(sent.text("at"))
    for one in known.in_group(group):
        certainty = sent.text(f"s.{one.name}")
        try:
            given = _given(one, sent)
            if certainty in set(FactState):
                said.append(checked(Statement(one.name, FactState(certainty), given, FactSource(source), at), known))
            elif given is not None and one.kind is not FactKind.CHOICES:
                faults.add(f"s.{one.name}", "fact_state_missing")
        except Invalid as error:
            faults.add(f"v.{one.name}", error.code, **error.params)
    return faults, said


def _given(one: FactDefinition, sent: Sent) -> Value:
    """The value of a fact as the form has it; None for an empty box."""
    if one.kind is FactKind.CHOICES:
        return tuple(sent.many.get(f"v.{one.name}", ())) or None
    text = sent.text(f"v.{one.name}")
    if not text:
        return None
    if one.kind is FactKind.TIME:
        at = moment_of(text)
        return at.isoformat(timespec="seconds") if at else None
    if len(text) > TEXT_MOST:
        raise Invalid("text_too_long", limit=TEXT_MOST)
    return value_from(one, text.replace(",", "") if one.kind is FactKind.COUNT else text)


def _sheet(look: Look, visit: Visit, name: str, forms: Mapping[str, Form]) -> FactSheet:
    view = cases.named(look, name)
    words, known = catalog(visit.language), visit.desk.door.city.facts
    names, history = naming(visit.desk, look, visit.language, visit.ever), facts.history(look, view.id)
    newest = {one.name: one for one in history}
    ordered = [newest[one] for one in (*known.facts, *sorted(set(newest) - set(known.facts))) if one in newest]
    parts = [_part(group, known, newest, words, forms) for group in known.groups]
    return FactSheet(
        id=view.id,
        fiscal_year=view.fiscal_year,
        ordinal=view.ordinal,
        title=view.title,
        drill=view.drill,
        duties=strip_of(look, visit, Words(visit.desk, look, visit), view.id),
        facts=rows_of(ordered, FactWords(known, words), names),
        history=rows_of(history[::-1], FactWords(known, words), names),
        parts=tuple(parts) if may(visit.actor, Permission.STATE_FACT) else (),
        sources=tuple(Option(value=one.value, label=words.gettext(f"fact_source.{one.value}")) for one in FactSource),
    )


def rows_of(found: list[Fact], speak: FactWords, names: Naming) -> tuple[FactRow, ...]:
    """Facts in words."""
    return tuple(
        FactRow(
            label=speak.label(one.name), value=speak.value(one.name, one.value), state=one.state, version=one.version,
            source=speak.words.gettext(f"fact_source.{one.source.value}"), at=one.at, by=names(one.by),
        )
        for one in found
    )  # fmt: skip


def _part(
    group: FactGroup, known: FactCatalogue, newest: Mapping[str, Fact], words: Catalog, forms: Mapping[str, Form]
) -> FactPart:
    fields = tuple(_field(one, newest.get(one.name), known, words) for one in known.in_group(group.name))
    form = forms.get(group.name) or Form(key=new_key())
    return FactPart(name=group.name, label=group.label(words.language), fields=fields, form=form)


def _field(one: FactDefinition, now: Fact | None, known: FactCatalogue, words: Catalog) -> FactField:
    language = words.language
    options = tuple(Option(value=each.code, label=one.option(each.code, language)) for each in one.options)
    if one.kind is FactKind.FINDING:
        options = tuple(Option(value=code, label=words.gettext(f"finding.{code}")) for code in FINDINGS)
    return FactField(
        name=one.name,
        label=one.label(language),
        kind=one.kind,
        hint=one.hint(language),
        unit=words.gettext(f"unit_name.{one.unit}") if one.unit else "",
        options=options,
        value=FactWords(known, words).value(one.name, now.value) if now else "",
        state=now.state if now else None,
        chosen=frozenset(now.value) if now and isinstance(now.value, tuple) else frozenset(),
    )
