"""Detections as sorting reads and writes them: plain columns, and no object of the session for each of a storm."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from sqlalchemy import bindparam, select
from sqlmodel import Session

from csirt.model.incident import Level
from csirt.store.columns import table_of
from csirt.store.many import Over
from csirt.store.tables.intake import DetectionRow


@dataclass(slots=True)
class Member:
    """A stored detection. Those from `state` on are what sorting decides; `store` writes them back."""

    id: int
    fingerprint: str
    batch: str
    title: str
    type: str
    time_utc: datetime | None
    at: datetime
    last_seen: datetime
    src_ip: str | None
    dst_ip: str | None
    host: str | None
    user: str | None
    attacker: str | None
    state: str
    incident: str | None
    cluster: str | None
    joined_by: str | None
    joined_over: str | None
    attacked: str
    reported_as: str | None
    asset: str | None
    level: int
    own_level: int | None
    ignored_by: str | None
    ignored_until: datetime | None


_DETECTION = table_of(DetectionRow)
_NAMES = [one.name for one in fields(Member)]
_DECIDED = _NAMES[_NAMES.index("state") :]
_READ = select(*(getattr(DetectionRow, name) for name in _NAMES))
# Level by level: in the order of its index. Over all levels at once, each batch would sort the whole backlog.
_FRESH = (
    _READ.where(_DETECTION.c.state == "new", _DETECTION.c.level == bindparam("level"))
    .order_by(_DETECTION.c.id)
    .limit(bindparam("most"))
)
_THESE = _FRESH.where(_DETECTION.c.id.in_(bindparam("only", expanding=True)))
_OF_CLUSTER = _READ.where(_DETECTION.c.cluster == bindparam("of")).order_by(_DETECTION.c.id).with_for_update()
_STORE, _WRITTEN = Over(_DETECTION, "id", _DECIDED), attrgetter(*_DECIDED, "id")


def fresh(session: Session, most: int, only: Collection[int] | None = None) -> dict[int, Member]:
    """What is new, the gravest first, at most so many; by id. `only`: of these alone.

    They are not locked: one sorts at a time, and nobody else decides on what is new. Whoever counts a repeat of one
    meanwhile changes other columns, and need not wait until it is sorted.
    """
    query, given = (_FRESH, {}) if only is None else (_THESE, {"only": [*only]})
    found: dict[int, Member] = {}
    for level in sorted(Level, reverse=True):
        rows = session.connection().execute(query, {**given, "level": int(level), "most": most - len(found)})
        found |= {row[0]: Member(*row) for row in rows}
    return found


def of_cluster(session: Session, cluster: str) -> list[Member]:
    """All that was sorted into a cluster, locked: people decide on what waits, and on cases."""
    return [Member(*row) for row in session.connection().execute(_OF_CLUSTER, {"of": cluster})]


def store(session: Session, members: Iterable[Member]) -> None:
    """Write what was decided of these, in the order in which others lock them."""
    ordered = sorted(members, key=attrgetter("id"))
    _STORE.put(session.connection(), [_WRITTEN(one) for one in ordered])
