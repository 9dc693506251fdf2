"""Incidents, open or closed, that show the same host, attacker, account, asset, file, URL or domain as this one.

Sorting joins what belongs to one day; this also finds what a city has seen before. The bounds are those of sorting
(`model/sharing.py`): a value that many incidents show is common, is named as such, and relates nothing. Each question
goes by an index and stops at that bound, so that it costs the same however many detections there are.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, String, bindparam, literal, tuple_, union_all
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from csirt.model.incident import IncidentStatus
from csirt.model.sharing import MOST_HOSTS, Share, shares_of
from csirt.model.sorting import day_of, is_known
from csirt.store.queries.observables import carried_by
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.intake import DetectionRow, ObservableRow
from csirt.store.tables.sorting import ClusterRow, PlaceRow
from csirt.store.tx import Look

MOST_CASES = {"host": 10, "attacker": 10, "asset": 10, "domain": 5} | MOST_HOSTS
"""How many other incidents may show a value of a kind and still be related by it; more is common."""
MOST = 20  # related incidents that are told
MOST_COMMON = 5  # common values that are named
DAYS = 7  # so far apart one account may be spelled differently and still be found
_ROWS = 100  # of an incident's first detections that are looked at, and of its last
_VALUES = 20  # of one kind that are looked for
_FOUND = 300  # detections with one observable that are looked at

Over = tuple[str, str]  # kind and value
_COLUMNS: Mapping[str, Any] = {
    "host": DetectionRow.attacked,
    "attacker": DetectionRow.attacker,
    "account": DetectionRow.user,
    "asset": DetectionRow.asset,
}
_ORDER = ("host", "asset", "account", "attacker", "hash", "url", "domain")  # in which they are told


@dataclass(frozen=True, slots=True)
class Related:
    """Another incident and what it shares with this one: kinds and values, for people (an asset by its id)."""

    incident: str
    over: tuple[Over, ...]


@dataclass(frozen=True, slots=True)
class Relations:
    """Open incidents first, then the newest; `common` are values that too many incidents show to relate them."""

    related: tuple[Related, ...] = ()
    common: tuple[Over, ...] = ()


def related(look: Look, incident: str) -> Relations:
    """What is related to an incident, of what the reader may see."""
    rows = _shown_in(look.session, incident)
    found: defaultdict[Over, set[str]] = defaultdict(set)
    for over, case in _cases_by(look.session, _asked(look.session, rows)) if rows else ():
        found[over].add(case)
    return _told(look.session, incident, found)


def _shown_in(session: Session, incident: str) -> list[Any]:
    """What the first and the last detections of an incident show: as many as its index gives without sorting."""
    first = session.execute(_FIRST, {"incident": incident}).all()
    if len(first) < _ROWS:
        return list(first)
    last = session.execute(_LAST, {"incident": incident}).all()
    return list({one.id: one for one in (*first, *last)}.values())


_row: Any = DetectionRow
_SHOWN = sql_select(
    _row.id, _row.fingerprint, _row.at, _row.level, _row.own_level, _row.attacked, _row.attacker, _row.user, _row.asset
).where(_row.incident == bindparam("incident"))
_FIRST = _SHOWN.order_by(_row.at, _row.id).limit(_ROWS)
_LAST = _SHOWN.order_by(_row.at.desc(), _row.id.desc()).limit(_ROWS)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What to look for: by column and by observable as it is stored, each with the value it stands for."""

    columns: Mapping[str, dict[str, str]]
    carried: dict[Over, Over]
    accounts: dict[str, Share]
    days: set[date]


def _asked(session: Session, rows: Sequence[Any]) -> _Asked:
    carried = carried_by(session, {row.fingerprint for row in rows})
    asked = _Asked({kind: {} for kind in _COLUMNS}, {}, {}, {day_of(row.at) for row in rows})
    levels = [row.level if row.own_level is None else row.own_level for row in rows]
    for kind, values in (
        ("host", {row.attacked for row in rows}),
        ("attacker", {row.attacker for row in rows}),
        ("asset", {row.asset for row in rows}),
    ):
        asked.columns[kind].update({value: value for value in values if value and is_known(value)})
    # Many detections of a case show the same: what they share is worked out once.
    for level, user in {(level, row.user) for level, row in zip(levels, rows, strict=True)}:
        for share in shares_of(level, user, ()):
            asked.columns["account"].update({user or "": share.value, share.value: share.value})
            asked.accounts[share.key] = share
    shown = {(level, one) for level, row in zip(levels, rows, strict=True) for one in carried.get(row.fingerprint, ())}
    for level, one in shown:
        if one.kind == "domain":
            asked.carried[one.kind, one.value] = ("domain", one.value)
        for share in shares_of(level, None, [(one.kind, one.value)]):
            ways = {one.value, share.value} | ({share.value.upper()} if share.kind == "hash" else set())
            asked.carried.update({(one.kind, way): (share.kind, share.value) for way in ways})
    return asked


def _cases_by(session: Session, asked: _Asked) -> Iterator[tuple[Over, str]]:
    for kind, values in asked.columns.items():
        for value, case in _with_value(session, _COLUMNS[kind], sorted(values)[:_VALUES], MOST_CASES[kind] + 2):
            yield (kind, values[value]), case
    for account, case in _near(session, asked):
        yield ("account", account), case
    for stored, case in _carrying(session, sorted(asked.carried)[: 2 * _VALUES]):
        yield asked.carried[stored], case


def _told(session: Session, incident: str, found: Mapping[Over, set[str]]) -> Relations:
    """Of what was found, what the reader sees and what is not common; drills are related to drills alone."""
    named = {case for cases in found.values() for case in cases}
    seen = {row.id: row for row in session.execute(_CASES, {"cases": list(named)})}
    own = seen.pop(incident, None)
    over: defaultdict[str, list[Over]] = defaultdict(list)
    common: list[Over] = []
    for one, cases in sorted(found.items(), key=lambda item: (_ORDER.index(item[0][0]), item[0][1])):
        others = {case for case in cases if case in seen and own is not None and seen[case].drill == own.drill}
        if len(others) > MOST_CASES[one[0]]:
            common.append(one)
            continue
        for case in others:
            over[case].append(one)
    ordered = sorted(over, key=lambda case: seen[case].received, reverse=True)
    ordered.sort(key=lambda case: seen[case].status != IncidentStatus.OPEN.value)
    return Relations(tuple(Related(case, tuple(over[case])) for case in ordered[:MOST]), tuple(common[:MOST_COMMON]))


_CASES: Any = select(IncidentRow.id, IncidentRow.drill, IncidentRow.received, IncidentRow.status).where(
    col(IncidentRow.id).in_(bindparam("cases", expanding=True))
)


def _with_value(session: Session, column: Any, values: Sequence[str], most: int) -> list[tuple[str, str]]:
    """Pairs of a value and an incident with a detection that has it in this column, at most so many of a value.

    From incident to incident along the index of value and incident: never over the detections of one of them.
    """
    if not values:
        return []
    told = {f"value{number}": value for number, value in enumerate(values)}
    query = _walk(column.key, len(values))
    return [(value, case) for value, case in session.execute(query, {**told, "most": most})]


@lru_cache
def _walk(name: str, number: int) -> Any:
    """The question for so many values of a column, made once."""
    column: Any = getattr(DetectionRow, name)
    asked = union_all(
        *(select(bindparam(f"value{at}", type_=String).label("value")) for at in range(number))
    ).subquery()
    seen = select(asked.c.value, literal("", String).label("incident"), literal(0).label("n")).cte(
        "seen", recursive=True
    )
    following = (
        select(DetectionRow.incident)
        .where(column == seen.c.value, col(DetectionRow.incident) > seen.c.incident)
        .order_by(col(DetectionRow.incident))
        .limit(1)
        .scalar_subquery()
    )
    seen = seen.union_all(
        select(seen.c.value, following, seen.c.n + 1).where(
            seen.c.incident.is_not(None), seen.c.n < bindparam("most", type_=Integer)
        )
    )
    return select(seen.c.value, seen.c.incident).where(seen.c.incident.is_not(None), seen.c.n > 0)


def _near(session: Session, asked: _Asked) -> list[tuple[str, str]]:
    """Accounts that sorting has seen within a week, however they were spelled, and their incidents."""
    near = sorted({day + timedelta(days=by) for day in asked.days for by in range(-DAYS, DAYS + 1)})[:_VALUES]
    places = [(day, "account", key) for day in near for key in sorted(asked.accounts)[:_VALUES]]
    if not places:
        return []
    query = (
        select(PlaceRow.value, ClusterRow.incident)
        .join(ClusterRow, col(ClusterRow.id) == col(PlaceRow.cluster))
        .where(tuple_(col(PlaceRow.day), col(PlaceRow.kind), col(PlaceRow.value)).in_(places))
    )
    return [(asked.accounts[key].value, case) for key, case in session.exec(query) if case]


def _carrying(session: Session, observables: Sequence[Over]) -> list[tuple[Over, str]]:
    """Which incidents show these observables, as far as a bounded number of detections tells."""
    if not observables:
        return []
    some = union_all(*(_some_with(kind, value) for kind, value in observables)).subquery()
    query = select(some.c.kind, some.c.value, DetectionRow.incident)
    query = query.join(DetectionRow, col(DetectionRow.fingerprint) == some.c.detection)
    found = session.execute(query.where(col(DetectionRow.incident).is_not(None)).distinct())
    return [((kind, value), case) for kind, value, case in found]


def _some_with(kind: str, value: str) -> Any:
    part = select(ObservableRow.kind, ObservableRow.value, ObservableRow.detection)
    return select(part.where(ObservableRow.kind == kind, ObservableRow.value == value).limit(_FOUND).subquery())
