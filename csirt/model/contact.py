"""Contact chains: ordered tiers of posts and offices, on parallel routes. Chains name posts, never persons."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from csirt.model.discretion import ALL, NeverSay
from csirt.model.trigger import Clause


class StopOn(StrEnum):
    """What ends a route: somebody acknowledges, or the assignment has its answer."""

    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"


class Need(StrEnum):
    """Who must acknowledge for a tier to be satisfied."""

    ANY = "any"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Tier:
    """One rung: after how long it is called, whom (`post:ciso`, `office:pref-security`, `role:…`), on which channels.

    `after` counts from the start of the route; `off_hours` replaces it outside office hours.
    """

    after: timedelta
    call: tuple[str, ...]
    by: tuple[str, ...]
    need: Need = Need.ANY
    off_hours: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One way up. Routes of a chain fire in parallel, each with its own state. `repeat` is how often it runs through.

    `wait` is how long the last tier has, before the route runs again or is exhausted; None means as long as its
    `after`.
    """

    name: str
    tiers: tuple[Tier, ...]
    stop_on: StopOn = StopOn.ACKNOWLEDGE
    repeat: int = 1
    wait: timedelta | None = None
    title: dict[str, str] = field(default_factory=dict)  # ja, en


@dataclass(frozen=True, slots=True)
class ContactChain:
    """A named chain. `exhausted` is the last resort, called when a route ran through and nobody answered.

    `code` is its sign in the city's plan (C0 to C9), `when` says in which cases it fires, `never_say` what its messages
    must not hold.
    """

    name: str
    routes: tuple[Route, ...]
    exhausted: Tier | None = None
    source: str = ""  # the file it was read from, for error messages
    title: dict[str, str] = field(default_factory=dict)  # ja, en
    code: str = ""
    when: tuple[Clause, ...] = ()
    never_say: frozenset[NeverSay] = ALL
