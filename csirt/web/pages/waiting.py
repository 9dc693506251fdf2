"""判断待ち: detections that opened no incident by themselves, decided by the officer; and what lies in quarantine."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Conflict, Invalid, NotFound
from csirt.model.authority import Permission, may, must
from csirt.model.incident import IncidentStatus, IncidentType, Level
from csirt.model.linking import Because
from csirt.model.sorting import told_host
from csirt.response import incidents, joining
from csirt.store.queries import cases
from csirt.store.queries.cases import WaitingGroup, resolve_incident
from csirt.store.tx import Look
from csirt.taking import read_again
from csirt.texts.hosts import host_text
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import LINE_MOST, Faults, Sent, SentForm, new_key
from csirt.web.pages.hints import hints_waiting
from csirt.web.pages.opening import TYPES
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.frame import Form, Option
from csirt.web.views.waiting import QuarantineRow, Waiting, WaitingRow

router = APIRouter(include_in_schema=False)

NAMES = frozenset({"detection", "choice", "title", "incident", "reason"})
CHOICES = frozenset({"open", "join", "dismiss"})
MOST_CASES = 100  # that the list offers, the gravest first
MOST_KEYS = 500
_KEYS = re.compile(r"[0-9]{1,18}(?:-[0-9]{1,18}){0,499}")


@router.get("/waiting")
def show_waiting(request: Request, reader: IncidentReader) -> Response:
    """Decisions and quarantine."""
    return show(request, reader, reader.desk.look(_waiting, reader, Form(key=new_key()), frozenset()), "waiting")


@router.get("/quarantine")
def show_quarantine(request: Request, _reader: IncidentReader) -> Response:
    """The part of that page on records that could not be read."""
    return go(request, "/waiting#quarantine")


@router.post("/quarantine/retry")
def take_retry(request: Request, sent: SentForm) -> Response:
    """Read what lies in quarantine again."""
    read_again(sent.visit.desk, sent.visit.actor)
    return go(request, "/waiting#quarantine", "quarantine_read")


@router.post("/waiting")
def take_decision(request: Request, sent: SentForm) -> Response:
    """Open an incident of what was ticked, put it into one, or decide that it needs none."""
    must(sent.visit.actor, Permission.DECIDE_TRIAGE)
    chosen = frozenset(key for key in sent.many.get("detection", ()) if _KEYS.fullmatch(key))
    keys = sorted({int(key) for keys in chosen for key in keys.split("-")})
    faults = _faults(sent, keys)
    if not faults.errors:
        try:
            return _decide(request, sent, keys)
        except (Invalid, NotFound, Conflict) as error:
            faults.of(error, NAMES)
    form = sent.again(faults.errors, faults.params)
    view = sent.visit.desk.look(_waiting, sent.visit, form, chosen)
    return show(request, sent.visit, view, "waiting", status=Invalid.http, path="/waiting")


def _decide(request: Request, sent: Sent, keys: Sequence[int]) -> Response:
    visit, key = sent.visit, sent.request_key
    if sent.text("choice") == "dismiss":
        visit.desk.commit(visit.actor, incidents.ignore_waiting, keys, sent.text("reason"), request_key=key)
        return go(request, "/waiting", "decided")
    if sent.text("choice") == "join":
        case = visit.desk.look(resolve_incident, sent.line("incident"))
        visit.desk.commit(visit.actor, joining.join_waiting, keys, case, request_key=key)
        return go(request, f"/incidents/{case}#detections", "joined")
    type_ = IncidentType(sent.text("type") or IncidentType.UNDECIDED)
    made = visit.desk.commit(visit.actor, incidents.open_waiting, keys, sent.line("title"), type_, request_key=key)
    return go(request, f"/incidents/{made}", "opened")


def _faults(sent: Sent, keys: Sequence[int]) -> Faults:
    faults = Faults()
    if not keys:
        faults.add("detection", "choice_missing")
    if len(keys) > MOST_KEYS:
        faults.add("detection", "batch_too_large")
    choice = sent.text("choice")
    if choice not in CHOICES:
        faults.add("choice", "choice_missing")
    if choice == "join" and not sent.line("incident"):
        faults.add("incident", "choice_missing")
    if choice == "dismiss" and not sent.text("reason"):
        faults.add("reason", "reason_missing")
    faults.check_text("title", sent.text("title"), LINE_MOST)
    faults.check_text("reason", sent.text("reason"))
    if sent.text("type") not in {"", *TYPES}:
        faults.add("form", "choice_unknown")
    return faults


def _waiting(look: Look, visit: Visit, form: Form, chosen: frozenset[str]) -> Waiting:
    now, words = visit.desk.clock.now(), Words(visit.desk, look, visit)
    groups = cases.waiting(look)
    hints = hints_waiting(look, words, [group.keys for group in groups])
    return Waiting(
        rows=tuple(
            replace(_row(group, now, words), candidates=hints.get(place, ())) for place, group in enumerate(groups)
        ),
        quarantine=tuple(_quarantined(row, words) for row in cases.quarantine(look)),
        may_decide=may(visit.actor, Permission.DECIDE_TRIAGE),
        may_retry=may(visit.actor, Permission.INGEST),
        form=form,
        chosen=chosen,
        cases=_cases(look, words),
    )


def _cases(look: Look, words: Words) -> tuple[Option, ...]:
    """The open cases that the reader sees, by number and title; no drills."""
    found = cases.incidents(look, status=IncidentStatus.OPEN.value, limit=MOST_CASES, gravest=True)
    return tuple(
        Option(value=one.id, label=f"{words.number(one.fiscal_year, one.ordinal)} {one.title}")
        for one in found
        if not one.drill
    )


def _row(group: WaitingGroup, now: datetime, words: Words) -> WaitingRow:
    return WaitingRow(
        key="-".join(str(key) for key in group.keys),
        at=group.at or now,
        title=group.title,
        level=Level(group.level),
        type=IncidentType(group.type),
        format=group.format,
        host=host_text(words.name.words, group.attacked),
        repeats=group.count,
        asset=words.asset(group.asset),
        observables=words.observables(group.observables),
        reasons=_reasons(group, words),
    )


def _reasons(group: WaitingGroup, words: Words) -> tuple[str, ...]:
    """Why these detections are one group, in words."""
    if len(group.keys) == 1 and not group.reasons:
        return ()
    host = told_host(group.attacked)
    say = words.name.words.say
    alike = (say("waiting.same_report"),) if len(group.keys) > 1 else ()
    first = (say("waiting.same_host", {"host": host}),) if host else alike
    said = {Because.SAME_HOST.value, Because.SAME_REPORT.value}
    return (*first, *(words.joined(*reason) for reason in group.reasons if reason[0] not in said))


def _quarantined(row: dict[str, Any], words: Words) -> QuarantineRow:
    return QuarantineRow(
        at=row["received_at"],
        code=row["code"],
        place=f"{row['format']} #{row['batch_index'] + 1}",
        source=words.name(row["source"]),
    )
