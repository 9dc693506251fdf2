"""監査: the record through filters, and checking it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from csirt.checkpoints import checkpoints_of
from csirt.documents import Teller, teller
from csirt.errors import Invalid, LedgerBroken, NotFound, Unavailable
from csirt.extracting import MAKERS, ExportForm, extract, file_name
from csirt.model.authority import Permission, may, must
from csirt.model.people import SYSTEM, Role
from csirt.response import audit
from csirt.response.audit import Verified
from csirt.store.queries import cases, timeline
from csirt.store.queries.timeline import WINDOW, TimelineEntry
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import SentForm
from csirt.web.pages.record_filter import KINDS, Wanted, typed_filters, understood
from csirt.web.session import RecordReader, Visit
from csirt.web.views.audit import Audit, AuditRow, Verdict, Verification
from csirt.web.views.frame import Fact, Form, Option, Window
from csirt.wellness import note_verified

router = APIRouter(include_in_schema=False)
Typed = Annotated[Mapping[str, str], Depends(typed_filters)]


@dataclass(frozen=True, slots=True)
class Checked:
    """The last check of the record, kept while the process lives."""

    at: datetime
    found: Verified
    checkpoints: int = 0


@router.get("/audit")
def show_audit(
    request: Request,
    reader: RecordReader,
    typed: Typed,
    before: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
) -> Response:
    """Entries that fit every filter, newest first. Texts of cases are told to those only who may read incidents."""
    checked: Checked | None = getattr(request.app.state, "checked", None)
    view = reader.desk.look(_audit, reader, typed, before, checked)
    return show(request, reader, view, "audit", status=Invalid.http if view.form.errors else 200)


@router.get("/audit/export/{form}")
def give_extract(reader: RecordReader, form: str, typed: Typed) -> Response:
    """What the filters find, all of it, as a file; that it was taken is recorded. Raises as `extract`."""
    if form not in set(ExportForm):
        raise NotFound("page_unknown")
    wanted = reader.desk.look(understood, typed)
    for field, code in wanted.faults.errors.items():
        raise Invalid(code, field=field)
    chosen = ExportForm(form)
    content = extract(reader.desk, reader.actor, wanted.filter, chosen, reader.language, ever=reader.ever)
    named = f'attachment; filename="{file_name(chosen)}"'
    return Response(content, media_type=MAKERS[chosen][2], headers={"Content-Disposition": named})


@router.post("/audit/check")
def take_check(request: Request, sent: SentForm) -> Response:
    """Check every entry of the record, and keep the result for the page. One check at a time."""
    desk = sent.visit.desk
    must(sent.visit.actor, Permission.READ_RECORD)
    lock = request.app.state.checking
    if not lock.acquire(blocking=False):
        raise Unavailable("check_under_way")
    try:
        kept = checkpoints_of(desk.settings).kept()
        found = desk.seen_by(SYSTEM).look(audit.verify, checkpoints=kept)
        note_verified(desk, found)
    finally:
        lock.release()
    request.app.state.checked = Checked(desk.clock.now(), found, len(kept))
    return go(request, "/audit")


def _audit(look: Look, visit: Visit, typed: Mapping[str, str], before: int | None, checked: Checked | None) -> Audit:
    wanted = understood(look, typed)
    try:
        entries, broken = timeline.explore(look, wanted.filter, before=before) if wanted.ok else [], None
    except LedgerBroken as error:  # whoever looks for changes must be told of them, not be sent away
        entries, broken = [], error
    told = teller(visit.desk, look, visit.language, entries, visit.ever)
    words = Words(visit.desk, look, visit)
    numbers = cases.numbers(look, (entry.incident for entry in entries if entry.incident))
    names = {id_: words.number(year, ordinal, drill=drill) for id_, (year, ordinal, drill) in numbers.items()}
    reads = may(visit.actor, Permission.READ_INCIDENTS)
    return Audit(
        rows=tuple(_row(entry, told, names, reads=reads) for entry in entries),
        window=_window(look, wanted, before, entries) if wanted.ok else Window(first=0, last=0, total=0),
        verification=_unreadable(broken) if broken else _verification(checked),
        kinds=KINDS,
        people=_people(visit),
        steps=tuple(Option(value=key, label=text) for key, text in visit.desk.texts.every_step(visit.language)),
        form=Form(typed=dict(typed), errors=wanted.faults.errors, params=wanted.faults.params),
        exports=_exports(visit, wanted),
        timelines=_timelines(wanted, reads=reads),
        read_only=Role.AUDITOR in visit.actor.roles,
    )


def _row(entry: TimelineEntry, told: Teller, numbers: Mapping[str, str], *, reads: bool) -> AuditRow:
    href = f"/incidents/{entry.incident}" if entry.incident and reads else ""
    return AuditRow(
        seq=entry.seq,
        href=f"/audit/entries/{entry.seq}",
        at=entry.at,
        kind=entry.kind.value,
        who=told.actor(entry),
        incident=numbers.get(entry.incident or "", ""),
        incident_href=href,
        step=told.step_title(entry),
        what=told.tell(entry, with_texts=reads),
        details=tuple(
            Fact(label=name, value=told.detail(entry, name, value)) for name, value in sorted(entry.out.items())
        ),
    )


def _window(look: Look, wanted: Wanted, before: int | None, entries: list[TimelineEntry]) -> Window:
    total = timeline.count_entries(look, wanted.filter)
    below = total if before is None else timeline.count_entries(look, wanted.filter, before=before)
    first = total - below + 1
    newer = timeline.newer_window(look, entries[0].seq, wanted.filter) if entries and first > 1 else None
    return Window(
        first=first,
        last=first + len(entries) - 1,
        total=total,
        newer=_address(wanted, newer) if first > 1 else "",
        older=_address(wanted, entries[-1].seq) if below > WINDOW else "",
    )


def _address(wanted: Wanted, before: int | None) -> str:
    return f"/audit{wanted.query(before=before or '')}#entries"


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
        why=found.why or "",
        checkpoints=checked.checkpoints,
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


def _exports(visit: Visit, wanted: Wanted) -> Mapping[str, str]:
    """Where what is shown can be had as a file: all of it, not this window only."""
    if not wanted.ok or not may(visit.actor, Permission.EXPORT_RECORD):
        return {}
    return {form.value: f"/audit/export/{form.value}{wanted.query()}" for form in ExportForm}


def _timelines(wanted: Wanted, *, reads: bool) -> Mapping[str, str]:
    """The timeline of the incident that is filtered for, as a document."""
    incident = wanted.filter.incident
    if not incident or not reads:
        return {}
    return {form: f"/incidents/{incident}/timeline.{form}" for form in ("pdf", "xlsx", "csv")}
