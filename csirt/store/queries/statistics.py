"""The instants of past cases, for figures. Drills and merged cases are left out."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as sql_select
from sqlmodel import col, select

from csirt.model.duty import DutyState
from csirt.model.statistics import Case, Deadline
from csirt.record.entry import EntryKind
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.duties import DutyReportRow, DutyRow
from csirt.store.tables.record import LedgerRow
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Look

_SEEN = (EntryKind.CALL_ACKNOWLEDGED.value, EntryKind.STEP_ANSWERED.value, EntryKind.NOTE_ADDED.value)
_MEASURED: Any = sql_select(  # a year has thousands of cases: plain rows, of what is measured only
    IncidentRow.id, IncidentRow.type, func.coalesce(col(IncidentRow.level), col(IncidentRow.proposed_level)),
    IncidentRow.received, IncidentRow.occurred, IncidentRow.noticed, IncidentRow.known, IncidentRow.closed_at,
    IncidentRow.disposition,
)  # type: ignore[call-overload,misc]  # fmt: skip
_DID_IT = ("done", "cut", "yes", "approve")  # of the choices that a containing step offers


def _counted(start: datetime, end: datetime) -> Any:
    return (
        col(IncidentRow.received) >= start,
        col(IncidentRow.received) < end,
        col(IncidentRow.drill).is_(False),
        col(IncidentRow.merged_into).is_(None),
    )


def cases(look: Look, start: datetime, end: datetime, contained_by: Collection[str]) -> list[Case]:
    """The cases received from `start` until before `end`, oldest first, with what is measured of them."""
    rows = look.session.execute(_MEASURED.where(*_counted(start, end)).order_by(col(IncidentRow.received))).all()
    ids = select(IncidentRow.id).where(*_counted(start, end))
    seen = _first(
        look, LedgerRow.inc, LedgerRow.at, col(LedgerRow.inc).in_(ids), col(LedgerRow.kind).in_(_SEEN),
        LedgerRow.actor != "system",
    )  # fmt: skip
    contained = _first(
        look, AssignmentRow.incident, AssignmentRow.closed_at, col(AssignmentRow.incident).in_(ids),
        col(AssignmentRow.step).in_(contained_by), col(AssignmentRow.choice).in_(_DID_IT),
    )  # fmt: skip
    reported = _first(
        look, DutyRow.incident, DutyReportRow.sent_at, DutyReportRow.duty == DutyRow.id, col(DutyRow.incident).in_(ids)
    )
    return [
        Case(
            type=type_, level=level, received=received, occurred=occurred, noticed=noticed, known=known,
            acknowledged=seen.get(id_), contained=contained.get(id_), reported=reported.get(id_), closed=closed,
            disposition=disposition,
        )
        for id_, type_, level, received, occurred, noticed, known, closed, disposition in rows
    ]  # fmt: skip


def _first(look: Look, of: Any, at: Any, *conditions: Any) -> dict[str, datetime]:
    """The earliest instant of each incident."""
    query = select(of, func.min(at)).where(*conditions).group_by(of)
    return {incident: first for incident, first in look.session.exec(query) if first is not None}


def deadlines(look: Look, start: datetime, end: datetime) -> list[Deadline]:
    """The duties with a last instant of these cases; those whose reason is gone are left out."""
    sent = select(DutyReportRow.duty, func.min(DutyReportRow.sent_at).label("first")).group_by(DutyReportRow.duty)
    first = sent.subquery()
    query: Any = (
        select(DutyRow.rule, DutyRow.due_at, first.c.first, DutyRow.state)
        .join(IncidentRow, col(IncidentRow.id) == col(DutyRow.incident))
        .join(first, first.c.duty == DutyRow.id, isouter=True)
        .where(*_counted(start, end), col(DutyRow.due_at).is_not(None), DutyRow.state != DutyState.LAPSED.value)
    )
    return [
        Deadline(rule, due, met, waived=state == DutyState.WAIVED.value)
        for rule, due, met, state in look.session.exec(query)
    ]


def first_year(look: Look) -> int | None:
    """The fiscal year of the first case, None where there is none."""
    query = select(func.min(IncidentRow.fiscal_year)).where(col(IncidentRow.drill).is_(False))
    return look.session.exec(query).one()
