"""Which detections belong together, and to which open case. Pure.

Two detections belong together when they hit the same attacked host on the same day of Japan, or hit different hosts on
that day and share an attacker. A group joins an open case by the same rules, where its day lies within the days of the
case; of several cases the oldest. So there is at most one new incident for an attacked host and day, and none of more
than one host without a shared attacker. The result does not depend on the order in which detections are given.
"""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType

from csirt.era import JST
from csirt.model.detection import Detection
from csirt.model.incident import Group, IncidentType, OpenCase, Sortable

SAME_HOST = "same_host"
SHARED_ATTACKER = "shared_attacker"
NEW = "new"


_NO_NAMES: Mapping[str, str] = MappingProxyType({})
# What products write where they know no name; `localhost` is everybody's.
_FILLERS = frozenset({"", "-", "none", "null", "n/a", "na", "unknown", "localhost", "*"})
_OURS = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
        "fc00::/7",  # RFC 4193
        *("127.0.0.0/8", "::1/128"),  # loopback
        *("169.254.0.0/16", "fe80::/10"),  # link-local
    )
)
_UNKNOWN = "unknown:"
_Node = tuple[str, date, str]


def day_of(at: datetime) -> date:
    """The day in Japan on which an aware instant falls."""
    return at.astimezone(JST).date()


# ------------------------------------------------------------------------------------------------- who hit whom


def attacked_and_attacker(detection: Detection) -> tuple[str, str | None]:
    """The attacked host, and who attacked it if that is known, in a form that can be compared.

    The name of a host is the attacked one. Else, where exactly one of the two addresses is private, that one is ours
    and the other the attacker; else the destination was attacked by the source. Where there is nothing to go by, the
    attacked host is `unknown:` and the format. What a reader knows better, it says in the observables `attacked` and
    `attacker`.
    """
    ours, theirs = ours_and_theirs(detection.src_ip, detection.dst_ip)
    named = _named_host(detection)
    attacked = named or ours or f"{_UNKNOWN}{detection.format}"
    told = _observable(detection, "attacker")
    attacker = (plain_address(told) if told else None) or theirs
    return attacked, attacker if attacker != attacked else None


def names_of(sightings: Iterable[tuple[str, str | None, str | None]]) -> Mapping[str, str]:
    """The names of our hosts, by private address, from what tells both beyond doubt.

    `sightings` are (attacked host as `attacked_and_attacker` gives it, source address, destination address), best those
    of one day. So a sensor that knows only addresses and an agent that knows only names speak of one host. Beyond
    doubt: one address is private and the other is not. An address under which several names appear (leased in turn) is
    left out.
    """
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for attacked, source, destination in sightings:
        ours, theirs = ours_and_theirs(source, destination)
        named = plain_address(attacked) is None and not attacked.startswith(_UNKNOWN)
        if named and ours and theirs and is_ours(ours) and not is_ours(theirs):
            seen[ours].add(attacked)
    return {address: min(names) for address, names in sorted(seen.items()) if len(names) == 1}


def ours_and_theirs(source: str | None, destination: str | None) -> tuple[str | None, str | None]:
    """Of two addresses the attacked one and the attacker's, each None where there is none. They are never the same."""
    src, dst = plain_address(source), plain_address(destination)
    if src == dst:
        return dst, None
    if src and (dst is None or not is_ours(dst)) and is_ours(src):
        return src, dst
    return dst, src


@lru_cache(maxsize=4096)
def is_ours(address: str) -> bool:
    """Whether an address is private (RFC 1918, RFC 4193), loopback or link-local. `address` is a plain one."""
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in _OURS if network.version == parsed.version)


@lru_cache(maxsize=4096)
def plain_address(text: str | None) -> str | None:
    """An IP address in its one canonical form; None for anything else and for `0.0.0.0` and `::`."""
    if not text:
        return None
    try:
        address = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return None if address.is_unspecified else str(address)


def _named_host(detection: Detection) -> str | None:
    """The attacked host as the record names it, folded; an address in its plain form; None for fillers."""
    text = (_observable(detection, "attacked") or detection.host or "").strip().rstrip(".").casefold()
    if text in _FILLERS or text.startswith("$"):
        return None
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return text
    return plain_address(text)


def _observable(detection: Detection, kind: str) -> str | None:
    """The first observable of a kind."""
    return next(iter(detection.observables.get(kind, ())), None)


# --------------------------------------------------------------------------------------------- what belongs together


@dataclass(frozen=True, slots=True)
class _Item:
    """A detection on its day, its host under the name it is known by."""

    detection: Sortable
    day: date
    attacked: str


def groups_of(
    detections: Sequence[Sortable], open_cases: Sequence[OpenCase], names: Mapping[str, str] = _NO_NAMES
) -> list[Group]:
    """The groups, in order of their first detection; each new, or joining an open case. Keys must be unique.

    `names` (see `names_of`) makes an address and the name of its host one; the sets of cases may hold either.
    `because` is `same_host` or `shared_attacker` for a group that joins, `new` for one that does not.
    """
    items = [
        _Item(one, day_of(one.at), names.get(one.attacked, one.attacked))
        for one in sorted(detections, key=lambda one: (one.at, one.key))
    ]
    links: dict[_Node, _Node] = {}
    for item in items:
        host = _root(links, ("host", item.day, item.attacked))
        if item.detection.attacker:
            links[_root(links, ("attacker", item.day, item.detection.attacker))] = host
    together: defaultdict[_Node, list[_Item]] = defaultdict(list)
    for item in items:
        together[_root(links, ("host", item.day, item.attacked))].append(item)
    cases = _Cases(open_cases, names)
    return [_group(members, cases) for members in together.values()]


def _root(links: dict[_Node, _Node], node: _Node) -> _Node:
    """The representative of a node's set; halves the path on the way."""
    links.setdefault(node, node)
    while links[node] != node:
        links[node] = links[links[node]]
        node = links[node]
    return node


class _Cases:
    """Open cases from the oldest on, found by host or attacker."""

    def __init__(self, cases: Sequence[OpenCase], names: Mapping[str, str]) -> None:
        self.cases = sorted(cases, key=lambda case: (case.first, case.id))
        self.by_host: defaultdict[str, list[int]] = defaultdict(list)
        self.by_attacker: defaultdict[str, list[int]] = defaultdict(list)
        for rank, case in enumerate(self.cases):
            for host in {names.get(host, host) for host in case.attacked}:
                self.by_host[host].append(rank)
            for attacker in case.attackers:
                self.by_attacker[attacker].append(rank)

    def touched(self, day: date, attacked: Iterable[str], attackers: Iterable[str]) -> tuple[OpenCase | None, str]:
        """The oldest case that a group touches, and why; (None, `new`) where there is none."""
        hosts = self._ranks(day, self.by_host, attacked)
        ranks = hosts | self._ranks(day, self.by_attacker, attackers)
        if not ranks:
            return None, NEW
        oldest = min(ranks)
        return self.cases[oldest], SAME_HOST if oldest in hosts else SHARED_ATTACKER

    def _ranks(self, day: date, index: Mapping[str, list[int]], keys: Iterable[str]) -> set[int]:
        """Cases under these keys whose days hold this day."""
        return {
            rank
            for key in keys
            for rank in index.get(key, ())
            if day_of(self.cases[rank].first) <= day <= day_of(self.cases[rank].last)
        }


def _group(members: list[_Item], cases: _Cases) -> Group:
    """One group of detections, which come in order of time."""
    attacked = frozenset(item.attacked for item in members)
    detections = [item.detection for item in members]
    attackers = frozenset(one.attacker for one in detections if one.attacker)
    case, because = cases.touched(members[0].day, attacked, attackers)
    by_weight = sorted(detections, key=lambda one: (-one.level, one.at, one.title, one.type.value, one.key))
    decided = [one.type for one in by_weight if one.type is not IncidentType.UNDECIDED]
    return Group(
        keys=tuple(sorted(one.key for one in detections)),
        joins=case.id if case else None,
        because=because,
        type=decided[0] if decided else IncidentType.UNDECIDED,
        level=by_weight[0].level,
        title=by_weight[0].title,
        attacked=attacked,
        attackers=attackers,
        first=detections[0].at,
        last=detections[-1].at,
    )
