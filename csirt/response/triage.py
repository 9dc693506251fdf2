"""Triage: what is new is sorted, batch after batch, into open incidents and new ones. Why is kept with each detection.

A batch looks only at the places it touches, so it costs the same in a storm as on a quiet day. What comes of a day does
not depend on the order of arrival: a detection that belongs to two incidents makes them one, and an address that turns
out to have had two names on a day lets go what was sorted by it. What people decided stays as they decided it: a
detection that they put somewhere has no cluster, or its cluster leads where they said.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import text, update
from sqlmodel import col, delete, select

from csirt.model.asset import level_on
from csirt.model.incident import IncidentStatus, IncidentType, Level, Sortable
from csirt.model.linking import (
    Because,
    Known,
    Linked,
    Place,
    addresses_in,
    apart,
    common_by,
    host,
    learn,
    link,
    places_in,
    places_of_group,
    told,
    torn_by,
    values_in,
)
from csirt.model.sorting import day_of, groups_of
from csirt.model.source import SENSOR
from csirt.record.entry import EntryKind
from csirt.response import ignoring, incidents, levels, locks, members, merging
from csirt.response.floods import Floods, of_floods
from csirt.response.members import Member
from csirt.response.places import (
    keep_names,
    keep_places,
    keep_sharers,
    load_names,
    load_places,
    load_sharers,
    sortable,
    sortables,
)
from csirt.store.many import some_of
from csirt.store.queries.assets import assets_on
from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tables.runs import RunRow
from csirt.store.tables.sorting import ClusterRow, PlaceRow
from csirt.store.tx import Tx, new_id

BATCH = 500  # detections a commit, the gravest first; on SQLite nobody else writes meanwhile
_LOCK = 0x5C0A7  # any number of our own


def triage(tx: Tx, only: Collection[int] | None = None) -> list[str]:
    """Sort the gravest of what is new; returns the ids of incidents opened. Once it finds nothing, all are sorted.

    Groups below the level from which a case opens by itself wait for the officer. `only`: of these alone.
    """
    if tx.session.get_bind().dialect.name == "postgresql":  # one sorts at a time; SQLite has one writer anyhow
        tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    fresh = members.fresh(tx.session, BATCH, only)
    if not fresh:
        return []
    aside = ignoring.set_aside(tx, fresh)
    left = {key: row for key, row in fresh.items() if key not in aside}
    return _Sorting(tx, left).sort() if left else []


class _Sorting:
    """One batch being sorted."""

    def __init__(self, tx: Tx, fresh: Mapping[int, Member]) -> None:
        self.tx = tx
        self.fresh = fresh
        self.batch = sortables(tx.session, fresh.values())
        self.known = Known()
        self.clusters: dict[str, ClusterRow] = {}
        self.ages: dict[str, tuple[Any, ...]] = {}
        self.places: dict[Place, str] = {}  # the cluster of each place, as it is stored
        self.opened: list[str] = []
        self.floods = Floods(tx, fresh.values())
        self.flood_cases: set[str] = set()
        self.led: defaultdict[str, list[Member]] = defaultdict(list)

    def sort(self) -> list[str]:
        self._load()
        linked = link(self.batch, self.known, self._rank, self._begin)
        self._keep_places(linked.touched)
        for gone, into in sorted(linked.absorbed.items()):
            self._absorb(gone, into)
        self._place(linked)
        for incident, rows in sorted(self.led.items()):
            self._join(incident, rows)
            self._raise(incident, rows)
        members.store(self.tx.session, self.fresh.values())
        return self.opened

    # ------------------------------------------------------------------------------------------------- what is known

    def _load(self) -> None:
        self._load_names(self.batch)
        before = {place: set(names) for place, names in self.known.names.items()}
        shared = {place: set(hosts) for place, hosts in self.known.sharers.items()}
        torn = {host(day, address) for day, address in torn_by(self.batch, self.known)}
        torn |= common_by(self.batch, self.known)
        self._load_places(torn)
        for place in sorted(torn):
            if cluster := self.known.clusters.get(place):
                self._tear(cluster, "address_shared" if place[1] == "host" else "value_common")
        learn(self.batch, self.known)
        keep_sharers(self.tx.session, shared, self.batch)
        self._load_places(places_in(self.batch, self.known))
        said = {one_of for one in self.batch if (one_of := told(one))}
        new = sorted((where, name) for where, name in said if name not in before.get(where, ()))
        keep_names(self.tx.session, new)
        for where, _ in new:
            self._call_by_name(*where)

    def _load_names(self, found: Collection[Sortable]) -> None:
        """The names of their addresses, and who else shows the values that they share."""
        load_names(self.tx.session, self.known, addresses_in(found))
        load_sharers(self.tx.session, self.known, values_in(found))

    def _call_by_name(self, day: date, address: str) -> None:
        """What was sorted of a host by its address is called by its name from now on, so that a case counts it once."""
        name, cluster = self.known.name_of(day, address), self.known.clusters.get(host(day, address))
        if name and cluster:
            called = update(DetectionRow).where(col(DetectionRow.cluster) == cluster)
            called = called.where(col(DetectionRow.attacked) == address)
            self.tx.session.execute(called.values(reported_as=address, attacked=name))

    def _load_places(self, places: Collection[Place]) -> None:
        found = load_places(self.tx.session, places)
        self._load_clusters(set(found.values()) - set(self.clusters))
        self.places |= found
        self.known.clusters |= {place: cluster for place, cluster in found.items() if cluster in self.clusters}

    def _load_clusters(self, ids: Collection[str]) -> None:
        """Clusters that may grow: those of closed cases are left alone, and what comes later begins anew."""
        for some in some_of(ids):
            found = self.tx.session.exec(select(ClusterRow).where(col(ClusterRow.id).in_(some))).all()
            led_to = {row.incident for row in found if row.incident}
            cases = self.tx.session.exec(select(IncidentRow).where(col(IncidentRow.id).in_(led_to)))
            by_id = {case.id: case for case in cases}
            self.flood_cases |= of_floods(self.tx, led_to)
            for cluster in found:
                case = by_id.get(cluster.incident or "")
                if case is None or case.status == IncidentStatus.OPEN.value:
                    self.clusters[cluster.id] = cluster
                    self.ages[cluster.id] = (case.received, case.ordinal) if case else ()
        for incident in sorted({row.incident for row in self.clusters.values() if row.incident}):
            locks.hold(self.tx, incident)

    def _rank(self, cluster: str) -> tuple[object, ...]:
        """The cluster of the oldest incident comes first, then the oldest."""
        return (not self.ages.get(cluster), self.ages.get(cluster, ()), self.clusters[cluster].begun_at, cluster)

    def _begin(self) -> str:
        row = ClusterRow(id=new_id("c"), level=0, begun_at=self.tx.now)
        self.tx.session.add(row)
        self.clusters[row.id] = row
        return row.id

    def _keep_places(self, places: Iterable[Place]) -> None:
        wanted = {place: self.known.clusters[place] for place in places}
        keep_places(self.tx.session, self.places, wanted)
        self.places |= wanted

    # --------------------------------------------------------------------------------------------- one out of several

    def _absorb(self, gone: str, into: str) -> None:
        """Two clusters are one; if each led to an incident, these are one, too."""
        session = self.tx.session
        old, new = self.clusters.pop(gone), self.clusters[into]
        session.execute(update(PlaceRow).where(col(PlaceRow.cluster) == gone).values(cluster=into))
        session.execute(update(DetectionRow).where(col(DetectionRow.cluster) == gone).values(cluster=into))
        new.level = max(new.level, old.level)
        session.add(new)
        session.delete(old)
        session.flush()
        for row in chain(*self.led.values()):
            row.cluster = into if row.cluster == gone else row.cluster
        if not (old.incident and new.incident and old.incident != new.incident):
            return
        if sealed_of(self.tx.session, {old.incident, new.incident}):
            return  # what is sealed stays by itself
        if old.incident in self.flood_cases:
            self._leave_flood(new, old.incident, new.incident)
        elif new.incident in self.flood_cases:
            self._leave_flood(new, new.incident, old.incident)
        else:
            merging.join_cases(self.tx, new.incident, old.incident, cause="rule")
            for other in self.clusters.values():
                session.refresh(other)

    def _leave_flood(self, cluster: ClusterRow, flood: str, into: str | None) -> None:
        """Out of the case of a flood, which stays as it is: into a case that they belong to, or to open one (None)."""
        mine = (col(DetectionRow.cluster) == cluster.id, col(DetectionRow.incident) == flood)
        state = "sorted" if into else "waiting"
        moved: Any = self.tx.session.execute(update(DetectionRow).where(*mine).values(incident=into, state=state))
        cluster.incident = into
        self.tx.session.add(cluster)
        out: dict[str, str | int] = {"detections": moved.rowcount, "because": Because.FLOOD.value}
        self.tx.record(EntryKind.DETECTIONS_MOVED, incident=flood, out=out)

    # ------------------------------------------------------------------------------------------ several out of one

    def _tear(self, cluster: str, because: str) -> None:
        """Sort a cluster's members afresh: without the name of an address that had several, or what is common."""
        tx = self.tx
        rows = {row.id: self.fresh.get(row.id, row) for row in members.of_cluster(tx.session, cluster)}
        items = {item.key: item for item in sortables(tx.session, rows.values())}
        self._load_names(items.values())
        tx.session.execute(delete(PlaceRow).where(col(PlaceRow.cluster) == cluster))
        self.places = {place: one for place, one in self.places.items() if one != cluster}
        for place in [place for place, one in self.known.clusters.items() if one == cluster]:
            del self.known.clusters[place]
        for number, group in enumerate(apart(list(items.values()), self.known)):
            into = cluster if number == 0 else self._begin()
            self.clusters[into].level = int(group.level)
            places = places_of_group([items[key] for key in group.keys], self.known)
            self.known.clusters |= dict.fromkeys(places, into)
            self._keep_places(places)
            if number:
                self._let_go(into, [rows[key] for key in group.keys], because)

    def _let_go(self, cluster: str, rows: Sequence[Member], because: str) -> None:
        """A part of a torn cluster: out of the incident, into one of its own or back to those that wait."""
        left: dict[str, int] = defaultdict(int)
        for row in rows:
            row.cluster = cluster
            row.attacked, row.reported_as = row.reported_as or row.attacked, None
            if row.state == "sorted" and row.incident:
                left[row.incident] += 1
                row.state, row.incident = "waiting", None
                row.joined_by, row.joined_over = Because.NEW.value, None
        members.store(self.tx.session, rows)
        for incident, count in sorted(left.items()):
            out: dict[str, str | int] = {"detections": count, "because": because}
            self.tx.record(EntryKind.DETECTIONS_MOVED, incident=incident, out=out)
        if self.clusters[cluster].level >= self.tx.city.rules.opens_from:
            self._open_or_lead(self.clusters[cluster], [row for row in rows if row.state == "waiting"])

    # ------------------------------------------------------------------------------------------------ into incidents

    def _place(self, linked: Linked) -> None:
        together: defaultdict[str, list[Member]] = defaultdict(list)
        for key, cluster in linked.of.items():
            row, reason = self.fresh[key], linked.reasons[key]
            row.cluster, row.joined_by, row.joined_over = cluster, reason.because.value, reason.over or None
            if name := self.known.name_of(day_of(row.at), row.attacked):
                row.reported_as, row.attacked = row.attacked, name
            together[cluster].append(row)
        self._know_assets()
        for cluster, rows in together.items():
            kept = self.clusters[cluster]
            kept.level = max(kept.level, *(row.level for row in rows))
            self.tx.session.add(kept)
            if kept.incident in self.flood_cases and max(row.level for row in rows) >= Level.GRAVE:
                self._leave_flood(kept, kept.incident or "", None)
            if kept.incident:
                self._join(kept.incident, rows)
                self._take_up(kept)
                self._raise(kept.incident, rows)
            elif kept.level >= self.tx.city.rules.opens_from:
                self._open_or_lead(kept, rows)
            else:
                self._let_wait(rows)

    def _know_assets(self) -> None:
        """Whose hosts were hit, by the ledger, and what their detections are worth there."""
        rows = self.fresh.values()
        names = {name for row in rows for name in (row.attacked, row.reported_as) if name}
        known = assets_on(self.tx.session, names)
        for row in rows:
            found = known.get(row.attacked) or known.get(row.reported_as or "")
            if not found and row.asset is None and row.own_level is None:
                continue  # as it is: most hosts of a storm stand in no ledger
            row.asset = found[0] if found else None
            own = row.level if row.own_level is None else row.own_level
            level = level_on(found[1], own, self.tx.city.rules.assets) if found else own
            row.level, row.own_level = level, own if level > own else None

    def _join(self, incident: str, rows: Sequence[Member]) -> None:
        """Put new detections into a case: one entry for each reason."""
        by_reason: defaultdict[str, int] = defaultdict(int)
        for row in rows:
            row.state, row.incident = "sorted", incident
            by_reason[row.joined_by or Because.NEW.value] += 1
        members.store(self.tx.session, [row for row in rows if row.id not in self.fresh])  # these were stored before
        for because, count in sorted(by_reason.items()):
            out: dict[str, str | int] = {"detections": count, "because": because}
            self.tx.record(EntryKind.DETECTIONS_JOINED, incident=incident, out=out)

    def _take_up(self, cluster: ClusterRow) -> None:
        """What waited in the cluster of a case belongs to that case."""
        waiting = (col(DetectionRow.cluster) == cluster.id, col(DetectionRow.state) == "waiting")
        changed: Any = self.tx.session.execute(
            update(DetectionRow).where(*waiting).values(state="sorted", incident=cluster.incident)
        )
        if changed.rowcount:
            out: dict[str, str | int] = {"detections": changed.rowcount, "because": "waited"}
            self.tx.record(EntryKind.DETECTIONS_JOINED, incident=cluster.incident, out=out)

    def _open_or_lead(self, cluster: ClusterRow, rows: Sequence[Member]) -> None:
        """A case of its own; while its source floods, what is not grave goes to the one case of the flood."""
        source = self.floods.source_of(rows)
        floods = bool(source) and cluster.level < Level.GRAVE and self.floods.is_flooding(source)
        case = self.floods.case_of(source) if floods else None
        if case is None:
            self._open(cluster, rows)
            case = cluster.incident or ""
        else:
            self._lead(cluster, rows, case, source)
        if floods:
            self.flood_cases.add(case)
        if source:
            self.floods.note(source, case, flood=floods)

    def _lead(self, cluster: ClusterRow, rows: Sequence[Member], case: str, source: str) -> None:
        """To the case of a flood; one entry for all of a batch."""
        if case not in self.led:
            locks.hold(self.tx, case)
        cluster.incident = case
        self.tx.session.add(cluster)
        for row in rows:
            row.joined_by, row.joined_over = Because.FLOOD.value, source.removeprefix(SENSOR)
        self.led[case] += rows
        self._take_up(cluster)

    def _open(self, cluster: ClusterRow, rows: Sequence[Member]) -> None:
        """A case for a cluster; `rows` hold its gravest detection."""
        gravest = max(groups_of([sortable(row) for row in rows], {}), key=lambda group: (group.level, group.keys))
        type_ = gravest.type
        if type_ is IncidentType.UNDECIDED:
            type_ = self._told_type(cluster.id)
        report = incidents.of_sensors(rows, gravest.title, type_, Level(cluster.level), self.tx.now)
        cluster.incident = incidents.open_case(self.tx, report, cause="rule")
        self.ages[cluster.id] = (self.tx.now,)
        self.tx.session.add(cluster)
        self.opened.append(cluster.incident)
        self._join(cluster.incident, rows)
        self._take_up(cluster)

    def _told_type(self, cluster: str) -> IncidentType:
        """The type that the gravest detection of a cluster suggests which suggests any."""
        query = select(DetectionRow.level, DetectionRow.at, DetectionRow.type).where(
            DetectionRow.cluster == cluster, DetectionRow.type != IncidentType.UNDECIDED.value,
            col(DetectionRow.id).not_in(self.fresh),
        )  # fmt: skip
        query = query.order_by(col(DetectionRow.level).desc(), col(DetectionRow.at)).limit(1)
        told = [(row.level, row.at, row.type) for row in self.fresh.values() if row.cluster == cluster]
        told += self.tx.session.exec(query).all()
        told = [one for one in told if one[2] != IncidentType.UNDECIDED.value]
        return IncidentType(min(told, key=lambda one: (-one[0], *one[1:]))[2] if told else IncidentType.UNDECIDED)

    def _raise(self, incident: str, rows: Sequence[Member]) -> None:
        """A graver detection than any before proposes its level; the first that says of which type gives it."""
        case = self.tx.session.get_one(IncidentRow, incident)
        gravest = max(row.level for row in rows)
        if gravest > case.sensed_level:
            levels.sense(self.tx, case, gravest)
            levels.propose(self.tx, case, "rule")
        told = [row.type for row in rows if row.type != IncidentType.UNDECIDED.value]
        has_run = self.tx.session.exec(select(RunRow.id).where(RunRow.incident == incident)).first()
        if told and case.type == IncidentType.UNDECIDED.value and not has_run:
            case.type = told[0]
            self.tx.record(EntryKind.INCIDENT_TYPE_SET, incident=incident, out={"type": told[0], "by": "rule"})
            incidents.order_run(self.tx, incident, IncidentType(told[0]))
        self.tx.session.add(case)

    def _let_wait(self, rows: Sequence[Member]) -> None:
        """One entry for those that were not waiting before, so that a waiting group is told once."""
        for row in rows:
            row.state = "waiting"
        out: dict[str, str | int] = {"detections": len(rows), "level": max(row.level for row in rows)}
        self.tx.record(EntryKind.DETECTIONS_WAITING, out=out)
