"""What sorting reads and writes beside detections: rows by their places, and the values that detections share."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from sqlalchemy import bindparam, select, tuple_, update
from sqlmodel import Session

from csirt.model.incident import IncidentType, Level, Sortable
from csirt.model.linking import Known, Place
from csirt.model.sharing import KINDS, MOST_HOSTS, shares_of
from csirt.model.sorting import day_of, sighting
from csirt.response.members import Member
from csirt.store.columns import table_of
from csirt.store.many import Among, Into, some_of
from csirt.store.tables.intake import DetectionRow, ObservableRow
from csirt.store.tables.sorting import HostNameRow, PlaceRow, SharerRow

_PLACE, _NAME, _SHARER, _OBSERVABLE = (table_of(row) for row in (PlaceRow, HostNameRow, SharerRow, ObservableRow))
_CLUSTERS = Among(_PLACE, ("day", "kind", "value"), "cluster")
_NAMES = Among(_NAME, ("day", "address"), "name")
_SHARERS = Among(_SHARER, ("day", "kind", "value"), "host")
_CARRIED = select(_OBSERVABLE.c.detection, _OBSERVABLE.c.kind, _OBSERVABLE.c.value).where(
    _OBSERVABLE.c.detection.in_(bindparam("prints", expanding=True)), _OBSERVABLE.c.kind.in_(KINDS)
)
_INTO_PLACE, _INTO_NAME, _INTO_SHARER = Into(_PLACE), Into(_NAME), Into(_SHARER)


def sortable(row: Member | DetectionRow, observables: Iterable[tuple[str, str]] = ()) -> Sortable:
    """A stored detection as sorting sees it; `observables` are pairs of kind and value."""
    assert row.id is not None
    attacked = row.reported_as or row.attacked
    shares = shares_of(row.level if row.own_level is None else row.own_level, row.user, observables)
    return Sortable(
        row.id, row.at, attacked, row.attacker, IncidentType(row.type), Level(row.level), row.title,
        sighting(attacked, row.src_ip, row.dst_ip), tuple((one.kind, one.key) for one in shares),
        tuple(one.text for one in shares),
    )  # fmt: skip


def sortables(session: Session, rows: Collection[Member | DetectionRow]) -> list[Sortable]:
    """Stored detections as sorting sees them, with what they carry."""
    carried: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for some in some_of({row.fingerprint for row in rows}):
        for detection, kind, value in session.connection().execute(_CARRIED, {"prints": some}):
            carried[detection].append((kind, value))
    return [sortable(row, carried.get(row.fingerprint, ())) for row in rows]


def load_places(session: Session, places: Collection[Place]) -> dict[Place, str]:
    """The clusters of those of these places that are known."""
    return {(day, kind, value): cluster for day, kind, value, cluster in _CLUSTERS.ask(session.connection(), places)}


def load_names(session: Session, known: Known, addresses: Collection[tuple[date, str]]) -> None:
    """Which names these addresses had on a day."""
    for day, address, name in _NAMES.ask(session.connection(), addresses):
        known.names[day, address].add(name)


def keep_places(session: Session, stored: Mapping[Place, str], wanted: Mapping[Place, str]) -> None:
    """Store the cluster of each wanted place; `stored` says what lies there already."""
    session.flush()  # a cluster is there before its places
    connection, moved = session.connection(), defaultdict[str, list[Place]](list)
    for place, cluster in wanted.items():
        if stored.get(place, cluster) != cluster:
            moved[cluster].append(place)
    new = [
        {"day": day, "kind": kind, "value": value, "cluster": cluster}
        for (day, kind, value), cluster in sorted(wanted.items()) if (day, kind, value) not in stored
    ]  # fmt: skip
    _INTO_PLACE.put(connection, new)
    for cluster, places in sorted(moved.items()):
        for some in some_of(places):
            here = tuple_(_PLACE.c.day, _PLACE.c.kind, _PLACE.c.value).in_(some)
            connection.execute(update(_PLACE).where(here).values(cluster=cluster))


def keep_names(session: Session, names: Iterable[tuple[tuple[date, str], str]]) -> None:
    """Store names that addresses were seen to have on a day, and that were not known."""
    rows = [{"day": day, "address": address, "name": name} for (day, address), name in names]
    _INTO_NAME.put(session.connection(), rows)


def load_sharers(session: Session, known: Known, places: Iterable[Place]) -> None:
    """Which hosts show these values."""
    wanted = {place for place in places if place not in known.sharers}
    for day, kind, key, host in _SHARERS.ask(session.connection(), wanted):
        known.sharers[day, kind, key].add(host)


def keep_sharers(session: Session, before: Mapping[Place, Collection[str]], batch: Iterable[Sortable]) -> None:
    """Keep the hosts that a batch adds; of a value no more than it takes to know that it is common."""
    added: defaultdict[Place, set[str]] = defaultdict(set)
    for one in batch:
        for kind, key in one.shares:
            added[day_of(one.at), kind, key].add(one.attacked)
    new: list[dict[str, object]] = []
    for place, hosts in sorted(added.items()):
        at = {"day": place[0], "kind": place[1], "value": place[2]}
        kept = before.get(place, ())
        room = MOST_HOSTS[place[1]] + 1 - len(kept)
        new += [{**at, "host": host} for host in sorted(hosts - set(kept))[: max(0, room)]]
    _INTO_SHARER.put(session.connection(), new)
