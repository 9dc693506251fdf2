"""Rules by which detections are set aside for a time: with a reason, an end, and a level that passes all the same.

What a rule sets aside is kept, counted and found; nothing is dropped.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address, ip_network

from csirt.model.incident import Level
from csirt.model.source import Network


class IgnoreKind(StrEnum):
    """Why detections are set aside. The value is also the text key."""

    IGNORE = "ignore"  # known and harmless
    SNOOZE = "snooze"  # looked at later: at the end they come back to be sorted
    MAINTENANCE = "maintenance"  # work on a host is announced


LONGEST = {
    IgnoreKind.IGNORE: timedelta(days=366),
    IgnoreKind.SNOOZE: timedelta(days=31),
    IgnoreKind.MAINTENANCE: timedelta(days=31),
}
PASSES_FROM = Level.GRAVE  # what no rule sets aside unless it says a higher level


@dataclass(frozen=True, slots=True)
class Told:
    """What a rule looks at. `source` as `sensor:name`; hosts and addresses as they were told, empty for none."""

    source: str
    title: str
    hosts: tuple[str, ...]
    addresses: tuple[str, ...]
    level: int
    at: datetime


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Every condition that is not empty must hold, and at least one is not.

    `text` is part of the title, `host` a name (with `*` at its end: a beginning), `network` such as `192.0.2.0/24`.
    Detections of level `passes_from` and more are never set aside.
    """

    id: str
    kind: IgnoreKind
    from_at: datetime
    until_at: datetime
    source: str = ""
    text: str = ""
    host: str = ""
    network: str = ""
    passes_from: int = int(PASSES_FROM)

    def fits(self, told: Told) -> bool:
        """Does it set this detection aside?"""
        if told.level >= self.passes_from or not self.from_at <= told.at < self.until_at:
            return False
        if self.source and self.source not in {told.source, told.source.partition(":")[2]}:
            return False
        return (
            (not self.text or self.text.casefold() in told.title.casefold())
            and (not self.host or any(_is_host(self.host, one) for one in told.hosts))
            and (not self.network or any(_is_within(one, self.network) for one in told.addresses))
        )


def _is_host(wanted: str, host: str) -> bool:
    wanted, host = wanted.casefold().rstrip("."), host.casefold().rstrip(".")
    if wanted.endswith("*"):
        return host.startswith(wanted[:-1])
    return wanted in {host, host.partition(".")[0]}


@lru_cache(maxsize=4096)
def _is_within(address: str, network: str) -> bool:
    try:
        return ip_address(address) in _network(network)
    except ValueError:
        return False


@lru_cache(maxsize=512)
def _network(text: str) -> Network:
    return ip_network(text, strict=False)
