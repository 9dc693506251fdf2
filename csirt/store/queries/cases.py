"""Questions about incidents, for pages, API, CLI and documents. Nothing here writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeGuard

from sqlalchemy import Row, bindparam, func
from sqlalchemy import select as plain_select
from sqlmodel import col, select

from csirt.era import is_drill_number, parse_number
from csirt.errors import Invalid, NotFound
from csirt.model.incident import Disposition, FourClocks, IncidentStatus, IncidentType, IncidentView, Level
from csirt.model.linking import Because
from csirt.model.observable import Observable, in_order
from csirt.store.queries.observables import carried_by
from csirt.store.tables.cases import IncidentRow, NoteRow
from csirt.store.tables.intake import BatchRow, DetectionRow, QuarantineRow
from csirt.store.tables.runs import RunRow
from csirt.store.tx import Look

PAGE = 50
_unread = select(func.count()).select_from(QuarantineRow).where(col(QuarantineRow.read_at).is_(None))


@dataclass(frozen=True, slots=True)
class NoteView:
    """A remark with its text; `by` is an opaque id."""

    id: str
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DetectionView:
    """A stored detection."""

    id: int
    format: str
    title: str
    severity_native: str
    level: int
    at: datetime
    src_ip: str | None
    dst_ip: str | None
    host: str | None
    user: str | None
    attacked: str
    attacker: str | None
    count: int
    first_seen: datetime
    last_seen: datetime
    state: str
    incident: str | None
    joined_by: str | None
    joined_over: str | None
    asset: str | None
    own_level: int | None
    ignored_by: str | None
    observables: tuple[Observable, ...] = ()


_OWN = tuple(one.name for one in fields(DetectionView) if one.name != "observables")


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """Detections of one attacked host that wait for the officer's decision.

    Title, type and format are those of the gravest; `at` is when the last of them happened. `reasons`: what linked
    them, as rule and what it went by.
    """

    attacked: str
    level: int
    count: int
    keys: tuple[int, ...] = field(default=())
    title: str = ""
    type: str = IncidentType.UNDECIDED.value
    format: str = ""
    at: datetime | None = None
    asset: str | None = None
    observables: tuple[Observable, ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()


def resolve_incident(look: Look, name: str) -> str:
    """The id of an incident that is named by its id or by its number.

    Raises:
        NotFound: there is no such incident.
    """
    return name if look.session.execute(_KNOWN, {"id": name}).first() else _by_number(look, name)


def _by_number(look: Look, name: str) -> str:
    try:
        year, ordinal = parse_number(name)
    except Invalid as error:
        raise NotFound("incident_unknown", incident=name[:40]) from error
    query = select(IncidentRow.id).where(
        IncidentRow.fiscal_year == year,
        IncidentRow.ordinal == ordinal,
        col(IncidentRow.drill).is_(is_drill_number(name)),
    )
    found = look.session.exec(query).first()
    if found is None:
        raise NotFound("incident_unknown", incident=name[:40])
    return found


_KNOWN: Any = select(IncidentRow.id).where(col(IncidentRow.id) == bindparam("id"))


def opened_by_request(look: Look, request_key: str) -> str | None:
    """The incident that a form opened, by the form's key; None if it opened none."""
    return look.session.exec(select(IncidentRow.id).where(IncidentRow.request_key == request_key)).first()


def incidents(
    look: Look, *, status: str | None = None, offset: int = 0, limit: int = PAGE, gravest: bool = False
) -> list[IncidentView]:
    """Incidents, one page, in the order of `listed`."""
    ids = listed(look, status=status, offset=offset, limit=limit, gravest=gravest)
    known = {view.id: view for view in incidents_of(look, ids)}
    return [known[id_] for id_ in ids if id_ in known]


def listed(
    look: Look, *, status: str | None = None, offset: int = 0, limit: int = PAGE, gravest: bool = False
) -> list[str]:
    """The ids of one page of incidents: the newest first, or with `gravest` those of the highest level."""
    told = {"status": status} if status else {}
    query = _listed(is_some=bool(status), gravest=gravest)
    return list(look.session.execute(query, {**told, "first": offset, "most": limit}).scalars())


@lru_cache
def _listed(*, is_some: bool, gravest: bool) -> Any:
    """The ids of a page: thousands are put in order by what that needs, and of a page's the rest is read."""
    query = select(IncidentRow.id)
    if is_some:
        query = query.where(col(IncidentRow.status) == bindparam("status"))
    level = func.coalesce(col(IncidentRow.level), col(IncidentRow.proposed_level))
    newest = col(IncidentRow.received).desc(), col(IncidentRow.fiscal_year).desc(), col(IncidentRow.ordinal).desc()
    query = query.order_by(*((level.desc(),) if gravest else ()), *newest)
    return query.offset(bindparam("first")).limit(bindparam("most"))


def incidents_of(look: Look, ids: Iterable[str]) -> list[IncidentView]:
    """These incidents."""
    wanted = set(ids)
    if not wanted:
        return []
    rows = look.session.execute(_THESE, {"wanted": list(wanted)}).all()
    titles = look.vault.texts(look.session, (row.title_c for row, _ in rows))
    return [_view(row, run, titles.get(row.title_c, "")) for row, run in rows]


def named(look: Look, name: str) -> IncidentView:
    """One incident by its id or number. Raises `NotFound`."""
    found = incidents_of(look, [name])
    return found[0] if found else incident(look, _by_number(look, name))


def incident(look: Look, id_: str) -> IncidentView:
    """One incident. Raises `NotFound`."""
    found = incidents_of(look, [id_])
    if not found:
        raise NotFound("incident_unknown", incident=id_[:40])
    return found[0]


_THESE: Any = (
    select(IncidentRow, RunRow)
    .join(RunRow, col(RunRow.incident) == col(IncidentRow.id), isouter=True)
    .where(col(IncidentRow.id).in_(bindparam("wanted", expanding=True)))
)


def _view(row: IncidentRow, run: RunRow | None, title: str) -> IncidentView:
    return IncidentView(
        id=row.id,
        fiscal_year=row.fiscal_year,
        ordinal=row.ordinal,
        type=IncidentType(row.type),
        title=title,
        status=IncidentStatus(row.status),
        level=None if row.level is None else Level(row.level),
        proposed_level=Level(row.proposed_level),
        clocks=FourClocks(row.received, row.occurred, row.noticed, row.known),
        opened_by=row.opened_by,
        playbook=run.playbook if run else None,
        playbook_version=run.version if run else None,
        disposition=Disposition(row.disposition) if row.disposition else None,
        closed_at=row.closed_at,
        drill=row.drill,
        merged_into=row.merged_into,
        personal_data=row.personal_data,
        stopped_by=run.stopped_by if run else None,
    )


def merged_into(look: Look, id_: str) -> list[str]:
    """The incidents that were merged into this one and are still, oldest first."""
    # Put in order here: SQLite would read through all incidents in that order, where they are counted and few merged.
    return [found for _, _, found in sorted(look.session.execute(_MERGED, {"into": id_}))]


_MERGED: Any = select(IncidentRow.fiscal_year, IncidentRow.ordinal, IncidentRow.id).where(
    col(IncidentRow.merged_into) == bindparam("into")
)


def numbers(look: Look, ids: Iterable[str]) -> dict[str, tuple[int, int, bool]]:
    """Fiscal year and ordinal of these incidents, and whether they are drills."""
    wanted = set(ids)
    if not wanted:
        return {}
    query = select(IncidentRow).where(col(IncidentRow.id).in_(wanted))
    return {row.id: (row.fiscal_year, row.ordinal, row.drill) for row in look.session.exec(query)}


def counts(look: Look) -> dict[str, int]:
    """How many incidents are open, detections wait for a decision, and records lie in quarantine.

    Drills stay out of these figures; `listed` counts every case there is, for the pages of the list.
    """
    return dict(zip(_COUNTED, map(int, look.session.execute(_COUNTS).one()), strict=True))


_case = select(func.count()).select_from(IncidentRow)
_all, _drills = _case.scalar_subquery(), _case.where(col(IncidentRow.drill).is_(True)).scalar_subquery()
_is_open = IncidentRow.status == IncidentStatus.OPEN.value
_waiting = select(func.count()).select_from(DetectionRow).where(DetectionRow.state == "waiting")
WAITING: Mapping[str, Any] = {"waiting": _waiting.scalar_subquery(), "quarantined": _unread.scalar_subquery()}
_COUNTED: Mapping[str, Any] = {
    "open": _case.where(_is_open, col(IncidentRow.drill).is_(False)).scalar_subquery(),
    "incidents": _all - _drills,  # of drills there are few: they are counted, and not all the others once more
    "listed": _all,
    "listed_open": _case.where(_is_open).scalar_subquery(),
    **WAITING,
}
_COUNTS: Any = select(*_COUNTED.values())


def count_quarantined(look: Look) -> int:
    """How many records lie in quarantine that nobody could read yet."""
    return look.session.exec(_unread).one()


def detections(look: Look, incident_id: str, *, offset: int = 0, limit: int = PAGE) -> list[DetectionView]:
    """The detections of an incident, oldest first."""
    told = {"incident": incident_id, "first": offset, "most": limit}
    return detection_views(look, look.session.execute(_OF_A_CASE, told).all())


_OF_A_CASE: Any = (
    plain_select(*(col(getattr(DetectionRow, name)) for name in (*_OWN, "fingerprint")))
    .where(col(DetectionRow.incident) == bindparam("incident"))
    .order_by(col(DetectionRow.at), col(DetectionRow.id))
    .offset(bindparam("first"))
    .limit(bindparam("most"))
)


def count_detections(look: Look, incident_id: str) -> int:
    """How many different detections an incident has."""
    query = select(func.count()).select_from(DetectionRow).where(DetectionRow.incident == incident_id)
    return look.session.exec(query).one()


def waiting(look: Look, limit: int = 500) -> list[WaitingGroup]:
    """Detections that wait for a decision, by attacked host, gravest first."""
    # Asked for whole rows, or in an order that the table has, SQLite reads through all where most are in one state.
    oldest: Any = col(DetectionRow.id) + 0
    asked = select(DetectionRow.id).where(DetectionRow.state == "waiting").order_by(oldest).limit(limit)
    ids = look.session.exec(asked).all()
    query = select(DetectionRow).where(col(DetectionRow.id).in_(ids)).order_by(col(DetectionRow.id))
    groups: dict[str, list[DetectionRow]] = {}
    for row in look.session.exec(query):
        groups.setdefault(row.attacked, []).append(row)
    carried = carried_by(look.session, [row.fingerprint for rows in groups.values() for row in rows])
    found = [_group(attacked, rows, carried) for attacked, rows in groups.items()]
    return sorted(found, key=lambda group: (-group.level, group.attacked))


def _group(attacked: str, rows: Sequence[DetectionRow], carried: Mapping[str, tuple[Observable, ...]]) -> WaitingGroup:
    gravest = max(rows, key=lambda row: row.level)
    return WaitingGroup(
        attacked=attacked,
        level=gravest.level,
        count=sum(row.count for row in rows),
        keys=tuple(row.id for row in rows if row.id is not None),
        title=gravest.title,
        type=gravest.type,
        format=gravest.format,
        at=max(row.at for row in rows),
        asset=next((row.asset for row in rows if row.asset), None),
        observables=in_order(one for row in rows for one in carried.get(row.fingerprint, ())),
        reasons=tuple(dict.fromkeys((row.joined_by, row.joined_over or "") for row in rows if _linked(row.joined_by))),
    )


def _linked(because: str | None) -> TypeGuard[str]:
    """Was it put with others? The first of a group was not."""
    return because is not None and because != Because.NEW.value


def quarantine(look: Look, limit: int = PAGE) -> list[dict[str, Any]]:
    """Records that could not be read, newest first, with the reason and the source of their batch."""
    query = select(QuarantineRow, BatchRow.source).join(BatchRow, col(BatchRow.id) == col(QuarantineRow.batch))
    query = query.where(col(QuarantineRow.read_at).is_(None))
    rows = look.session.exec(query.order_by(col(QuarantineRow.id).desc()).limit(limit)).all()
    return [row.model_dump(exclude={"read_at"}) | {"source": source} for row, source in rows]


def detection_views(look: Look, rows: Sequence[DetectionRow | Row[Any]]) -> list[DetectionView]:
    """Stored detections, with what they carry."""
    carried = carried_by(look.session, [row.fingerprint for row in rows])
    return [
        DetectionView(**{name: getattr(row, name) for name in _OWN}, observables=carried.get(row.fingerprint, ()))
        for row in rows
    ]


def notes(look: Look, incident_id: str) -> list[NoteView]:
    """Remarks on an incident, oldest first."""
    query = select(NoteRow).where(NoteRow.incident == incident_id).order_by(col(NoteRow.at))
    return _notes(look, look.session.exec(query).all())


def newest_notes(look: Look, incident_id: str, *, offset: int = 0, limit: int = PAGE) -> list[NoteView]:
    """One page of remarks, counted from the newest, but oldest first within it; other texts stay closed."""
    told = {"incident": incident_id, "first": offset, "most": limit}
    return _notes(look, look.session.execute(_NEWEST_NOTES, told).scalars().all()[::-1])


_NEWEST_NOTES: Any = (
    select(NoteRow)
    .where(col(NoteRow.incident) == bindparam("incident"))
    .order_by(col(NoteRow.at).desc(), col(NoteRow.id).desc())
    .offset(bindparam("first"))
    .limit(bindparam("most"))
)


def count_notes(look: Look, incident_id: str) -> int:
    """How many remarks an incident has."""
    return look.session.exec(select(func.count()).select_from(NoteRow).where(NoteRow.incident == incident_id)).one()


def _notes(look: Look, rows: Sequence[NoteRow]) -> list[NoteView]:
    texts = look.vault.texts(look.session, (row.text_c for row in rows))
    return [NoteView(row.id, texts.get(row.text_c, ""), row.by, row.at) for row in rows]
