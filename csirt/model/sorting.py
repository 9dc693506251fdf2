"""Which detections belong together: the rule, over a whole set. Pure.

Two detections belong together when they hit the same attacked host on the same day of Japan, or hit different hosts on
that day and share an attacker, or a value that few hosts show (`sharing`). So there is at most one incident for an
attacked host and day, and none of more than one host without something shared. Where no host is known, what a detection
is about stands for it: the account, else the kind of report; so reports of different matters stay apart. The result
does not depend on the order in which detections are given. `linking` comes to the same groups batch after batch,
without looking at the whole set again.
"""

import hashlib
import ipaddress
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from csirt.era import JST
from csirt.model.detection import Detection
from csirt.model.incident import Group, IncidentType, Sortable
from csirt.model.sharing import MOST_HOSTS, account_of

Names = Mapping[tuple[date, str], str]  # the one name of an address on a day
Common = Callable[[tuple[date, str, str]], bool]  # do too many hosts show this value (day, kind, key) to link them?
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
_ADDRESSES = 16_384  # that are remembered: of those of a storm each comes again in every batch
_Node = tuple[str, date, str]


@lru_cache(maxsize=4096)  # of one detection it is asked a dozen times
def day_of(at: datetime) -> date:
    """The day in Japan on which an aware instant falls."""
    return at.astimezone(JST).date()


# ------------------------------------------------------------------------------------------------- who hit whom


def attacked_and_attacker(detection: Detection) -> tuple[str, str | None]:
    """The attacked host, and who attacked it if that is known, in a form that can be compared.

    The name of a host is the attacked one. Else, where exactly one of the two addresses is private, that one is ours
    and the other the attacker; else the destination was attacked by the source. Where there is nothing to go by, the
    attacked host is `unknown:`, the format, and a digest of what the detection is about. What a reader knows better, it
    says in the observables `attacked` and `attacker`.
    """
    ours, theirs = ours_and_theirs(detection.src_ip, detection.dst_ip)
    named = _named_host(detection)
    attacked = named or ours or _nameless(detection)
    told = _observable(detection, "attacker")
    attacker = (plain_address(told) if told else None) or theirs
    return attacked, attacker if attacker != attacked else None


def _nameless(detection: Detection) -> str:
    """What stands for a host that no detection names: a person's account, else what is reported (signature, title)."""
    account = account_of(detection.user)
    about = f"account:{account}" if account else f"report:{detection.signature or detection.title}"
    digest = hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{_UNKNOWN}{detection.format}:{digest}"


def is_known(attacked: str) -> bool:
    """Whether an attacked host has a name or an address, and is not only what stands for one."""
    return not attacked.startswith(_UNKNOWN)


def told_host(attacked: str) -> str:
    """An attacked host as people are shown it: nothing where none is known."""
    return attacked if is_known(attacked) else ""


def sighting(attacked: str, source: str | None, destination: str | None) -> tuple[str, str] | None:
    """A private address of ours and its host's name, where a detection tells both beyond doubt; else None.

    `attacked` is what `attacked_and_attacker` gives. Beyond doubt: one address is private and the other is not. So a
    sensor that knows only addresses and an agent that knows only names speak of one host.
    """
    ours, theirs = ours_and_theirs(source, destination)
    named = plain_address(attacked) is None and is_known(attacked)
    if named and ours and theirs and is_ours(ours) and not is_ours(theirs):
        return ours, attacked
    return None


def names_of(detections: Iterable[Sortable]) -> Names:
    """The name of each address on each day. One under which several names appear (leased in turn) is left out."""
    seen: defaultdict[tuple[date, str], set[str]] = defaultdict(set)
    for one in detections:
        if one.sighting:
            seen[day_of(one.at), one.sighting[0]].add(one.sighting[1])
    return {place: min(names) for place, names in sorted(seen.items()) if len(names) == 1}


def ours_and_theirs(source: str | None, destination: str | None) -> tuple[str | None, str | None]:
    """Of two addresses the attacked one and the attacker's, each None where there is none. They are never the same."""
    src, dst = plain_address(source), plain_address(destination)
    if src == dst:
        return dst, None
    if src and (dst is None or not is_ours(dst)) and is_ours(src):
        return src, dst
    return dst, src


@lru_cache(maxsize=_ADDRESSES)
def is_ours(address: str) -> bool:
    """Whether an address is private (RFC 1918, RFC 4193), loopback or link-local. `address` is a plain one."""
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in _OURS if network.version == parsed.version)


@lru_cache(maxsize=_ADDRESSES)
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
    return _host_by_name(text)


@lru_cache(maxsize=_ADDRESSES)
def _host_by_name(text: str) -> str | None:
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


def common_in(detections: Iterable[Sortable]) -> Common:
    """Which values are common, by what these detections themselves tell. Hosts count as they were reported."""
    hosts: defaultdict[tuple[date, str, str], set[str]] = defaultdict(set)
    for one in detections:
        for kind, key in one.shares:
            hosts[day_of(one.at), kind, key].add(one.attacked)
    return lambda place: len(hosts.get(place, ())) > MOST_HOSTS[place[1]]


def groups_of(
    detections: Sequence[Sortable], names: Names | None = None, is_common: Common | None = None
) -> list[Group]:
    """The groups, in order of their first detection. Keys must be unique.

    `names` makes an address and the name of its host one; `is_common` says which shared values link nothing. Without
    them, what the detections themselves tell.
    """
    known = names_of(detections) if names is None else names
    is_common = is_common or common_in(detections)
    items = [
        _Item(one, day, known.get((day, one.attacked), one.attacked))
        for one in sorted(detections, key=lambda one: (one.at, one.key))
        for day in (day_of(one.at),)
    ]
    links: dict[_Node, _Node] = {}
    for item in items:
        host = _root(links, ("host", item.day, item.attacked))
        if item.detection.attacker:
            links[_root(links, ("attacker", item.day, item.detection.attacker))] = host
        for kind, key in item.detection.shares:
            if not is_common((item.day, kind, key)):
                host = _root(links, ("host", item.day, item.attacked))
                links[_root(links, (kind, item.day, key))] = host
    together: defaultdict[_Node, list[_Item]] = defaultdict(list)
    for item in items:
        together[_root(links, ("host", item.day, item.attacked))].append(item)
    return [_group(members) for members in together.values()]


def _root(links: dict[_Node, _Node], node: _Node) -> _Node:
    """The representative of a node's set; halves the path on the way."""
    links.setdefault(node, node)
    while links[node] != node:
        links[node] = links[links[node]]
        node = links[node]
    return node


def _group(members: list[_Item]) -> Group:
    """One group of detections, which come in order of time."""
    detections = [item.detection for item in members]
    by_weight = sorted(detections, key=lambda one: (-one.level, one.at, one.title, one.type.value, one.key))
    decided = [one.type for one in by_weight if one.type is not IncidentType.UNDECIDED]
    return Group(
        keys=tuple(sorted(one.key for one in detections)),
        type=decided[0] if decided else IncidentType.UNDECIDED,
        level=by_weight[0].level,
        title=by_weight[0].title,
        attacked=frozenset(item.attacked for item in members),
        attackers=frozenset(one.attacker for one in detections if one.attacker),
        first=detections[0].at,
        last=detections[-1].at,
    )
