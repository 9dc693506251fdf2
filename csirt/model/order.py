"""Orders to outside systems: what is asked of them, for whom, and what they said. Containment has its way back."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from csirt.errors import Invalid
from csirt.model.step import Json

TARGETS_MOST = 100


class OrderKind(StrEnum):
    """What may be ordered. Each containment has an order that takes it back."""

    BLOCK = "block"  # addresses and domains, at the prefecture's security cloud or at a firewall
    UNBLOCK = "unblock"
    ISOLATE = "isolate"  # hosts, by EDR
    RELEASE = "release"
    DISABLE_ACCOUNT = "disable_account"
    ENABLE_ACCOUNT = "enable_account"


BACK = {
    OrderKind.UNBLOCK: OrderKind.BLOCK,
    OrderKind.RELEASE: OrderKind.ISOLATE,
    OrderKind.ENABLE_ACCOUNT: OrderKind.DISABLE_ACCOUNT,
}
"""Which order takes back which; these need a reason."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order to one system. `key` is its idempotency key, the same at every attempt."""

    kind: OrderKind
    targets: tuple[str, ...]
    incident: str
    key: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What a system said: a short code, and what else is worth keeping (bounded; it goes into the vault)."""

    code: str
    detail: Json = field(default=None)


class Connector(Protocol):
    """The way to one system. Every call may block, within seconds that the system's settings say."""

    name: str

    def act(self, order: Order) -> Done:
        """Have an order carried out. The same key again must change nothing more.

        Raises:
            Unavailable: not carried out, or nobody knows; `permanent` says whether another try can help.
        """
        ...

    def check(self) -> str:
        """Try everything but the effect; returns a short code of what was tried. Raises `CsirtError`."""
        ...


# A host, a domain, an address or an account: it never begins with a dash, so that no program takes it for an option.
_TARGET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:@\\/-]{0,252}")


def checked_targets(targets: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What an order is about, each once, and what cannot be a target of anything (each cut to 80 characters).

    Raises:
        Invalid: `target_malformed` where no good one is left, `targets_missing`, `targets_too_many`.
    """
    found = tuple(dict.fromkeys(targets))
    good = tuple(one for one in found if _TARGET.fullmatch(one) and ".." not in one)
    if not found:
        raise Invalid("targets_missing")
    if len(found) > TARGETS_MOST:
        raise Invalid("targets_too_many", limit=TARGETS_MOST)
    if not good:
        raise Invalid("target_malformed")
    return good, tuple(one[:80] for one in found if one not in good)


def is_spared(target: str, never: Sequence[str]) -> bool:
    """Is this among what a system must never act upon: names, domains as `*.city.example`, addresses, networks?"""
    name = target.casefold().rstrip(".")
    mine = _network(name)
    for entry in map(str.casefold, never):
        if mine is not None:
            if (theirs := _network(entry)) is not None and _overlap(mine, theirs):
                return True
        elif name == entry or (entry.startswith("*.") and name.endswith(entry[1:])):
            return True
    return False


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _overlap(one: Network, other: Network) -> bool:
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return one.overlaps(other)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return one.overlaps(other)
    return False
