"""Incidents open, take in detections, and close."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlmodel import col, select

from csirt.clock import JST
from csirt.era import fiscal_year
from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model.authority import Permission, must
from csirt.model.incident import Disposition, IncidentStatus, IncidentType, Level
from csirt.model.linking import Because
from csirt.model.step import StepKind, StepState
from csirt.record.entry import EntryKind
from csirt.response import duties, errands, facts, levels, reasons, repeats, secrecy
from csirt.response.members import Member
from csirt.store.queries.reports import unfinished
from csirt.store.tables.cases import IncidentCounterRow, IncidentRow, NoteRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tables.runs import AssignmentRow, RunDueRow, RunRow, StepRow
from csirt.store.tables.sorting import ClusterRow
from csirt.store.tx import Tx, new_id


@dataclass(frozen=True, slots=True)
class Report:
    """What a person says happened: from a telephone call, the counter, a member of staff, a mail."""

    title: str
    type: IncidentType = IncidentType.UNDECIDED
    account: str = ""
    channel: str = "phone"
    host: str = ""
    personal_data: str = "unknown"  # yes, no, unknown
    occurred: datetime | None = None
    noticed: datetime | None = None
    level: Level = Level.MINOR
    drill: bool = False  # 訓練: everything happens, and nobody outside is reached
    sealed: bool = False  # only its readers see it
    readers: tuple[str, ...] = ()  # ids of people, besides who opens it
    sensed: frozenset[str] = frozenset()  # which of its clocks were read off detections: estimates until somebody says


def open_by_report(tx: Tx, report: Report, *, request_key: str | None = None) -> str:
    """An officer opens an incident; returns its id. The same `request_key` again gives the same incident.

    Raises:
        Forbidden: this actor may not open incidents.
        Invalid: no title, or a 個人番号 in a text.
    """
    must(tx.actor, Permission.OPEN_INCIDENT)
    if report.sealed:
        must(tx.actor, Permission.SEAL_INCIDENT)
    if request_key and (known := _by_request(tx, request_key)):
        return known
    if not report.title.strip():
        raise Invalid("title_missing", field="title")
    for field in ("title", "account", "host"):
        refuse_my_number(getattr(report, field), field=field)
    return open_case(tx, report, cause="report", request_key=request_key)


def _by_request(tx: Tx, request_key: str) -> str | None:
    return tx.session.exec(select(IncidentRow.id).where(IncidentRow.request_key == request_key)).first()


def open_waiting(
    tx: Tx, keys: Sequence[int], title: str, type_: IncidentType, *, request_key: str | None = None
) -> str:
    """The officer opens an incident from detections that wait; the same `request_key` again gives the same one."""
    must(tx.actor, Permission.DECIDE_TRIAGE)
    if request_key and (known := _by_request(tx, request_key)):
        return known
    members = still_waiting(tx, keys)
    level = Level(max(row.level for row in members))
    refuse_my_number(title, field="title")
    report = of_sensors(members, title or members[0].title, type_, level, tx.now)
    incident = open_case(tx, report, "officer", request_key)
    for row in members:
        row.state, row.incident, row.joined_by = "sorted", incident, Because.OFFICER.value
        tx.session.add(row)
    said: dict[str, str | int] = {"detections": len(members), "because": Because.OFFICER.value}
    tx.record(EntryKind.DETECTIONS_JOINED, incident=incident, out=said)
    lead_here(tx, incident, members)
    return incident


def of_sensors(
    rows: Iterable[DetectionRow | Member], title: str, type_: IncidentType, level: Level, now: datetime
) -> Report:
    """What detections report. It began at the earliest instant in the past that one of them gave, if any did."""
    began = min((row.time_utc for row in rows if row.time_utc and row.time_utc <= now), default=None)
    sensed = frozenset({"occurred"} if began else ())
    return Report(title=title, type=type_, channel="sensor", level=level, occurred=began, sensed=sensed)


def lead_here(tx: Tx, incident: str, members: Sequence[DetectionRow]) -> None:
    """What comes later and belongs to these detections joins their case, unless it belongs to another one already."""
    clusters = {row.cluster for row in members if row.cluster}
    found = select(ClusterRow).where(col(ClusterRow.id).in_(clusters), col(ClusterRow.incident).is_(None))
    for cluster in tx.session.exec(found.order_by(col(ClusterRow.id)).with_for_update()):
        cluster.incident = incident
        tx.session.add(cluster)


def ignore_waiting(tx: Tx, keys: Sequence[int], reason: str, *, request_key: str | None = None) -> int:
    """The officer decides that detections need no case; they stay findable. Returns how many.

    The same `request_key` again decides nothing anew.
    """
    must(tx.actor, Permission.DECIDE_TRIAGE)
    if known := repeats.recorded(tx, request_key):
        return int(str(known["detections"]))
    reasons.given(reason)
    members = still_waiting(tx, keys)
    for row in members:
        row.state = "ignored"
        tx.session.add(row)
    tx.record(
        EntryKind.DETECTION_IGNORED, cid=repeats.cid_of(request_key), out={"detections": len(members)},
        texts={"reason": reason},
    )  # fmt: skip
    return len(members)


def still_waiting(tx: Tx, keys: Sequence[int]) -> list[DetectionRow]:
    """Those of these detections that nobody has decided on yet, locked. Raises `NotFound` if none is left."""
    query = select(DetectionRow).where(col(DetectionRow.id).in_(keys), DetectionRow.state == "waiting")
    members = list(tx.session.exec(query.order_by(col(DetectionRow.id)).with_for_update()))
    if not members:
        raise NotFound("detections_not_waiting")
    return members


def open_case(tx: Tx, report: Report, cause: str, request_key: str | None = None) -> str:
    """Open a case and order its playbook; `cause` is `rule`, `report` or `officer`. Returns its id."""
    because = ""
    if cause != "rule":  # of detections the rules for these have spoken already
        level, because = levels.presumed(tx.city, tx.now, report.level, report.type.value, report.personal_data)
        report = replace(report, level=level)
    incident = new_id("i")
    year = fiscal_year(tx.now.astimezone(JST).date())
    ordinal = _next_number(tx, year, drill=report.drill)
    texts = {"title": report.title.strip()}
    if report.account.strip() or report.host.strip():
        texts["account"] = f"{report.host.strip()}\n{report.account.strip()}".strip()
    sealed = tx.record(
        EntryKind.INCIDENT_OPENED,
        incident=incident,
        out={"type": report.type.value, "level": int(report.level), "year": year, "ordinal": ordinal, "cause": cause,
             "channel": report.channel, "personal_data": report.personal_data, **_said(report)},
        texts=texts,
    )  # fmt: skip
    tx.session.add(
        IncidentRow(
            id=incident, fiscal_year=year, ordinal=ordinal, drill=report.drill, type=report.type.value,
            title_c=sealed["title"], status=IncidentStatus.OPEN.value, proposed_level=int(report.level),
            sensed_level=int(report.level),
            occurred=report.occurred, noticed=report.noticed, known=tx.now, received=tx.now, opened_by=tx.actor.id,
            report_channel=report.channel, personal_data=report.personal_data, request_key=request_key,
        )
    )  # fmt: skip
    tx.session.flush()
    if report.sealed:
        secrecy.begin(tx, incident, report.readers)
    clocks = {"occurred": report.occurred, "noticed": report.noticed, "known": tx.now, "received": tx.now}
    facts.begin(tx, incident, clocks, report.personal_data, report.sensed)
    by: dict[str, str | int] = {"by": "rule", "because": because} if because else {"by": cause}
    tx.record(EntryKind.LEVEL_PROPOSED, incident=incident, out={"level": int(report.level), **by})
    order_run(tx, incident, report.type)
    return incident


def _said(report: Report) -> dict[str, str | bool]:
    """The clocks that the report named, as the record holds them, and whether it is a drill."""
    said = {"occurred": report.occurred, "noticed": report.noticed}
    named = {name: at.astimezone(UTC).isoformat(timespec="seconds") for name, at in said.items() if at is not None}
    return {**named, **({"drill": True} if report.drill else {})}


def _next_number(tx: Tx, year: int, *, drill: bool) -> int:
    counter = tx.session.get(IncidentCounterRow, (year, drill), with_for_update=True)
    counter = counter or IncidentCounterRow(fiscal_year=year, drill=drill, last=0)
    counter.last += 1
    tx.session.add(counter)
    return counter.last


def order_run(tx: Tx, incident: str, type_: IncidentType) -> None:
    """Order the playbook of this type, where one is written, in the same commit."""
    if type_ not in tx.city.playbooks:
        return
    name, version = tx.city.playbooks[type_]
    run = new_id("r")
    tx.session.add(RunRow(id=run, incident=incident, playbook=name, version=version, opened_at=tx.now))
    tx.session.flush()
    tx.session.add(RunDueRow(run=run, wake=1, seen=0, woken_at=tx.now))
    tx.record(EntryKind.RUN_ORDERED, incident=incident, run=run, out={"playbook": name, "version": version})
    tx.woke = True


def incident_for_update(tx: Tx, incident: str) -> IncidentRow:
    """The incident's row, locked first of all. Raises `NotFound`, or `Conflict` if the case is closed."""
    row = tx.session.get(IncidentRow, incident, with_for_update=True)
    if row is None:
        raise NotFound("incident_unknown", incident=incident)
    if row.status == IncidentStatus.CLOSED.value:
        raise Conflict("incident_closed", incident=incident)
    return row


def set_level(tx: Tx, incident: str, level: Level, reason: str, *, request_key: str | None = None) -> None:
    """Set the level, with a reason: the holder or a deputy of the post that this level asks for.

    The same `request_key` again records nothing.

    Raises:
        Forbidden: this actor may set no level, or not this one.
        Invalid: no reason, or a 個人番号 in it.
    """
    must(tx.actor, Permission.SET_LEVEL)
    post = tx.city.level_setters.get(level, "csirt-head")
    if tx.actor.auth != "local" and post not in tx.actor.posts:
        raise Forbidden("not_your_level", level=int(level), post=post)
    reasons.given(reason)
    if repeats.recorded(tx, request_key) is not None:
        return
    row = incident_for_update(tx, incident)
    row.level = int(level)
    tx.session.add(row)
    tx.record(
        EntryKind.LEVEL_SET, incident=incident, cid=repeats.cid_of(request_key), out={"level": int(level)},
        texts={"reason": reason.strip()},
    )  # fmt: skip
    duties.review(tx, row)
    duties.wake(tx, incident)


def add_note(tx: Tx, incident: str, text: str, *, request_key: str | None = None) -> str:
    """Add a remark to an open case; returns its id. The same `request_key` again adds nothing."""
    must(tx.actor, Permission.ADD_NOTE)
    if known := repeats.recorded(tx, request_key):
        return str(known["note"])
    incident_for_update(tx, incident)
    refuse_my_number(text, field="text")
    if not text.strip():
        raise Invalid("text_missing", field="text")
    note = new_id("n")
    sealed = tx.record(
        EntryKind.NOTE_ADDED, incident=incident, cid=repeats.cid_of(request_key), out={"note": note},
        texts={"text": text.strip()},
    )  # fmt: skip
    tx.session.add(NoteRow(id=note, incident=incident, text_c=sealed["text"], by=tx.actor.id, at=tx.now))
    return note


def close(tx: Tx, incident: str, disposition: Disposition, because: str) -> None:
    """Close a case. Refused while a step waits for a person, a mandatory one is not done, or a duty is open.

    Also while a report that went out on a yes by phone waits for its paper to be stamped.

    Raises:
        Forbidden: this actor may not close incidents.
        Conflict: steps stand open, or it is closed already.
    """
    must(tx.actor, Permission.CLOSE_INCIDENT)
    row = incident_for_update(tx, incident)
    if papers := unfinished(tx.session, incident):
        raise Conflict("paper_open", incident=incident, reports=",".join(f"{one.form}:{one.number}" for one in papers))
    if open_steps := _open_steps(tx, incident):
        raise Conflict("steps_open", incident=incident, steps=",".join(sorted(open_steps)))
    errands.end(tx, incident)
    duties.end(tx, incident, disposition)
    sealed = tx.record(
        EntryKind.INCIDENT_CLOSED,
        incident=incident,
        out={"disposition": disposition.value},
        texts={"because": because} if because else None,
    )
    row.status, row.disposition, row.closed_at = IncidentStatus.CLOSED.value, disposition.value, tx.now
    row.closing_c = sealed.get("because")
    tx.session.add(row)


# What a holder is to see stays for them, also afterwards; errands have their own rule.
_APART = (StepKind.REVIEW.value, StepKind.ERRAND.value)


def _open_steps(tx: Tx, incident: str) -> set[str]:
    asked = select(AssignmentRow.step).where(
        AssignmentRow.incident == incident, col(AssignmentRow.closed_at).is_(None),
        col(AssignmentRow.kind).not_in(_APART),
    )  # fmt: skip
    needed = (
        select(StepRow.key)
        .join(RunRow, col(RunRow.id) == col(StepRow.run))
        .where(RunRow.incident == incident, StepRow.state == StepState.OPEN.value, col(StepRow.mandatory))
    )
    return {*tx.session.exec(asked), *tx.session.exec(needed)}
