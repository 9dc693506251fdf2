"""Who would be called, hour by hour: equal hours become one spell, so that a fortnight fits on a page. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from csirt.model.contact import ContactChain
from csirt.model.escalation import OfficeHours, Page, rehearse
from csirt.model.people import Office, Roster

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that a silent chain would make: after how long, on which tier (from 1), whom, or why nobody is called."""

    after: timedelta
    route: str
    tier: int
    party: str
    channel: str
    person: str | None
    skipped: str | None


@dataclass(frozen=True, slots=True)
class Spell:
    """From `begins` until just before `ends` the same people would be called in the same order."""

    chain: str
    begins: datetime
    ends: datetime
    calls: tuple[PlannedCall, ...]


def spells(
    chain: ContactChain,
    roster_at: Callable[[datetime], Roster],
    offices: Mapping[str, Office],
    calendar: OfficeHours,
    begins: datetime,
    hours: int,
) -> Iterator[Spell]:
    """Who a chain that starts in each of the coming hours would call, each tier once, if nobody answered."""
    once = replace(chain, routes=tuple(replace(route, repeat=1) for route in chain.routes))
    spell: Spell | None = None
    for number in range(hours):
        at = begins + number * _HOUR
        pages = rehearse(once, roster_at(at), offices, calendar, at)
        calls = tuple(_planned(one.at - at, one.page) for one in pages)
        if spell is not None and spell.calls == calls:
            spell = replace(spell, ends=at + _HOUR)
            continue
        if spell is not None:
            yield spell
        spell = Spell(chain.name, at, at + _HOUR, calls)
    if spell is not None:
        yield spell


def _planned(after: timedelta, page: Page) -> PlannedCall:
    return PlannedCall(after, page.route, page.tier + 1, page.party, page.channel, page.person, page.skipped)
