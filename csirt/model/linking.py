"""Sorting batch after batch: the same groups as `sorting.groups_of`, whatever the order in which detections arrive.

A *place* is an attacked host, an attacker, or a value that few hosts share, on one day of Japan. Every place belongs to
one *cluster*, and a detection belongs to the cluster of its places; one that touches several makes them one. So
a batch needs to know only the places that it touches, never the detections before it. What cannot be told by growing
alone is an address that turns out to have had two names on one day, or a shared value that turns out to be common: the
cluster that it lies in is `torn`, and has to be sorted afresh from its members.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from csirt.model.incident import Group, Sortable
from csirt.model.sharing import MOST_HOSTS
from csirt.model.sorting import Names, day_of, groups_of, is_known, plain_address

Place = tuple[date, str, str]  # day, kind (`host`, `attacker`, or of a shared value), value


class Because(StrEnum):
    """Why a detection belongs to its incident. The value is also the text key."""

    NEW = "new"  # the incident began with it
    SAME_HOST = "same_host"
    SAME_REPORT = "same_report"  # no host is known: the same account, or the same kind of report
    SAME_ADDRESS = "same_address"  # the host's other name: an address that was seen to be its
    SHARED_ATTACKER = "shared_attacker"
    SHARED_HASH = "shared_hash"
    SHARED_URL = "shared_url"
    SHARED_ACCOUNT = "shared_account"
    FLOOD = "flood"  # its source flooded: one case with a count instead of many
    OFFICER = "officer"  # a person put it there


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, and the host, address, attacker or value that was shared."""

    because: Because
    over: str = ""


@dataclass
class Known:
    """What is known of the places that a batch touches: their clusters, the names of addresses, who shares a value."""

    clusters: dict[Place, str] = field(default_factory=dict)
    names: defaultdict[tuple[date, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    sharers: defaultdict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))

    def is_common(self, place: Place) -> bool:
        """Do too many hosts show this value on this day to link them?"""
        return len(self.sharers.get(place, ())) > MOST_HOSTS[place[1]]

    def name_of(self, day: date, address: str) -> str | None:
        """The one name of an address on a day; None for none or several."""
        names = self.names.get((day, address), set())
        return next(iter(names)) if len(names) == 1 else None

    def unique_names(self) -> Names:
        """Every address that has one name on its day."""
        return {place: next(iter(names)) for place, names in self.names.items() if len(names) == 1}


@dataclass
class Linked:
    """What a batch changed: the cluster of each detection and why, clusters that became one (gone -> into), places."""

    of: dict[int, str] = field(default_factory=dict)
    reasons: dict[int, Reason] = field(default_factory=dict)
    absorbed: dict[str, str] = field(default_factory=dict)
    touched: set[Place] = field(default_factory=set)


def host(day: date, name: str) -> Place:
    """An attacked host on a day."""
    return day, "host", name


def attacker(day: date, address: str) -> Place:
    """An attacker on a day."""
    return day, "attacker", address


def addresses_in(batch: Iterable[Sortable]) -> set[tuple[date, str]]:
    """The addresses of a batch whose names matter."""
    found = {(day_of(one.at), one.sighting[0]) for one in batch if one.sighting}
    return found | {(day_of(one.at), one.attacked) for one in batch if plain_address(one.attacked)}


def places_in(batch: Iterable[Sortable], known: Known) -> set[Place]:
    """The places that a batch touches; `known` holds the names of its addresses already."""
    found: set[Place] = set()
    for one in batch:
        found.update(_places_of(one, known))
        if one.sighting:
            found.add(host(day_of(one.at), one.sighting[0]))
    return found


def told(one: Sortable) -> tuple[tuple[date, str], str] | None:
    """Which address had which name on which day, if a detection tells."""
    return ((day_of(one.at), one.sighting[0]), one.sighting[1]) if one.sighting else None


def torn_by(batch: Iterable[Sortable], known: Known) -> set[tuple[date, str]]:
    """The addresses that had one name before this batch and have several with it; `known` has these names then.

    The clusters that they lie in are sorted afresh before anything else of the batch is learnt.
    """
    said = [named for one in batch if (named := told(one))]
    torn = {place for place, name in said if known.name_of(*place) not in {None, name}}
    for place, name in said:
        if place in torn:
            known.names[place].add(name)
    return torn


def values_in(batch: Iterable[Sortable]) -> set[Place]:
    """The values of a batch that hosts may share."""
    return {place for one in batch for place in _values_of(one)}


def _values_of(one: Sortable) -> list[Place]:
    day = day_of(one.at)
    return [(day, kind, key) for kind, key in one.shares]


def common_by(batch: Iterable[Sortable], known: Known) -> set[Place]:
    """The values that linked hosts before this batch and are common with it; `known` has these hosts then.

    The clusters that they lie in are sorted afresh, as with `torn_by`.
    """
    hosts: defaultdict[Place, set[str]] = defaultdict(set)
    for one in batch:
        for place in _values_of(one):
            hosts[place].add(one.attacked)
    turned = set()
    for place, more in hosts.items():
        if not known.is_common(place) and len(known.sharers.get(place, set()) | more) > MOST_HOSTS[place[1]]:
            known.sharers[place] |= more
            turned.add(place)
    return turned


def learn(batch: Iterable[Sortable], known: Known) -> None:
    """Add the names that a batch tells, and the hosts that share its values."""
    for one in batch:
        if named := told(one):
            known.names[named[0]].add(named[1])
        for place in _values_of(one):
            if not known.is_common(place):
                known.sharers[place].add(one.attacked)


def _places_of(one: Sortable, known: Known) -> list[Place]:
    """The places of a detection: its host, also under the one name of an address, its attacker, what it shares."""
    day = day_of(one.at)
    places = [host(day, one.attacked)]
    if name := known.name_of(day, one.attacked):
        places.append(host(day, name))
    if one.attacker:
        places.append(attacker(day, one.attacker))
    return places + [place for place in _values_of(one) if not known.is_common(place)]


def link(
    batch: Sequence[Sortable], known: Known, rank: Callable[[str], tuple[object, ...]], new: Callable[[], str]
) -> Linked:
    """Give each detection its cluster. `known` is changed along.

    Of several clusters that become one, the least by `rank` stays. `new` names a new cluster.
    """
    result = Linked()

    def root(cluster: str) -> str:
        while cluster in result.absorbed:
            cluster = result.absorbed[cluster]
        return cluster

    for one in sorted(batch, key=lambda one: (one.at, one.key)):
        places = _places_of(one, known)
        result.reasons[one.key] = _reason(one, places, known)
        if one.sighting and known.name_of(day_of(one.at), one.sighting[0]):
            also = host(day_of(one.at), one.sighting[0])
            places += [also] if also in known.clusters else []
        met = sorted({root(known.clusters[place]) for place in places if place in known.clusters}, key=rank)
        into, gone = (met[0], met[1:]) if met else (new(), [])
        result.absorbed.update(dict.fromkeys(gone, into))
        known.clusters.update(dict.fromkeys(places, into))
        result.touched.update(places)
        result.of[one.key] = into
    result.of = {key: root(cluster) for key, cluster in result.of.items()}
    result.absorbed = {gone: root(gone) for gone in result.absorbed}
    for place, cluster in known.clusters.items():
        known.clusters[place] = root(cluster)
    return result


def _reason(one: Sortable, places: Sequence[Place], known: Known) -> Reason:
    for day_, kind, value in places:
        if (day_, kind, value) not in known.clusters:
            continue
        if kind == "attacker":
            return Reason(Because.SHARED_ATTACKER, value)
        if kind in MOST_HOSTS:
            return Reason(Because(f"shared_{kind}"), dict(zip(one.shares, one.texts, strict=True))[kind, value])
        if not is_known(value):
            return Reason(Because.SAME_REPORT)
        return Reason(Because.SAME_HOST if value == one.attacked else Because.SAME_ADDRESS, value)
    if one.sighting and host(day_of(one.at), one.sighting[0]) in known.clusters:
        return Reason(Because.SAME_ADDRESS, one.sighting[0])
    return Reason(Because.NEW)


def apart(members: Sequence[Sortable], known: Known) -> list[Group]:
    """The groups that the members of a torn cluster fall into. The first keeps the cluster: it holds the gravest."""
    found = groups_of(members, known.unique_names(), known.is_common)
    return sorted(found, key=lambda group: (-group.level, group.first, group.keys))


def places_of_group(members: Iterable[Sortable], known: Known) -> set[Place]:
    """The places that a group of a torn cluster owns."""
    return {place for one in members for place in _places_of(one, known)}
