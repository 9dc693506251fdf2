"""Incidents that what waits may belong to although nothing sorted it there: they share what is too weak to join.

A domain, which may be anybody's; a hash, URL or account on another day; a hash or URL that many hosts show. People
decide. What more than a few open incidents show is no hint any more and is left out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from csirt.model.incident import IncidentStatus
from csirt.model.observable import Observable, defanged
from csirt.model.sharing import HASHES, Share, shares_of
from csirt.model.sorting import day_of
from csirt.store.queries.observables import carried_by
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.intake import DetectionRow, ObservableRow
from csirt.store.tables.sorting import ClusterRow, PlaceRow
from csirt.store.tx import Look

KINDS = (*HASHES, "url", "domain")
DAYS = 7  # so far apart two incidents may begin
MOST = 5  # open incidents that show one value; more make it common
_VALUES = 30  # that are looked for
_FOUND = 300  # detections with one value that are looked at


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open incident, and what it shares: `kind` is `domain`, `hash`, `url` or `account`, `text` defanged."""

    incident: str
    kind: str
    text: str


def candidates_waiting(look: Look, groups: Sequence[Collection[int]]) -> dict[int, list[Candidate]]:
    """For each of these groups of waiting detections (by place) the open incidents that it may belong to."""
    number = {key: place for place, keys in enumerate(groups) for key in keys}
    query = select(DetectionRow).where(col(DetectionRow.id).in_(number))
    rows = look.session.exec(query.order_by(col(DetectionRow.level).desc(), col(DetectionRow.id))).all()
    return _found(look.session, rows, {row.fingerprint: number[row.id or 0] for row in rows})


def _found(session: Session, rows: Sequence[DetectionRow], group_of: Mapping[str, int]) -> dict[int, list[Candidate]]:
    carried = carried_by(session, {row.fingerprint for row in rows})
    told: defaultdict[int, dict[str, Candidate]] = defaultdict(dict)
    asked: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    shared: defaultdict[Share, list[tuple[int, DetectionRow]]] = defaultdict(list)
    for row in rows:
        group = group_of[row.fingerprint]
        observables = carried.get(row.fingerprint, ())
        for one in observables:
            if one.kind in KINDS:
                asked[one.kind, one.value].add(group)
        for share in shares_of(row.level, row.user, ((one.kind, one.value) for one in observables)):
            shared[share].append((group, row))
    for (kind, value), groups in list(asked.items())[:_VALUES]:
        _note(told, groups, _with_value(session, kind, value), Observable(kind, value))
    for share, those in list(shared.items())[:_VALUES]:
        groups = {group for group, _ in those}
        _note(told, groups, _on_other_days(session, share, (row for _, row in those)), share)
    return {group: list(found.values())[:MOST] for group, found in told.items()}


def _note(
    told: Mapping[int, dict[str, Candidate]], groups: Iterable[int], incidents: set[str], over: Observable | Share
) -> None:
    if len(incidents) > MOST:
        return
    kind = "hash" if over.kind in HASHES else over.kind
    for group in groups:
        for incident in sorted(incidents):
            told[group].setdefault(incident, Candidate(incident, kind, defanged(over.kind, over.value)))


def _with_value(session: Session, kind: str, value: str) -> set[str]:
    """The open incidents with a detection that carries this value."""
    some = select(ObservableRow.detection).where(ObservableRow.kind == kind, ObservableRow.value == value)
    query = (
        select(DetectionRow.incident)
        .join(IncidentRow, col(IncidentRow.id) == col(DetectionRow.incident))
        .where(col(DetectionRow.fingerprint).in_(some.limit(_FOUND)), IncidentRow.status == IncidentStatus.OPEN.value)
    )
    return {incident for incident in session.exec(query.distinct()) if incident}


def _on_other_days(session: Session, share: Share, rows: Iterable[DetectionRow]) -> set[str]:
    """The open incidents that few hosts of another day share it with."""
    days = {day_of(row.at) for row in rows}
    near = {day + timedelta(days=by) for day in days for by in range(-DAYS, DAYS + 1)} - days
    places = [(day, share.kind, share.key) for day in sorted(near)[:_FOUND]]
    query = (
        select(ClusterRow.incident)
        .join(PlaceRow, col(PlaceRow.cluster) == col(ClusterRow.id))
        .join(IncidentRow, col(IncidentRow.id) == col(ClusterRow.incident))
        .where(tuple_(col(PlaceRow.day), col(PlaceRow.kind), col(PlaceRow.value)).in_(places))
        .where(IncidentRow.status == IncidentStatus.OPEN.value)
    )
    return {incident for incident in session.exec(query.distinct()) if incident}
