"""Incidents that turn out to be one, or to have been two: merged and taken apart again, with history.

The case that is merged keeps its number, its record and what lies in it, and says where it went; its run is stopped by
a recorded act, and whoever was asked is asked no longer. Taken apart again, it is open as before, with the detections
that it brought along, its run goes on and its questions stand open again; what only it let the other one know is taken
back there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, literal, update
from sqlmodel import col, select

from csirt.errors import Conflict, Invalid, NotFound
from csirt.model.authority import Permission, must
from csirt.model.fact import Fact, Statement
from csirt.model.incident import Disposition, IncidentStatus
from csirt.model.step import StepKind
from csirt.record.entry import EntryKind
from csirt.response import (
    duties,
    escalations,
    facts,
    incidents,
    levels,
    locks,
    reaching,
    reasons,
    repeats,
    runs,
    secrecy,
)
from csirt.store.tables.cases import IncidentRow, MergeDetectionRow, MergeRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tables.runs import AssignmentRow, RunDueRow, RunRow, TimerRow
from csirt.store.tables.sorting import ClusterRow
from csirt.store.tx import Look, Tx, new_id

REASON_LIMIT = 2000
MERGED = "merged"  # stops the run, and marks the questions that were taken back


def merge(tx: Tx, gone: str, into: str, reason: str, *, request_key: str | None = None) -> str:
    """A person says that two open incidents are one; returns the id of the merge.

    Raises:
        Forbidden: this actor may not.
        NotFound: there is no such incident.
        Conflict: one of them is closed, or one is a drill and the other is not.
        Invalid: no reason, a 個人番号 in it, or both are the same.
    """
    must(tx.actor, Permission.MERGE_INCIDENTS)
    if known := repeats.recorded(tx, request_key):
        return str(known["merge"])
    if gone == into:
        raise Invalid("merge_same", field="into")
    reasons.given(reason, most=REASON_LIMIT)
    secrecy.must_be_mergeable(tx, gone, into)
    return join_cases(tx, into, gone, cause="officer", reason=reason.strip(), request_key=request_key)


def join_cases(tx: Tx, into: str, gone: str, *, cause: str, reason: str = "", request_key: str | None = None) -> str:
    """Make one open incident of two, by rule or for a person; returns the id of the merge."""
    for incident in sorted({into, gone}):
        locks.hold(tx, incident)
    kept, left = incidents.incident_for_update(tx, into), incidents.incident_for_update(tx, gone)
    if kept.drill != left.drill:
        raise Conflict("merge_with_drill", incident=gone)
    merge_ = new_id("m")
    sealed = tx.record(
        EntryKind.INCIDENTS_MERGED, incident=gone, cid=repeats.cid_of(request_key),
        out={"merge": merge_, "into": into, "cause": cause, "withdrawn": _rest(tx, gone)},
        texts={"reason": reason} if reason else None,
    )  # fmt: skip
    tx.session.add(
        MergeRow(
            id=merge_, gone=gone, into_incident=into, cause=cause, by=tx.actor.id, at=tx.now,
            reason_c=sealed.get("reason"),
        )
    )  # fmt: skip
    duties.end(tx, gone, Disposition.DUPLICATE)  # whom to tell is asked of the case that stays
    left.status, left.disposition, left.closed_at = IncidentStatus.CLOSED.value, Disposition.DUPLICATE.value, tx.now
    left.merged_into = into
    tx.session.add(left)
    tx.session.flush()
    tx.record(
        EntryKind.DETECTIONS_MOVED, incident=into,
        out={"merge": merge_, "from": gone, "detections": _bring_along(tx, merge_, gone, into), "because": MERGED},
    )  # fmt: skip
    _carry_facts(tx, gone, into)
    _propose(tx, kept, left)
    return merge_


def _rest(tx: Tx, incident: str) -> int:
    """Stop the run of a case, and take its questions and timers back; returns how many questions."""
    run = tx.session.exec(select(RunRow).where(RunRow.incident == incident)).first()
    escalations.call_off(tx, incident)
    asked = select(AssignmentRow).where(AssignmentRow.incident == incident, col(AssignmentRow.closed_at).is_(None))
    asked = asked.where(AssignmentRow.kind != StepKind.REVIEW.value)  # what a holder is to see stays for them
    rows = tx.session.exec(asked.with_for_update()).all()
    for row in rows:
        row.closed_at, row.choice, row.remind_at = tx.now, MERGED, None
        tx.session.add(row)
    if run is not None and run.ended_at is None and run.stopped_by is None:
        runs.stop_now(tx, run.id, incident, MERGED)
        open_timers = (col(TimerRow.run) == run.id, col(TimerRow.done_at).is_(None))
        tx.session.execute(update(TimerRow).where(*open_timers).values(done_at=tx.now))
    return len(rows)


def _bring_along(tx: Tx, merge_: str, gone: str, into: str) -> int:
    """Move the detections of one case into another, and let what belongs to them follow; returns how many."""
    moved = select(literal(merge_), col(DetectionRow.id)).where(col(DetectionRow.incident) == gone)
    tx.session.execute(insert(MergeDetectionRow).from_select(["merge", "detection"], moved))
    changed: Any = tx.session.execute(
        update(DetectionRow).where(col(DetectionRow.incident) == gone).values(incident=into)
    )
    tx.session.execute(update(ClusterRow).where(col(ClusterRow.incident) == gone).values(incident=into))
    return int(changed.rowcount)


def _carry_facts(tx: Tx, gone: str, into: str) -> None:
    """What was known of the case that went is known of the one that stays, where nothing is stated there yet.

    Of the clocks the earlier one counts: the city knew once any section knew (day 1 of the law's days).
    """
    look = Look(tx.session, tx.vault)
    stands, brought = facts.current(look, into), facts.current(look, gone)
    carried = [one for one in brought.values() if one.name != "received" and _adds(one, stands.get(one.name))]
    for start in range(0, len(carried), facts.MOST_AT_ONCE):
        part = carried[start : start + facts.MOST_AT_ONCE]
        facts.carry(tx, into, [Statement(one.name, one.state, one.value, one.source, one.at) for one in part])


def _adds(one: Fact, stands: Fact | None) -> bool:
    if one.value is None or stands is None or stands.value is None:
        return one.value is not None
    if one.name not in facts.CLOCKS:
        return False
    return datetime.fromisoformat(str(one.value)) < datetime.fromisoformat(str(stands.value))


def _propose(tx: Tx, kept: IncidentRow, left: IncidentRow) -> None:
    """The graver of the two levels is proposed for the case that stays."""
    level = max(left.proposed_level, left.level or 0)
    if level > kept.sensed_level:
        levels.sense(tx, kept, level)
        levels.propose(tx, kept, MERGED)


def unmerge(tx: Tx, gone: str, reason: str, *, request_key: str | None = None) -> str:
    """A person takes a merged incident apart again; returns the id of the case that it had been merged into.

    What arrives later and belongs to both goes to the case that stayed.

    Raises:
        Forbidden: this actor may not.
        NotFound: there is no such incident.
        Conflict: it is not merged, or the case that it went into is closed or merged itself.
        Invalid: no reason, or a 個人番号 in it.
    """
    must(tx.actor, Permission.MERGE_INCIDENTS)
    if known := repeats.recorded(tx, request_key):
        return str(known["from"])
    reasons.given(reason, most=REASON_LIMIT)
    row = _merge_of(tx, gone)
    for incident in sorted({row.into_incident, gone}):
        locks.hold(tx, incident)
    incidents.incident_for_update(tx, row.into_incident)
    left = tx.session.get_one(IncidentRow, gone, populate_existing=True)
    if left.merged_into != row.into_incident:
        raise Conflict("incident_not_merged", incident=gone)
    left.status, left.disposition, left.closed_at, left.merged_into = IncidentStatus.OPEN.value, None, None, None
    row.undone_at = tx.now
    tx.session.add(left)
    tx.session.add(row)
    tx.session.flush()
    count = _take_back(tx, row)
    tx.record(
        EntryKind.INCIDENTS_UNMERGED, incident=gone, cid=repeats.cid_of(request_key),
        out={"merge": row.id, "from": row.into_incident, "detections": count}, texts={"reason": reason.strip()},
    )  # fmt: skip
    tx.record(
        EntryKind.DETECTIONS_MOVED, incident=row.into_incident,
        out={"merge": row.id, "into": gone, "detections": count, "because": "unmerged"},
    )  # fmt: skip
    duties.review(tx, left)
    _go_on(tx, row)
    return row.into_incident


def _merge_of(tx: Tx, gone: str) -> MergeRow:
    if tx.session.get(IncidentRow, gone) is None:
        raise NotFound("incident_unknown", incident=gone[:40])
    query = select(MergeRow).where(MergeRow.gone == gone, col(MergeRow.undone_at).is_(None))
    row = tx.session.exec(query.order_by(col(MergeRow.at).desc()).with_for_update()).first()
    if row is None:
        raise Conflict("incident_not_merged", incident=gone)
    return row


def _take_back(tx: Tx, row: MergeRow) -> int:
    """The detections go back, as a decision of a person: sorting moves them no more. So does what was known by them."""
    brought = select(MergeDetectionRow.detection).where(MergeDetectionRow.merge == row.id)
    here = (col(DetectionRow.id).in_(brought), col(DetectionRow.incident) == row.into_incident)
    changed: Any = tx.session.execute(update(DetectionRow).where(*here).values(incident=row.gone, cluster=None))
    facts.take_back(tx, row.into_incident, row.at)
    return int(changed.rowcount)


def _go_on(tx: Tx, row: MergeRow) -> None:
    """The run and the questions of a case that is open again go on where they were."""
    run = tx.session.exec(select(RunRow).where(RunRow.incident == row.gone)).first()
    if run is not None and run.stopped_by == MERGED:
        run.stopped_by = None
        due = tx.session.get_one(RunDueRow, run.id, with_for_update=True)
        due.ended, due.shown, due.prefect_run = False, True, None
        tx.session.add(run)
        tx.session.add(due)
        stopped = (col(TimerRow.run) == run.id, col(TimerRow.done_at) == row.at)
        tx.session.execute(update(TimerRow).where(*stopped).values(done_at=None))
        tx.record(EntryKind.RUN_RESUMED, incident=row.gone, run=run.id)
        tx.session.flush()
        tx.wake(run.id)
    for asked in _withdrawn(tx, row):
        asked.closed_at, asked.choice = None, None
        asked.remind_at = asked.due_at if asked.kind == StepKind.ERRAND.value else None
        tx.session.add(asked)
        if asked.chain and asked.run:
            reaching.call(tx, row.gone, asked.run, asked.step, asked.chain, asked.who)


def _withdrawn(tx: Tx, row: MergeRow) -> Sequence[AssignmentRow]:
    query = select(AssignmentRow).where(
        AssignmentRow.incident == row.gone, AssignmentRow.choice == MERGED, col(AssignmentRow.delivery).is_(None)
    )
    return tx.session.exec(query.with_for_update()).all()
