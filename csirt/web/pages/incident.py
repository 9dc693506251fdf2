"""The page of one incident, and what people add to it: notes and measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from csirt.documents import teller
from csirt.era import parse_date
from csirt.errors import Invalid
from csirt.model.authority import Permission, may
from csirt.model.fact import Fact
from csirt.model.incident import IncidentStatus, IncidentView, Level
from csirt.model.measure import MeasureFilter
from csirt.model.step import StepState
from csirt.record.entry import EntryKind
from csirt.response import facts, incidents, measures
from csirt.store.queries import cases, timeline, work
from csirt.store.queries import measures as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.levels import OF_LEVELS, LevelChange, changes_in
from csirt.store.queries.sealing import seal_of
from csirt.store.queries.timeline import Pane, TimelineEntry
from csirt.store.tx import Look
from csirt.texts.facts import FactWords
from csirt.texts.hosts import host_text
from csirt.web.api.timeline import make_document
from csirt.web.api.words import Words
from csirt.web.pages import called_for, climbs, custody, errands, gathering, levels, related, report_views
from csirt.web.pages.drafting import begun_at, drop_sent, keep_faulty
from csirt.web.pages.drawing import go, show
from csirt.web.pages.fact_sheet import rows_of
from csirt.web.pages.forms import Faults, SentForm, new_key
from csirt.web.pages.measures import row_of
from csirt.web.pages.obligations import may_set_level, strip_of
from csirt.web.pages.steps import Steps
from csirt.web.pages.strips import every_step, marks_of
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.facts import FactRow
from csirt.web.views.frame import Form, Option, Window
from csirt.web.views.incident import DetectionRow, Entry, Incident, NoteRow
from csirt.web.views.measures import MeasureRow

router = APIRouter(include_in_schema=False)

NOTE_NAMES = frozenset({"text"})
MEASURE_NAMES = frozenset({"text", "owner", "due"})
YEARS = range(2000, 2200)
FIRST = climbs.Shown()
DETECTIONS = 25  # that one page shows
WINDOW = 50  # entries of the timeline that one page shows

router.get("/incidents/{name}/timeline.{form}", response_class=Response)(make_document)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which windows of the page are wanted, and the forms that came back."""

    before: int | None = None
    page: int = 1
    notes: int = 1
    shown: climbs.Shown = FIRST
    note_form: Form | None = None
    measure_form: Form | None = None


@router.get("/incidents/{name}")
def show_incident(
    request: Request,
    name: str,
    reader: IncidentReader,
    shown: Annotated[climbs.Shown, Depends(climbs.wanted)],
    before: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
    detections: Annotated[int, Query(ge=1, le=100_000)] = 1,
    notes: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """One incident by its id or number; the others choose the windows of its long lists."""
    asked = Asked(before, detections, notes, shown)
    return show(request, reader, reader.desk.look(_incident, reader, name, asked), "incident")


@router.post("/incidents/{name}/notes")
def take_note(request: Request, name: str, sent: SentForm) -> Response:
    """Add a note; a faulty one comes back."""
    visit = sent.visit
    incident = visit.desk.look(resolve_incident, name)
    faults = Faults()
    faults.check_text("text", sent.text("text"))
    if not faults.errors:
        try:
            visit.desk.commit(
                visit.actor, incidents.add_note, incident, sent.text("text"), request_key=sent.request_key
            )
            drop_sent(visit, f"/incidents/{incident}/notes")
            return go(request, f"/incidents/{incident}#notes", "note_added")
        except Invalid as error:
            faults.of(error, NOTE_NAMES)
    keep_faulty(sent, f"/incidents/{incident}/notes")
    asked = Asked(note_form=sent.again(faults.errors, faults.params))
    return _again(request, visit, incident, asked)


@router.post("/incidents/{name}/measures")
def take_measure(request: Request, name: str, sent: SentForm) -> Response:
    """Add a measure; a faulty one comes back."""
    visit = sent.visit
    incident = visit.desk.look(resolve_incident, name)
    faults = Faults()
    faults.check_text("text", sent.text("text"))
    if not sent.text("owner"):
        faults.add("owner", "choice_missing")
    faults.check("due", lambda: _due(sent.text("due")))
    if not faults.errors:
        try:
            visit.desk.commit(
                visit.actor, measures.add, incident, sent.text("text"), sent.text("owner"), _due(sent.text("due")),
                request_key=sent.request_key,
            )  # fmt: skip
            drop_sent(visit, f"/incidents/{incident}/measures")
            return go(request, f"/incidents/{incident}#measures", "measure_added")
        except Invalid as error:
            faults.of(error, MEASURE_NAMES)
    keep_faulty(sent, f"/incidents/{incident}/measures")
    asked = Asked(measure_form=sent.again(faults.errors, faults.params))
    return _again(request, visit, incident, asked)


def _due(text: str) -> date:
    if not text:
        raise Invalid("field_missing")
    day = parse_date(text)
    if day.year not in YEARS:
        raise Invalid("date_impossible")
    return day


def incident_view(look: Look, visit: Visit, name: str) -> Incident:
    """The page as it is when it is opened."""
    return _incident(look, visit, name, Asked())


def _again(request: Request, visit: Visit, incident: str, asked: Asked) -> Response:
    view = visit.desk.look(_incident, visit, incident, asked)
    return show(request, visit, view, "incident", status=Invalid.http, path=f"/incidents/{incident}")


def _incident(look: Look, visit: Visit, name: str, asked: Asked) -> Incident:
    words = Words(visit.desk, look, visit)
    view = cases.named(look, name)
    found = work.assignments(look, incident=view.id, open_only=False, limit=1000)
    climbed = work.escalations(look, incident=view.id)
    told = timeline.newest_of(look, view.id, {EntryKind.INCIDENT_OPENED: 1, **OF_LEVELS})
    history, sheet = changes_in(told), facts.current(look, view.id)
    reached = {climb.step: climb for climb in climbed}
    entries, window = _timeline(look, visit, view, asked.before)
    rows, more = _detections(look, words, view.id, asked.page)
    notes, notes_window = _notes(look, words, view.id, asked.notes)
    made = replace(
        _head(look, visit, words, view, told),
        timeline=entries,
        window=window,
        steps=Steps(visit, words, view.id, view.playbook, reached).views(work.steps(look, view.id, found)),
        errands=errands.rows_of(words, found),
        may_ask=view.status is IncidentStatus.OPEN and may(visit.actor, Permission.ASSIGN_STEP),
        escalations=climbs.parts_of(look, visit, words, view.playbook, climbed, found, asked.shown),
        escalations_window=climbs.window_of(view.id, len(climbed), asked.shown.page),
        detections=rows,
        detections_window=more,
        related=related.part_of(look, visit, words, view),
        notes=notes,
        notes_window=notes_window,
        measures=_measures(look, visit, words, view.id),
        evidence=custody.part_of(look, visit, words, view.id),
        facts=_facts(visit, words, sheet),
        called_for=called_for.rows_of(look, visit, view, sheet),
        duties=strip_of(look, visit, words, view.id),
        levels=levels.part_of(visit, words, view, history, found),
        may_decide=_may_decide(visit, view),
        reports=report_views.rows_of(look, visit, words, view.id),
        may_set_level=view.status is IncidentStatus.OPEN and may_set_level(visit),
        posts=_posts(words),
        may_add_note=may(visit.actor, Permission.ADD_NOTE) and view.status is IncidentStatus.OPEN,
        may_add_measure=may(visit.actor, Permission.ADD_MEASURE),
    )
    return _at_a_glance(_with_forms(look, visit, made, asked), visit, words)


def _with_forms(look: Look, visit: Visit, page: Incident, asked: Asked) -> Incident:
    """The forms that came back, or as they were begun."""
    note, measure = begun_at(look, visit, *(f"/incidents/{page.id}/{part}" for part in ("notes", "measures")))
    return replace(
        page,
        note_form=asked.note_form or note,
        measure_form=asked.measure_form or measure,
        level_form=Form(key=new_key()),
    )


def _at_a_glance(page: Incident, visit: Visit, words: Words) -> Incident:
    """What follows from the rest of the page: the strip, and what the reader is to do next."""
    mine = (one for one in every_step(page.steps) if one.state is StepState.OPEN and one.assignment and one.may_answer)
    strip = marks_of(page, words.name.words, visit.desk.clock.now())
    waits = any(one.state is StepState.OPEN for one in every_step(page.steps))
    between = bool(page.steps) and not waits and visit.desk.look(work.goes_on, page.id)
    return replace(page, strip=strip, next_step=next(mine, None), is_between=between)


def _may_decide(visit: Visit, view: IncidentView) -> bool:
    """May the reader say what kind of case it is, or close it, because no playbook does?"""
    led = view.playbook is not None and view.stopped_by is None
    allowed = may(visit.actor, Permission.DECIDE_TRIAGE) or may(visit.actor, Permission.CLOSE_INCIDENT)
    return view.status is IncidentStatus.OPEN and not led and allowed


def _head(look: Look, visit: Visit, words: Words, view: IncidentView, told: Sequence[TimelineEntry]) -> Incident:
    """What stands at the top of the page. `told`: the entries of its opening and of its level."""
    set_by, reason = _level_set(words, view, changes_in(told))
    return Incident(
        id=view.id,
        fiscal_year=view.fiscal_year,
        ordinal=view.ordinal,
        title=view.title,
        type=view.type,
        level=view.level,
        proposed_level=view.proposed_level,
        status=view.status,
        clocks=view.clocks,
        opened_by=words.name(view.opened_by),
        timeline=(),
        window=Window(first=0, last=0, total=0),
        level_set_by=set_by,
        level_reason=reason,
        disposition=view.disposition,
        closed_at=view.closed_at,
        playbook=visit.desk.texts.playbook_title(view.playbook, words.language) if view.playbook else "",
        playbook_version=view.playbook_version or 0,
        playbook_href=f"/playbooks/{view.playbook}?version={view.playbook_version}" if view.playbook else "",
        stopped_by="" if view.merged_into else view.stopped_by or "",
        merged_into=_cases(look, words, [view.merged_into])[0] if view.merged_into else None,
        came_from=_cases(look, words, cases.merged_into(look, view.id)),
        may_erase=may(visit.actor, Permission.PROPOSE_ERASURE) or may(visit.actor, Permission.APPROVE_ERASURE),
        may_merge=may(visit.actor, Permission.MERGE_INCIDENTS)
        and (view.status is IncidentStatus.OPEN or view.merged_into is not None),
        account=_account(told),
        readers=_readers(look, words, view.id),
        may_seal=may(visit.actor, Permission.SEAL_INCIDENT),
        drill=view.drill,
    )


def _readers(look: Look, words: Words, incident: str) -> tuple[str, ...]:
    seal = seal_of(look, incident)
    return tuple(words.name(one.person) for one in seal.readers) if seal else ()


def _cases(look: Look, words: Words, ids: Sequence[str]) -> tuple[Option, ...]:
    """Other incidents, to be linked by their numbers."""
    known = cases.numbers(look, ids)
    return tuple(
        Option(value=id_, label=words.number(*known[id_][:2], drill=known[id_][2])) for id_ in ids if id_ in known
    )


def _account(told: Sequence[TimelineEntry]) -> str:
    """What the report said when the incident was opened."""
    return next((one.texts.get("account", "") for one in told if one.kind is EntryKind.INCIDENT_OPENED), "")


def _level_set(words: Words, view: IncidentView, history: Sequence[LevelChange]) -> tuple[str, str]:
    """Who decided on the level, and why. Where the playbook set it, its entry names whoever confirmed it."""
    last = next((one for one in history if one.is_set), None)
    return (words.name(last.by), last.reason) if last and view.level is not None else ("", "")


def _timeline(look: Look, visit: Visit, case: IncidentView, before: int | None) -> tuple[tuple[Entry, ...], Window]:
    """The newest entries, or those before one, newest first."""
    found = timeline.pane(look, case.id, before, WINDOW)
    entries = found.entries
    told = teller(visit.desk, look, visit.language, entries, visit.ever, {case.id: case.playbook or ""})
    first, base = found.above + 1, f"/incidents/{case.id}"
    return gathering.rows_of(entries, told), Window(
        first=first,
        last=first + len(entries) - 1,
        total=found.total,
        newer=_newer(base, found),
        older=f"{base}?before={entries[-1].seq}#timeline" if found.total - found.above > WINDOW else "",
    )


def _newer(base: str, found: Pane) -> str:
    if not found.above:
        return ""
    return f"{base}#timeline" if found.newer is None else f"{base}?before={found.newer}#timeline"


def _detections(look: Look, words: Words, incident: str, page: int) -> tuple[tuple[DetectionRow, ...], Window | None]:
    first, base = (page - 1) * DETECTIONS, f"/incidents/{incident}"
    found = cases.detections(look, incident, offset=first, limit=DETECTIONS + 1)
    words.assets(row.asset for row in found)
    rows = tuple(
        DetectionRow(
            at=row.at, format=row.format, title=row.title, level=Level(row.level),
            host=row.host or host_text(words.name.words, row.attacked), repeats=row.count,
            joined=words.joined(row.joined_by, row.joined_over), asset=words.asset(row.asset),
            raised_from=row.own_level, observables=words.observables(row.observables),
        )
        for row in found[: DETECTIONS]
    )  # fmt: skip
    if page == 1 and len(found) <= DETECTIONS:
        return rows, None
    return rows, Window(
        first=first + 1,
        last=first + len(rows),
        total=cases.count_detections(look, incident),
        newer=f"{base}?detections={page - 1}#detections" if page > 1 else "",
        older=f"{base}?detections={page + 1}#detections" if len(found) > DETECTIONS else "",
    )


def _notes(look: Look, words: Words, incident: str, page: int) -> tuple[tuple[NoteRow, ...], Window | None]:
    """The newest remarks, or an older page of them."""
    first, base = (page - 1) * cases.PAGE, f"/incidents/{incident}"
    found = cases.newest_notes(look, incident, offset=first)
    rows = tuple(NoteRow(at=note.at, who=words.name(note.by), text=note.text) for note in found)
    if page == 1 and len(rows) < cases.PAGE:
        return rows, None
    total = cases.count_notes(look, incident)
    return rows, Window(
        first=first + 1,
        last=first + len(rows),
        total=total,
        newer=f"{base}?notes={page - 1}#notes" if page > 1 else "",
        older=f"{base}?notes={page + 1}#notes" if first + len(rows) < total else "",
    )


def _measures(look: Look, visit: Visit, words: Words, incident: str) -> tuple[MeasureRow, ...]:
    found = questions.measures(look, MeasureFilter(incident=incident))
    return tuple(row_of(view, visit, words) for view in found)


def _facts(visit: Visit, words: Words, sheet: Mapping[str, Fact]) -> tuple[FactRow, ...]:
    """The sheet in short; its clocks stand at the top of the page already."""
    found = [one for one in sheet.values() if one.name not in facts.CLOCKS]
    return rows_of(found, FactWords(visit.desk.door.city.facts, words.name.words), words.name)


def _posts(words: Words) -> tuple[Option, ...]:
    return tuple(Option(value=post, label=words.name.post(post)) for post in sorted(words.name.known.posts))
