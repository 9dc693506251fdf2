"""Questions about announcements: what was drafted, decided, and said where and when; calls to the hotline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from csirt.errors import NotFound
from csirt.model.announcement import AnnouncementState, Ground, Outlet
from csirt.store.tables.announcements import AnnouncementRow, HotlineRow, ReleaseRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """Said on one outlet, at a time."""

    outlet: Outlet
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class AnnouncementView:
    """One announcement with its texts. `reason`: why it was sent back, or is not published."""

    id: str
    incident: str
    number: int
    state: AnnouncementState
    title: str
    body: str
    plain: str
    qa: str
    ground: Ground | None
    reason: str
    drafted_by: str
    drafted_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    releases: tuple[ReleaseView, ...]


def announcements(look: Look, incident: str) -> list[AnnouncementView]:
    """Every announcement of an incident, newest first."""
    query = select(AnnouncementRow).where(AnnouncementRow.incident == incident)
    rows = look.session.exec(query.order_by(col(AnnouncementRow.number).desc())).all()
    said = select(ReleaseRow).where(col(ReleaseRow.announcement).in_([row.id for row in rows]))
    releases = look.session.exec(said.order_by(col(ReleaseRow.at))).all()
    sealed = [one for row in rows for one in (row.title_c, row.body_c, row.plain_c, row.qa_c, row.reason_c)]
    texts = look.vault.texts(look.session, sealed)
    return [_view(row, texts, [one for one in releases if one.announcement == row.id]) for row in rows]


def _view(row: AnnouncementRow, texts: Mapping[str, str], releases: Sequence[ReleaseRow]) -> AnnouncementView:
    return AnnouncementView(
        id=row.id, incident=row.incident, number=row.number, state=AnnouncementState(row.state),
        title=texts.get(row.title_c or "", ""), body=texts.get(row.body_c or "", ""),
        plain=texts.get(row.plain_c or "", ""), qa=texts.get(row.qa_c or "", ""),
        ground=Ground(row.ground) if row.ground else None, reason=texts.get(row.reason_c or "", ""),
        drafted_by=row.drafted_by, drafted_at=row.drafted_at, decided_by=row.decided_by, decided_at=row.decided_at,
        releases=tuple(ReleaseView(Outlet(one.outlet), one.at, one.by) for one in releases),
    )  # fmt: skip


def incident_of_announcement(look: Look, announcement: str) -> str:
    """The incident that an announcement is about. Raises `NotFound`."""
    row = look.session.get(AnnouncementRow, announcement)
    if row is None:
        raise NotFound("announcement_unknown", announcement=announcement[:40])
    return row.incident


def hotline(look: Look, incident: str) -> dict[date, int]:
    """Calls to the hotline by day, in order; a day has one row, the count that holds."""
    query = select(HotlineRow).where(HotlineRow.incident == incident).order_by(col(HotlineRow.day), col(HotlineRow.at))
    return {row.day: row.calls for row in look.session.exec(query)}
