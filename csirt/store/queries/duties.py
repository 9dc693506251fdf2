"""Questions about duties: those of an incident with their reports, and the next deadline of each."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, false, func, tuple_
from sqlmodel import Session, col, select

from csirt.errors import NotFound
from csirt.model.duty import DutyState
from csirt.model.incident import IncidentStatus
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.duties import DutyReportRow, DutyRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class ReportView:
    """One report to the addressee of a duty."""

    id: str
    version: int
    addressee: str
    channel: str
    sent_at: datetime
    acknowledged_at: datetime | None
    receipt: str
    by: str


@dataclass(frozen=True, slots=True)
class DutyView:
    """One duty of one incident. `last_day` is the last day in time; `reason` is that of a decision against it."""

    id: str
    incident: str
    rule: str
    edition: str
    state: DutyState
    reasons: tuple[Mapping[str, Any], ...]
    uncertain: bool
    clock: datetime | None
    target_day: date | None
    last_day: date | None
    due_at: datetime | None
    arose_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    reason: str
    remind_at: datetime | None
    reports: tuple[ReportView, ...]


def duties(look: Look, incident: str, *, open_only: bool = False) -> list[DutyView]:
    """The duties of an incident: open ones first, soonest end first; those without a day come last."""
    query = _OPEN_OF_A_CASE if open_only else _OF_A_CASE
    return sorted(_views(look, list(look.session.execute(query, {"incident": incident}).scalars())), key=_order)


_OF_A_CASE: Any = select(DutyRow).where(col(DutyRow.incident) == bindparam("incident"))
_OPEN_OF_A_CASE: Any = _OF_A_CASE.where(DutyRow.state == DutyState.OPEN.value)


_OF_THE_CASE = col(IncidentRow.id) == col(DutyRow.incident)
Editions = Collection[tuple[str, str]]
"""Rules, each with one of its editions."""


def open_duties(
    look: Look, rules: Editions | None = None, *, offset: int = 0, limit: int | None = None
) -> list[tuple[DutyView, IncidentRow]]:
    """The duties (of these rules) that stand open in open incidents, soonest end first, with their incidents."""
    due = col(DutyRow.due_at)
    order = due.is_(None), func.coalesce(due, col(DutyRow.arose_at)), col(DutyRow.rule), col(DutyRow.id)
    query = select(DutyRow, IncidentRow).join(IncidentRow, _OF_THE_CASE).where(*_open_of(rules))
    pairs = look.session.exec(query.order_by(*order).offset(offset).limit(limit)).all()
    found = {row.id: case for row, case in pairs}
    return [(view, found[view.id]) for view in _views(look, [row for row, _ in pairs])]


def count_open_duties(look: Look, rules: Editions | None = None) -> int:
    """How many they are."""
    query = select(func.count()).select_from(DutyRow).join(IncidentRow, _OF_THE_CASE).where(*_open_of(rules))
    return look.session.exec(query).one()


def _open_of(rules: Editions | None) -> list[Any]:
    wanted: list[Any] = [DutyRow.state == DutyState.OPEN.value, IncidentRow.status == IncidentStatus.OPEN.value]
    if rules is not None:
        wanted.append(tuple_(col(DutyRow.rule), col(DutyRow.edition)).in_(sorted(rules)) if rules else false())
    return wanted


def duty(look: Look, id_: str) -> DutyView:
    """One duty. Raises `NotFound`."""
    row = look.session.get(DutyRow, id_)
    if row is None:
        raise NotFound("duty_unknown", duty=id_[:40])
    return _views(look, [row])[0]


def next_ends(look: Look, incidents: Iterable[str]) -> dict[str, tuple[str, datetime | None]]:
    """Rule and end of the open duty of each incident that ends first."""
    found: dict[str, tuple[str, datetime | None]] = {}
    asked = look.session.execute(_NEXT, {"incidents": list(set(incidents))})
    rows = sorted(asked, key=lambda row: (row.due_at is None, row.due_at or row.arose_at, row.rule))
    for row in rows:
        found.setdefault(row.incident, (row.rule, row.due_at))
    return found


_NEXT: Any = select(DutyRow.incident, DutyRow.rule, DutyRow.due_at, DutyRow.arose_at).where(
    col(DutyRow.incident).in_(bindparam("incidents", expanding=True)), DutyRow.state == DutyState.OPEN.value
)


def end_of(session: Session, incident: str, rule: str) -> datetime | None:
    """When the last day of a duty ends; None where it has none."""
    query = select(DutyRow.due_at).where(DutyRow.incident == incident, DutyRow.rule == rule)
    return session.exec(query).first()


def _order(view: DutyView) -> tuple[bool, bool, datetime, str]:
    is_open = view.state is DutyState.OPEN
    return not is_open, view.due_at is None, view.due_at or view.arose_at, view.rule


def _views(look: Look, rows: list[DutyRow]) -> list[DutyView]:
    if not rows:
        return []
    query = select(DutyReportRow).where(col(DutyReportRow.duty).in_([row.id for row in rows]))
    reports = look.session.exec(query.order_by(col(DutyReportRow.version))).all()
    sealed = [*(row.reason_c for row in rows), *(one.receipt_c for one in reports)]
    texts = look.vault.texts(look.session, sealed)
    return [_view(row, [one for one in reports if one.duty == row.id], texts) for row in rows]


def _view(row: DutyRow, reports: list[DutyReportRow], texts: Mapping[str, str]) -> DutyView:
    return DutyView(
        id=row.id, incident=row.incident, rule=row.rule, edition=row.edition, state=DutyState(row.state),
        reasons=tuple(row.reasons), uncertain=row.uncertain, clock=row.clock, target_day=row.target_day,
        last_day=row.last_day, due_at=row.due_at, arose_at=row.arose_at, ended_at=row.ended_at, ended_by=row.ended_by,
        reason=texts.get(row.reason_c or "", ""), remind_at=row.remind_at,
        reports=tuple(
            ReportView(
                one.id, one.version, one.addressee, one.channel, one.sent_at, one.acknowledged_at,
                texts.get(one.receipt_c or "", ""), one.by,
            )
            for one in reports
        ),
    )  # fmt: skip
