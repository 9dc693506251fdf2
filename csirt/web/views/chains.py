"""連絡網: contact chains as configured, with today's holders."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from csirt.model.contact import Need, StopOn
from csirt.web.views.frame import EMPTY_FORM, Form, Option


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


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakRow:
    """What is weak about a chain today; `grave`: somebody cannot be called at all."""

    route: str
    tier: str
    who: str
    code: str
    grave: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRow:
    """Whom a silent chain would call: the party, the people that it is then, and how; or why nobody (`skipped`)."""

    route: str
    tier: int
    after: timedelta
    who: str
    people: tuple[str, ...]
    channels: tuple[str, ...]
    skipped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The same calls, and every period of the coming fortnight in which they would be made."""

    periods: tuple[tuple[datetime, datetime], ...]
    rows: tuple[PlannedRow, ...]

    @property
    def whole(self) -> timedelta:
        """How long these periods are together."""
        return sum((ends - begins for begins, ends in self.periods), timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedRow:
    """How a party fared in a rehearsal; minutes as they are shown, empty where it was never called or reached."""

    who: str
    first_call: str
    share: str
    median: str
    late: str
    worst: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a rehearsal came to. `said` are its sentences, `worst` those of the single failures that hurt most."""

    said: tuple[str, ...]
    picture: str  # SVG of our own making
    rows: tuple[ReachedRow, ...]
    worst: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRow:
    """An office that the chain calls, with all its contact data and when somebody last confirmed them."""

    id: str
    name: str
    points: tuple[Point, ...]
    confirmed: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPage:
    """One chain: as a ladder, what is weak, who would be called in the coming fortnight, and its rehearsal."""

    template: ClassVar[str] = "chain.html"
    chain: Chain
    office_open: bool
    weak: tuple[WeakRow, ...]
    patterns: tuple[Pattern, ...]
    rates: str
    parties: tuple[Option, ...]
    channels: tuple[str, ...]
    goals: tuple[Option, ...]
    spans: tuple[Option, ...]
    runs: tuple[Option, ...]
    form: Form = EMPTY_FORM
    silent: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    rehearsal: Rehearsal | None = None
    offices: tuple[OfficeRow, ...] = ()
    may_confirm: bool = False
