"""Questions on rules that set detections aside, and on detections of any state."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select

from csirt.model.ignoring import IgnoreKind
from csirt.store.queries.cases import PAGE, DetectionView, detection_views
from csirt.store.tables.ignoring import IgnoreRuleRow
from csirt.store.tables.intake import BatchRow, DetectionRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class IgnoreRuleView:
    """A rule. `detections` it has set aside, `seen` how often these were told in all."""

    id: str
    kind: IgnoreKind
    from_at: datetime
    until_at: datetime
    source: str
    text: str
    host: str
    network: str
    passes_from: int
    reason: str
    made_by: str
    made_at: datetime
    ended_at: datetime | None
    detections: int
    seen: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Which detections. `state`: new, waiting, sorted, ignored; empty for every one of it."""

    state: str = ""
    rule: str = ""
    host: str = ""
    source: str = ""


def rules(look: Look, *, with_ended: bool = False, limit: int = 500) -> list[IgnoreRuleView]:
    """Rules, newest first; those that have ended only where asked for."""
    query = select(IgnoreRuleRow).order_by(col(IgnoreRuleRow.made_at).desc(), col(IgnoreRuleRow.id)).limit(limit)
    if not with_ended:
        query = query.where(col(IgnoreRuleRow.ended_at).is_(None))
    rows = look.session.exec(query).all()
    texts = look.vault.texts(look.session, (row.reason_c for row in rows))
    counts = select(DetectionRow.ignored_by, func.count(), func.sum(DetectionRow.count))
    counts = counts.where(col(DetectionRow.ignored_by).in_([row.id for row in rows])).group_by(DetectionRow.ignored_by)
    counted = {rule: (number, int(seen)) for rule, number, seen in look.session.exec(counts)}
    return [_view(row, texts.get(row.reason_c, ""), *counted.get(row.id, (0, 0))) for row in rows]


def _view(row: IgnoreRuleRow, reason: str, detections: int, seen: int) -> IgnoreRuleView:
    return IgnoreRuleView(
        row.id, IgnoreKind(row.kind), row.from_at, row.until_at, row.source, row.text, row.host, row.network,
        row.passes_from, reason, row.made_by, row.made_at, row.ended_at, detections, seen,
    )  # fmt: skip


def found(look: Look, asked: Asked, *, offset: int = 0, limit: int = PAGE) -> list[DetectionView]:
    """Detections of any state, newest first."""
    page: Any = _asked(select(DetectionRow.id), asked).order_by(col(DetectionRow.id).desc()).offset(offset).limit(limit)
    ids = look.session.exec(page).all()  # by the index alone, however far down the page lies
    rows = look.session.exec(
        select(DetectionRow).where(col(DetectionRow.id).in_(ids)).order_by(col(DetectionRow.id).desc())
    )
    return detection_views(look, rows.all())


def count(look: Look, asked: Asked) -> int:
    """How many detections `found` would find."""
    return int(look.session.exec(_asked(select(func.count()).select_from(DetectionRow), asked)).one())


def _asked(query: Any, asked: Asked) -> Any:
    if asked.state:
        query = query.where(DetectionRow.state == asked.state)
    if asked.rule:
        query = query.where(DetectionRow.ignored_by == asked.rule)
    if asked.host:
        query = query.where(DetectionRow.attacked == asked.host.strip().casefold())
    if asked.source:
        query = query.join(BatchRow, col(BatchRow.id) == col(DetectionRow.batch))
        query = query.where(col(BatchRow.source).in_([asked.source, f"sensor:{asked.source}"]))
    return query
