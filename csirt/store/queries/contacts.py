"""Questions about planned hand-overs of posts and confirmed contact data. Nothing here writes."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from csirt.model.handover import Confirmation, Handover
from csirt.store.tables.contacts import ContactConfirmationRow, HandoverRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class HandoverView:
    """A hand-over that is open; `entered_by` is an opaque id."""

    handover: Handover
    entered_by: str
    entered_at: datetime


def handovers(look: Look) -> list[HandoverView]:
    """Those to come, and those that the directory has not caught up with; soonest first."""
    return [HandoverView(_read(row), row.entered_by, row.entered_at) for row in _open(look.session)]


def open_handovers(session: Session) -> list[Handover]:
    """The same as the model's values."""
    return [_read(row) for row in _open(session)]


def confirmations(session: Session) -> list[Confirmation]:
    """The latest confirmation of each office."""
    return [Confirmation(row.office, row.day, row.of) for row in session.exec(select(ContactConfirmationRow))]


def _open(session: Session) -> list[HandoverRow]:
    query = select(HandoverRow).where(col(HandoverRow.ended_at).is_(None))
    return list(session.exec(query.order_by(col(HandoverRow.begins_at), col(HandoverRow.id))))


def _read(row: HandoverRow) -> Handover:
    deputies = None if row.deputies is None else tuple(row.deputies)
    return Handover(row.id, row.post, row.begins_at, row.holder, deputies)
