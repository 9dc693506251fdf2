"""Questions about reports: the drafts of an incident, their snapshots, stamps and sendings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from csirt.errors import NotFound
from csirt.model.approval import Act, ReportState, Sheet, Stamp
from csirt.model.report import Snapshot, snapshot_from
from csirt.store.tables.reports import ReportRow, ReportSendingRow, ReportStampRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class StampView:
    """One stamp with what was said."""

    act: Act
    post: str
    person: str
    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class SendingView:
    """One time that a report went out. `sent_at` is None while its message lies in the outbox."""

    id: str
    duty: str | None
    addressee: str
    channel: str
    delivery: str | None
    sent_at: datetime | None
    acknowledged_at: datetime | None
    receipt: str
    by: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """One draft of one report. `snapshot` is None once its texts were erased."""

    id: str
    incident: str
    form: str
    edition: str
    kind: str
    number: int
    revision: int
    state: ReportState
    sha256: str
    council: tuple[str, ...]
    decider: str
    oral: bool
    drafted_by: str
    drafted_at: datetime
    sent_at: datetime | None
    snapshot: Snapshot | None
    stamps: tuple[StampView, ...]
    sendings: tuple[SendingView, ...]

    @property
    def sheet(self) -> Sheet:
        """Its sheet of stamps."""
        stamps = tuple(Stamp(one.act, one.post, one.person) for one in self.stamps)
        return Sheet(self.id, self.state, self.drafted_by, self.council, self.decider, stamps)


def reports(look: Look, incident: str) -> list[ReportView]:
    """Every draft of every report of an incident, newest first."""
    return _views(look, look.session.execute(_OF_A_CASE, {"incident": incident}).scalars().all())


_OF_A_CASE: Any = (
    select(ReportRow)
    .where(col(ReportRow.incident) == bindparam("incident"))
    .order_by(col(ReportRow.drafted_at).desc(), col(ReportRow.number).desc(), col(ReportRow.revision).desc())
)


def report(look: Look, id_: str) -> ReportView:
    """One draft. Raises `NotFound`."""
    row = look.session.get(ReportRow, id_)
    if row is None:
        raise NotFound("report_unknown", report=id_[:40])
    return _views(look, [row])[0]


def before(look: Look, view: ReportView) -> Snapshot | None:
    """What the addressees have: the draft of the report before this one that was sent."""
    query = select(ReportRow).where(
        ReportRow.incident == view.incident,
        ReportRow.form == view.form,
        ReportRow.number == view.number - 1,
        col(ReportRow.sent_at).is_not(None),
    )
    row = look.session.exec(query.order_by(col(ReportRow.revision).desc())).first()
    return _snapshot(row, look.vault.texts(look.session, [row.snapshot_c])) if row else None


def newest(session: Session, incident: str, form: str) -> ReportRow | None:
    """The last draft on a form."""
    query = select(ReportRow).where(ReportRow.incident == incident, ReportRow.form == form)
    return session.exec(query.order_by(col(ReportRow.number).desc(), col(ReportRow.revision).desc())).first()


def unfinished(session: Session, incident: str) -> list[ReportRow]:
    """Reports that were sent on a yes by phone and whose paper is still to be stamped."""
    query = select(ReportRow).where(ReportRow.incident == incident, ReportRow.state == ReportState.ORAL.value)
    return list(session.exec(query.where(col(ReportRow.sent_at).is_not(None)).order_by(col(ReportRow.id))))


def _views(look: Look, rows: Sequence[ReportRow]) -> list[ReportView]:
    if not rows:
        return []
    ids = [row.id for row in rows]
    stamps = look.session.exec(
        select(ReportStampRow).where(col(ReportStampRow.report).in_(ids)).order_by(col(ReportStampRow.at))
    ).all()
    sendings = look.session.exec(
        select(ReportSendingRow)
        .where(col(ReportSendingRow.report).in_(ids))
        .order_by(col(ReportSendingRow.recorded_at), col(ReportSendingRow.id))
    ).all()
    sealed = [row.snapshot_c for row in rows]
    sealed += [one.text_c or "" for one in stamps] + [one.receipt_c or "" for one in sendings]
    texts = look.vault.texts(look.session, sealed)
    return [
        _view(row, [one for one in stamps if one.report == row.id],
              [one for one in sendings if one.report == row.id], texts)
        for row in rows
    ]  # fmt: skip


def _view(
    row: ReportRow, stamps: Sequence[ReportStampRow], sendings: Sequence[ReportSendingRow], texts: Mapping[str, str]
) -> ReportView:
    return ReportView(
        id=row.id, incident=row.incident, form=row.form, edition=row.edition, kind=row.kind, number=row.number,
        revision=row.revision, state=ReportState(row.state), sha256=row.sha256, council=tuple(row.council),
        decider=row.decider, oral=row.oral, drafted_by=row.drafted_by, drafted_at=row.drafted_at, sent_at=row.sent_at,
        snapshot=_snapshot(row, texts),
        stamps=tuple(
            StampView(Act(one.act), one.post, one.person, one.at, one.by, texts.get(one.text_c or "", ""))
            for one in stamps
        ),
        sendings=tuple(
            SendingView(
                one.id, one.duty, one.addressee, one.channel, one.delivery, one.sent_at, one.acknowledged_at,
                texts.get(one.receipt_c or "", ""), one.by,
            )
            for one in sendings
        ),
    )  # fmt: skip


def _snapshot(row: ReportRow, texts: Mapping[str, str]) -> Snapshot | None:
    text = texts.get(row.snapshot_c)
    return snapshot_from(text) if text else None
