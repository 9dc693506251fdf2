"""Questions about measures against recurrence, and about the review of a closed case."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from csirt.errors import NotFound
from csirt.model.measure import MeasureFilter, MeasureState
from csirt.store.tables.cases import IncidentRow, MeasureRow, ReviewRow
from csirt.store.tx import Look

_ALL = MeasureFilter()


@dataclass(frozen=True, slots=True)
class MeasureView:
    """A measure with its texts: what is to be done, what was done or why it was dropped, what its effect was."""

    id: str
    incident: str
    fiscal_year: int
    ordinal: int
    drill: bool
    text: str
    owner: str
    due: date
    state: str
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_text: str
    checked_at: datetime | None
    checked_by: str | None
    effect: str
    remind_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One version of a review, with its texts; `by` is an opaque id."""

    version: int
    held_on: date
    well: str
    badly: str
    cause: str
    lessons: str
    by: str
    at: datetime


def measures(look: Look, wanted: MeasureFilter = _ALL) -> list[MeasureView]:
    """Measures that fit, open ones first, soonest due first."""
    query = select(MeasureRow, IncidentRow).join(IncidentRow, col(IncidentRow.id) == col(MeasureRow.incident))
    if wanted.incident:
        query = query.where(MeasureRow.incident == wanted.incident)
    if wanted.state:
        query = query.where(MeasureRow.state == wanted.state.value)
    if wanted.owner:
        query = query.where(MeasureRow.owner == wanted.owner)
    if wanted.overdue:
        query = query.where(MeasureRow.state == MeasureState.OPEN.value, col(MeasureRow.due) < wanted.today)
    rows = look.session.exec(query.order_by(col(MeasureRow.due), col(MeasureRow.id))).all()
    sealed = [one for row, _ in rows for one in (row.text_c, row.ended_c, row.effect_c)]
    texts = look.vault.texts(look.session, sealed)
    found = [
        MeasureView(
            row.id, row.incident, case.fiscal_year, case.ordinal, case.drill, texts.get(row.text_c, ""), row.owner,
            row.due, row.state, row.created_at, row.ended_at, row.ended_by, texts.get(row.ended_c or "", ""),
            row.checked_at, row.checked_by, texts.get(row.effect_c or "", ""), row.remind_at,
        )
        for row, case in rows
    ]  # fmt: skip
    return sorted(found, key=lambda view: view.state != MeasureState.OPEN.value)


def measure_incident(look: Look, measure: str) -> str:
    """The incident that a measure belongs to. Raises `NotFound`."""
    row = look.session.get(MeasureRow, measure)
    if row is None:
        raise NotFound("measure_unknown", measure=measure[:40])
    return row.incident


def reviews(look: Look, incident: str) -> list[ReviewView]:
    """Every version of the review of an incident, newest first."""
    query = select(ReviewRow).where(ReviewRow.incident == incident).order_by(col(ReviewRow.version).desc())
    rows = look.session.exec(query).all()
    sealed = [one for row in rows for one in (row.well_c, row.badly_c, row.cause_c, row.lessons_c)]
    texts = look.vault.texts(look.session, sealed)
    return [
        ReviewView(
            row.version, row.held_on, texts.get(row.well_c, ""), texts.get(row.badly_c or "", ""),
            texts.get(row.cause_c, ""), texts.get(row.lessons_c or "", ""), row.by, row.at,
        )
        for row in rows
    ]  # fmt: skip
