"""Orders to outside systems: what is asked of them, for whom, and what they said. Containment has its way back."""

import ipaddress
import re
from collections.abc import Collection, Sequence
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
_NUMBERS = re.compile(r"(0x[0-9a-f]+|[0-9]+\.)[0-9a-fx.]*", re.IGNORECASE)  # inet_aton(3) reads more than we do


def checked_targets(targets: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What an order is about, each once, and what cannot be a target of anything (each cut to 80 characters).

    Raises:
        Invalid: `target_malformed` where no good one is left, `targets_missing`, `targets_too_many`.
    """
    found = tuple(dict.fromkeys(targets))
    good = tuple(one for one in found if _is_target(one))
    if not found:
        raise Invalid("targets_missing")
    if len(found) > TARGETS_MOST:
        raise Invalid("targets_too_many", limit=TARGETS_MOST)
    if not good:
        raise Invalid("target_malformed")
    return good, tuple(one[:80] for one in found if one not in good)


def _is_target(text: str) -> bool:
    """An address in a form that only some programs read (`010.1.2.3`, `0x0a010203`) could slip past `never`."""
    if not _TARGET.fullmatch(text) or ".." in text:
        return False
    return not _NUMBERS.fullmatch(text) or _network(text) is not None


def is_spared(target: str, never: Sequence[str]) -> bool:
    """Is this among what a system must never act upon: names, domains as `*.city.example`, addresses, networks?

    However it is written: with a domain before it or behind it, a port, a path, or as an address within IPv6. A
    network that is wider than any attacker's is never acted upon: that would cut off the city itself.
    """
    forms = _forms(target.casefold().rstrip("."))
    networks = [network for network in map(_network, forms) if network is not None]
    if any(network.prefixlen < _WIDEST[network.version] for network in networks):
        return True
    return any(_is_meant(entry, forms, networks) for entry in map(str.casefold, never))


def _is_meant(entry: str, forms: Collection[str], networks: Collection["Network"]) -> bool:
    theirs = _network(entry)
    if theirs is not None:
        return any(_overlap(mine, theirs) for mine in networks)
    return any(name == entry or (entry.startswith("*.") and name.endswith(entry[1:])) for name in forms)


def _forms(name: str) -> set[str]:
    """A name, and what is left of it without a domain before or behind it, a path or a port."""
    forms = {name, name.rpartition("\\")[2], name.partition("@")[0], name.rpartition("@")[2], name.partition("/")[0]}
    return forms | {form.partition(":")[0].rstrip(".") for form in forms if form.count(":") == 1}


Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_WIDEST = {4: 16, 6: 32}  # bits of a prefix
_MAPPED = 96  # RFC 4291 2.5.5.2: ::ffff:a.b.c.d


def _network(text: str) -> Network | None:
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Network) and found.prefixlen >= _MAPPED:
        inside = found.network_address.ipv4_mapped
        if inside is not None:
            return ipaddress.IPv4Network((inside, found.prefixlen - _MAPPED))
    return found


def _overlap(one: Network, other: Network) -> bool:
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return one.overlaps(other)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return one.overlaps(other)
    return False
