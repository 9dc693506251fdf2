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

STATES = ("new", "waiting", "sorted", "ignored")  # of a detection
_MANY = 10_000  # so many are counted one by one in a few milliseconds


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
    # In an order that the table has SQLite reads through all of it, also for the few that are in a state.
    newest: Any = col(DetectionRow.id) + 0 if asked.state and _some(look, asked.state) < _MANY else col(DetectionRow.id)
    page: Any = _asked(select(DetectionRow.id), asked).order_by(newest.desc()).offset(offset).limit(limit)
    ids = look.session.exec(page).all()  # by the index alone, however far down the page lies
    rows = look.session.exec(
        select(DetectionRow).where(col(DetectionRow.id).in_(ids)).order_by(col(DetectionRow.id).desc())
    )
    return detection_views(look, rows.all())


def count(look: Look, asked: Asked) -> int:
    """How many detections `found` would find."""
    if asked == Asked(state=asked.state) and asked.state:
        return _count_state(look, asked.state)
    return int(look.session.exec(_asked(_COUNT, asked)).one())


_COUNT: Any = select(func.count()).select_from(DetectionRow)


def _count_state(look: Look, state: str) -> int:
    """How many are in one state: where they are many, all less those in other states, as in a city most are in one."""
    if (number := _some(look, state)) < _MANY:
        return number
    others = _COUNT.where(col(DetectionRow.state).in_([one for one in STATES if one != state]))
    return int(look.session.exec(select(_COUNT.scalar_subquery() - others.scalar_subquery())).one())


def _some(look: Look, state: str) -> int:
    """How many are in one state, counted as far as is quick."""
    few = select(DetectionRow.id).where(DetectionRow.state == state).limit(_MANY).subquery()
    return int(look.session.exec(select(func.count()).select_from(few)).one())


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
