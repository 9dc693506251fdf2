"""監査: the record through filters, and checking it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from csirt.clock import JST
from csirt.documents import Teller, teller
from csirt.era import parse_date
from csirt.errors import Invalid, LedgerBroken, NotFound, Unavailable
from csirt.model.authority import Permission, may, must
from csirt.model.people import SYSTEM, Role
from csirt.record.entry import EntryKind
from csirt.response import audit
from csirt.response.audit import Verified
from csirt.store.queries import cases, timeline
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.timeline import WINDOW, TimelineEntry
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, SentForm
from csirt.web.session import RecordReader, Visit
from csirt.web.views.audit import Audit, AuditRow, Verdict, Verification
from csirt.web.views.frame import Fact, Form, Option, Window
from csirt.wellness import note_verified

router = APIRouter()

KINDS = tuple(kind.value for kind in EntryKind)
_FILTERS = ("incident", "kind", "person", "since", "until")
Filter = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class Checked:
    """The last check of the record, kept while the process lives."""

    at: datetime
    found: Verified


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters as typed, and as far as they could be understood."""

    typed: Mapping[str, str]
    before: int | None
    filters: dict[str, Any] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)


@router.get("/audit")
def show_audit(  # noqa: PLR0917 - the filters of a search
    request: Request,
    reader: RecordReader,
    incident: Filter = "",
    kind: Filter = "",
    person: Filter = "",
    since: Filter = "",
    until: Filter = "",
    before: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
) -> Response:
    """Entries that fit every filter, newest first. Texts of cases are told to those only who may read incidents."""
    typed = {name: text.strip() for name, text in zip(_FILTERS, (incident, kind, person, since, until), strict=True)}
    checked: Checked | None = getattr(request.app.state, "checked", None)
    view = reader.desk.look(_audit, reader, typed, before, checked)
    return show(request, reader, view, "audit", status=Invalid.http if view.form.errors else 200)


@router.post("/audit/check")
def take_check(request: Request, sent: SentForm) -> Response:
    """Check every entry of the record, and keep the result for the page. One check at a time."""
    desk = sent.visit.desk
    must(sent.visit.actor, Permission.READ_RECORD)
    lock = request.app.state.checking
    if not lock.acquire(blocking=False):
        raise Unavailable("check_under_way")
    try:
        found = desk.seen_by(SYSTEM).look(audit.verify)
        note_verified(desk, found)
    finally:
        lock.release()
    request.app.state.checked = Checked(desk.clock.now(), found)
    return go(request, "/audit")


def _audit(look: Look, visit: Visit, typed: Mapping[str, str], before: int | None, checked: Checked | None) -> Audit:
    wanted = _understood(look, typed, before)
    ok = not wanted.faults.errors
    try:
        entries, broken = timeline.explore(look, **wanted.filters, before=before) if ok else [], None
    except LedgerBroken as error:  # whoever looks for changes must be told of them, not be sent away
        entries, broken = [], error
    told = teller(visit.desk, look, visit.language, entries, visit.ever)
    words = Words(visit.desk, look, visit)
    numbers = cases.numbers(look, (entry.incident for entry in entries if entry.incident))
    names = {id_: words.number(year, ordinal, drill=drill) for id_, (year, ordinal, drill) in numbers.items()}
    reads = may(visit.actor, Permission.READ_INCIDENTS)
    return Audit(
        rows=tuple(_row(entry, told, names, reads=reads) for entry in entries),
        window=_window(look, wanted, entries) if ok else Window(first=0, last=0, total=0),
        verification=_unreadable(broken) if broken else _verification(checked),
        kinds=KINDS,
        people=_people(visit),
        form=Form(typed=dict(typed), errors=wanted.faults.errors, params=wanted.faults.params),
        exports=_exports(wanted, reads=reads),
        read_only=Role.AUDITOR in visit.actor.roles,
    )


def _understood(look: Look, typed: Mapping[str, str], before: int | None) -> Wanted:
    wanted = Wanted(typed, before)
    filters, faults = wanted.filters, wanted.faults
    if typed["incident"]:
        try:
            filters["incident"] = resolve_incident(look, typed["incident"])
        except NotFound as error:
            faults.add("incident", error.code)
    if typed["kind"] in KINDS:
        filters["kind"] = typed["kind"]
    if typed["person"]:
        filters["actor"] = typed["person"]
    for name, days in (("since", 0), ("until", 1)):
        if typed[name]:
            faults.check(name, lambda name=name, days=days: filters.update({name: _edge(typed[name], days)}))  # type: ignore[misc]
    return wanted


def _edge(text: str, days: int) -> datetime:
    """When a day begins in Japan, or (with one day more) its last moment."""
    day = parse_date(text)
    if not 2000 <= day.year < 2200:
        raise Invalid("date_impossible")
    begins = datetime(day.year, day.month, day.day, tzinfo=JST) + timedelta(days=days)
    return (begins - timedelta(microseconds=days)).astimezone(UTC)


def _row(entry: TimelineEntry, told: Teller, numbers: Mapping[str, str], *, reads: bool) -> AuditRow:
    href = f"/incidents/{entry.incident}" if entry.incident and reads else ""
    return AuditRow(
        seq=entry.seq,
        at=entry.at,
        kind=entry.kind.value,
        who=told.actor(entry),
        incident=numbers.get(entry.incident or "", ""),
        incident_href=href,
        step=told.step_title(entry),
        what=told.tell(entry, with_texts=reads),
        details=tuple(Fact(label=name, value=_plain(value)) for name, value in sorted(entry.out.items())),
    )


def _plain(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)


def _window(look: Look, wanted: Wanted, entries: list[TimelineEntry]) -> Window:
    filters = wanted.filters
    total = timeline.count_entries(look, **filters)
    below = total if wanted.before is None else timeline.count_entries(look, **filters, before=wanted.before)
    first = total - below + 1
    newer = timeline.newer_window(look, entries[0].seq, **filters) if entries and first > 1 else None
    return Window(
        first=first,
        last=first + len(entries) - 1,
        total=total,
        newer=_address(wanted.typed, newer) if first > 1 else "",
        older=_address(wanted.typed, entries[-1].seq) if below > WINDOW else "",
    )


def _address(typed: Mapping[str, str], before: int | None) -> str:
    query = urlencode({name: text for name, text in typed.items() if text} | ({"before": before} if before else {}))
    return f"/audit?{query}#entries" if query else "/audit#entries"


def _verification(checked: Checked | None) -> Verification:
    if checked is None:
        return Verification(verdict=Verdict.UNCHECKED)
    found = checked.found
    return Verification(
        verdict=Verdict.INTACT if found.ok else Verdict.BROKEN,
        at=checked.at,
        size=found.size,
        root=found.root,
        bad_seq=found.first_bad,
    )


def _unreadable(error: LedgerBroken) -> Verification:
    """An entry in the window is no entry of ours any more."""
    seq = error.params.get("seq")
    return Verification(verdict=Verdict.BROKEN, bad_seq=seq if isinstance(seq, int) else None)


def _people(visit: Visit) -> tuple[Option, ...]:
    """Those who have a duty, today or before, by name."""
    people = sorted(visit.ever.people.values(), key=lambda person: (person.kana, person.name))
    duties = {id_ for post in visit.ever.posts.values() for id_ in post.acting_order}
    return tuple(Option(value=one.id, label=one.name) for one in people if one.roles or one.id in duties)


def _exports(wanted: Wanted, *, reads: bool) -> dict[str, str]:
    """The timeline of the incident that is filtered for."""
    incident = wanted.filters.get("incident")
    if incident is None or not reads:
        return {}
    return {form: f"/incidents/{incident}/timeline.{form}" for form in ("pdf", "xlsx", "csv")}
