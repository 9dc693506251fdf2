"""連絡網: contact chains as configured, with today's holders."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from csirt.model.contact import Need, StopOn


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One way to reach a party."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who a rung of a chain calls: the post or office, its holders today in acting order, and how they are reached."""

    name: str
    people: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    confirmed: date | None = None
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainTier:
    """One rung of a chain as it is configured."""

    parties: tuple[Party, ...]
    after: timedelta = timedelta()
    off_hours: timedelta | None = None
    need: Need = Need.ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainClause:
    """One rule by which a chain fires, in codes: each list that is not empty must have one that is so."""

    types: tuple[str, ...] = ()
    level_from: int | None = None
    facts: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRoute:
    """One route of a chain as it is configured. `name` is its title in the reader's language."""

    name: str
    tiers: tuple[ChainTier, ...]
    stop_on: StopOn = StopOn.ACKNOWLEDGE
    repeat: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One contact chain as it is configured."""

    name: str
    title: str
    routes: tuple[ChainRoute, ...]
    exhausted: ChainTier | None = None
    code: str = ""
    when: tuple[ChainClause, ...] = ()
    never_say: tuple[str, ...] = ()
    picture: str = ""  # SVG of our own making


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """連絡網, with today's holders."""

    template: ClassVar[str] = "chains.html"
    chains: tuple[Chain, ...]
    office_open: bool = True
