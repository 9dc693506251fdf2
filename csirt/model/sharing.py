"""What detections of different hosts may have in common: the hash of a file, a URL, an account. Pure.

Such a value makes hosts one incident on one day, as a shared attacker does, but only while few hosts show it: what
many hosts show (a proxy, the account of a tool, a file of the system) links nothing. So the bound looks at the whole
day, and a value that turns out to be common lets go what was sorted by it. A mere domain is too weak to sort by.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from csirt.model.incident import Level
from csirt.model.observable import defanged

MOST_HOSTS = {"hash": 10, "url": 10, "account": 5}
"""On how many hosts a value of a kind may be seen on one day (Japan) and still link them; more is common."""
LINKS_FROM = Level.MINOR  # an event without harm links nothing
HASHES = ("sha256", "sha1", "md5", "hash")
KINDS = (*HASHES, "url")  # of observables
MOST = 8  # of one detection
_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^/?\s]{1,255}(?:/\S+|/?\?\S+)", re.IGNORECASE)  # more than a domain
_EMPTY = frozenset(hashlib.new(name, b"", usedforsecurity=False).hexdigest() for name in ("md5", "sha1", "sha256"))
# Accounts of machines, services and roles: whoever bears them is not one person.
_EVERYBODYS = re.compile(
    r"(?:(?:local[ _]?)?admin(?:istrator)?s?|root|system|guest|anonymous(?: logon)?|local ?service|network ?service"
    r"|service|nobody|www-data|daemon|user|users|test|unknown|none|null|n/a|na|-|s-1-\S*|.*\$|.*\*.*)"
)
_SHORTEST = 3
_MASKED = "[masked:"  # what stands there is not what the source said


@dataclass(frozen=True, slots=True)
class Share:
    """One value of a kind (`hash`, `url`, `account`)."""

    kind: str
    value: str

    @property
    def key(self) -> str:
        """What stands for it where only sorting looks: no account is kept in the clear there."""
        return hashlib.sha256(f"{self.kind}:{self.value}".encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def text(self) -> str:
        """As people are shown it: defanged."""
        return defanged(self.kind, self.value)


def shares_of(level: int, user: str | None, observables: Iterable[tuple[str, str]]) -> tuple[Share, ...]:
    """What a detection may share with those of other hosts. `level` is its own, before its asset raised it."""
    if level < LINKS_FROM:
        return ()
    found = [_of_observable(kind, value.strip()) for kind, value in observables if kind in KINDS]
    found.append(Share("account", account) if (account := account_of(user)) else None)
    return tuple(sorted({one for one in found if one}, key=lambda one: (one.kind, one.value))[:MOST])


def _of_observable(kind: str, value: str) -> Share | None:
    if _MASKED in value:
        return None
    if kind in HASHES:
        digest = value.casefold()
        return Share("hash", digest) if _HASH.fullmatch(digest) and digest not in _EMPTY else None
    url = value.partition("#")[0]
    return Share("url", url) if _URL.fullmatch(url) else None


def account_of(user: str | None) -> str | None:
    """An account without the domain before it, folded; None where masks or services stand behind it: nobody's."""
    name = (user or "").rpartition("\\")[2].strip().casefold()
    return None if len(name) < _SHORTEST or _EVERYBODYS.fullmatch(name) or _MASKED in name else name
