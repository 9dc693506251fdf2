"""Climbing a contact chain: who is called next, when, and what stops it. Pure: no I/O, no clock.

Everything that is known about a climb is in `Escalation`, so that it goes on after a restart where it stood. Every
tier that cannot be called says so in a page of its own and the climb moves on at once; a route that nobody answered
ends in the chain's last resort, never in silence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from csirt.model.contact import ContactChain, Need, Route, StopOn, Tier
from csirt.model.message import Recipient
from csirt.model.party import Nobody, resolve
from csirt.model.people import Office, Roster
from csirt.model.progress import Called, RouteProgress, RouteState

__all__ = [
    "DEFAULT_WAIT",
    "Advance",
    "Called",
    "Escalation",
    "OfficeHours",
    "Page",
    "RehearsedPage",
    "RouteProgress",
    "RouteState",
    "acknowledge",
    "answered",
    "begin",
    "end",
    "next_pages",
    "rehearse",
]

DEFAULT_WAIT = timedelta(minutes=30)  # the last tier's time where neither `wait` nor its `after` gives one
_STEPS_OF_A_REHEARSAL = 10_000


class OfficeHours(Protocol):
    """What a climb needs of the office calendar."""

    def is_open(self, at: datetime) -> bool:
        """Is this instant within office hours?"""
        ...


@dataclass(frozen=True, slots=True)
class Escalation:
    """A chain being climbed for one assignment (`step`) or message. `template` names the text that is sent."""

    id: str
    incident: str
    step: str | None
    chain: str
    template: str
    started_at: datetime
    routes: tuple[RouteProgress, ...]
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One call to one person or office on one channel, or (`recipient` is None) why nobody is called (`skipped`).

    `person` is whom the party stands for, also where that person is not called.
    """

    route: str
    round: int
    tier: int
    party: str
    channel: str = ""
    recipient: Recipient | None = None
    skipped: str | None = None
    person: str | None = None

    @property
    def page_key(self) -> str:
        """The same page, the same key, within one escalation. Everyone with a role is one party, so persons count."""
        person = self.person or "" if self.party.startswith("role:") else ""
        return "/".join((self.route, str(self.round), str(self.tier), self.party, person, self.channel))


@dataclass(frozen=True, slots=True)
class Advance:
    """What has to happen now: the new value to keep, the calls to make, and when to look again (None: never)."""

    escalation: Escalation
    pages: tuple[Page, ...]
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class RehearsedPage:
    """A call of a rehearsal, and when it would be made."""

    at: datetime
    page: Page


def begin(
    chain: ContactChain, *, escalation_id: str, incident: str, step: str | None, template: str, now: datetime
) -> Escalation:
    """Start to climb. Nobody is called yet: `next_pages` does that, also for `now` itself."""
    routes = tuple(RouteProgress(route.name, started_at=now, round_at=now) for route in chain.routes)
    return Escalation(escalation_id, incident, step, chain.name, template, now, routes)


def next_pages(
    chain: ContactChain,
    escalation: Escalation,
    roster: Roster,
    offices: Mapping[str, Office],
    calendar: OfficeHours,
    now: datetime,
) -> Advance:
    """Who is to be called by `now`. Deterministic; asking twice, or with an earlier `now`, calls nobody twice."""
    if escalation.ended_at is not None:
        return Advance(escalation, (), None)
    climb = _Climb(chain, roster, offices, calendar, now)
    pages: list[Page] = []
    routes = tuple(climb.go_on(progress, pages) for progress in escalation.routes)
    dues = [climb.due(progress) for progress in routes if progress.state is RouteState.CLIMBING]
    return Advance(_settled(replace(escalation, routes=routes), now), tuple(pages), min(dues, default=None))


def acknowledge(escalation: Escalation, chain: ContactChain, party_or_person: str, now: datetime) -> Escalation:
    """Somebody who was called has seen it: note that, and stop the routes which that satisfies.

    A tier with `need = "all"` is satisfied when every party it names was reached and has acknowledged. A route that
    stops on the answer only notes it. Who was never called changes nothing. Also late, after the last resort.
    """
    routes = tuple(_noted(progress, _route(chain, progress.route), party_or_person) for progress in escalation.routes)
    return _settled(replace(escalation, routes=routes), now)


def answered(escalation: Escalation, now: datetime) -> Escalation:
    """The assignment has its answer: every route that still climbs stops."""
    return _stopped(escalation, RouteState.ANSWERED, now)


def end(escalation: Escalation, now: datetime) -> Escalation:
    """The reason for calling is gone (step cancelled, incident closed): every route that still climbs stops."""
    return _stopped(escalation, RouteState.ENDED, now)


def rehearse(
    chain: ContactChain, roster: Roster, offices: Mapping[str, Office], calendar: OfficeHours, at: datetime
) -> tuple[RehearsedPage, ...]:
    """Every call that would be made from `at` on if nobody ever answered, in order."""
    escalation = begin(chain, escalation_id="rehearsal", incident="", step=None, template="page", now=at)
    found: list[RehearsedPage] = []
    due: datetime | None = at
    for _ in range(_STEPS_OF_A_REHEARSAL):
        if due is None:
            break
        advance = next_pages(chain, escalation, roster, offices, calendar, due)
        found += [RehearsedPage(due, page) for page in advance.pages]
        escalation, due = advance.escalation, advance.next_due
    return tuple(found)


def _route(chain: ContactChain, name: str) -> Route | None:
    return next((route for route in chain.routes if route.name == name), None)


def _settled(escalation: Escalation, now: datetime) -> Escalation:
    """Ended when no route climbs any more."""
    if escalation.ended_at or any(progress.state is RouteState.CLIMBING for progress in escalation.routes):
        return escalation
    return replace(escalation, ended_at=now)


def _stopped(escalation: Escalation, state: RouteState, now: datetime) -> Escalation:
    routes = tuple(
        replace(progress, state=state) if progress.state is RouteState.CLIMBING else progress
        for progress in escalation.routes
    )
    return _settled(replace(escalation, routes=routes), now)


def _has_acknowledged(progress: RouteProgress, called: Called) -> bool:
    return any(called.is_known_as(who) for who in progress.acknowledged)


def _noted(progress: RouteProgress, route: Route | None, who: str) -> RouteProgress:
    was_called = any(called.is_known_as(who) for called in progress.called)
    if not was_called or who in progress.acknowledged:
        return progress
    noted = replace(progress, acknowledged=(*progress.acknowledged, who))
    if noted.state not in {RouteState.CLIMBING, RouteState.EXHAUSTED}:
        return noted
    if route is not None and (route.stop_on is StopOn.ANSWER or not _is_satisfied(noted, route)):
        return noted
    return replace(noted, state=RouteState.ACKNOWLEDGED)


def _is_satisfied(progress: RouteProgress, route: Route) -> bool:
    tiers = sorted({called.tier for called in progress.called})
    return any(_is_tier_satisfied(progress, route, tier) for tier in tiers)


def _is_tier_satisfied(progress: RouteProgress, route: Route, index: int) -> bool:
    called = [entry for entry in progress.called if entry.tier == index]
    if index >= len(route.tiers) or route.tiers[index].need is Need.ANY:
        return any(_has_acknowledged(progress, entry) for entry in called)
    # A party that could not be reached has not acknowledged: the climb goes on until somebody above knows.
    return set(route.tiers[index].call) <= {entry.party for entry in called} and all(
        _has_acknowledged(progress, entry) for entry in called
    )


@dataclass(frozen=True, slots=True)
class _Climb:
    """One look at a chain at one instant."""

    chain: ContactChain
    roster: Roster
    offices: Mapping[str, Office]
    calendar: OfficeHours
    now: datetime

    def go_on(self, progress: RouteProgress, pages: list[Page]) -> RouteProgress:
        """Make every call of this route that is due, adding to `pages`."""
        if progress.state is not RouteState.CLIMBING:
            return progress
        progress = self._not_in_the_future(progress)
        hurry = False
        while progress.state is RouteState.CLIMBING and (hurry or self.due(progress) <= self.now):
            fresh: list[Page] = []
            progress = self._step(progress, pages, fresh)
            pages += fresh
            # Nobody to call: the next tier is called at once. After the last tier only if nobody was called at all.
            hurry = bool(fresh) and all(page.recipient is None and page.skipped != _ALREADY for page in fresh)
            if hurry and progress.called and self._is_last(progress):
                hurry = False
        return progress

    def due(self, progress: RouteProgress) -> datetime:
        """When the route takes its next step."""
        route = _route(self.chain, progress.route)
        if route is None or not route.tiers:
            return progress.round_at
        off_hours = not self.calendar.is_open(progress.round_at)
        if not self._is_last(progress):
            return progress.round_at + _after(route.tiers[progress.tier + 1], off_hours=off_hours)
        wait = route.wait or _after(route.tiers[-1], off_hours=off_hours) or DEFAULT_WAIT
        return (progress.tier_at or progress.round_at) + wait

    def _is_last(self, progress: RouteProgress) -> bool:
        route = _route(self.chain, progress.route)
        return route is None or progress.tier + 1 >= len(route.tiers)

    def _not_in_the_future(self, progress: RouteProgress) -> RouteProgress:
        """After the clock was set back nobody waits longer than the chain says."""
        tier_at = min(progress.tier_at, self.now) if progress.tier_at else None
        return replace(progress, round_at=min(progress.round_at, self.now), tier_at=tier_at)

    def _step(self, progress: RouteProgress, before: Sequence[Page], fresh: list[Page]) -> RouteProgress:
        route = _route(self.chain, progress.route)
        if route is None:  # the chain was edited meanwhile and has no such route
            return self._exhaust(progress, progress.tier + 1, before, fresh)
        if not self._is_last(progress):
            index = progress.tier + 1
            spares = route.stop_on is StopOn.ACKNOWLEDGE
            return self._call(replace(progress, tier=index), route.tiers[index], before, fresh, spares=spares)
        if progress.called and progress.round + 1 < route.repeat:
            return replace(progress, round=progress.round + 1, round_at=self.now, tier=-1, tier_at=None)
        return self._exhaust(progress, len(route.tiers), before, fresh)

    def _exhaust(self, progress: RouteProgress, index: int, before: Sequence[Page], fresh: list[Page]) -> RouteProgress:
        done = replace(progress, tier=index, state=RouteState.EXHAUSTED)
        if self.chain.exhausted is None:
            fresh.append(Page(progress.route, progress.round, index, party="", skipped="no_last_resort"))
            return replace(done, tier_at=self.now)
        return self._call(done, self.chain.exhausted, before, fresh, spares=False)

    def _call(
        self, progress: RouteProgress, tier: Tier, before: Sequence[Page], fresh: list[Page], *, spares: bool
    ) -> RouteProgress:
        """Call every party of a tier on every channel where it can be reached."""
        called = list(progress.called)
        for party in dict.fromkeys(tier.call):
            for entry, page in self._pages_of(party, tier.by, progress):
                if entry is not None and entry not in called:
                    called.append(entry)
                if spares and entry is not None and _has_acknowledged(progress, entry):
                    continue  # has seen it already; calling goes on for those who have not
                taken = _was_just_called(page, (*before, *fresh))
                fresh.append(replace(page, recipient=None, skipped=_ALREADY) if taken else page)
        return replace(progress, tier_at=self.now, called=tuple(called))

    def _pages_of(
        self, party: str, channels: Sequence[str], progress: RouteProgress
    ) -> Iterator[tuple[Called | None, Page]]:
        blank = Page(progress.route, progress.round, progress.tier, party)
        contacts = resolve(party, self.roster, self.offices)
        if isinstance(contacts, Nobody) and progress.state is RouteState.EXHAUSTED:
            # The last resort is called even on leave: after it there is nobody.
            contacts = resolve(party, replace(self.roster, away=frozenset()), self.offices)
        if isinstance(contacts, Nobody):
            yield None, replace(blank, skipped=contacts.code)
            return
        reached = [contact for contact in contacts if any(contact.addresses.get(channel) for channel in channels)]
        if not reached:
            yield None, replace(blank, skipped="no_contact_point")
        for contact in reached:
            entry = Called(progress.tier, party, contact.person)
            for channel in dict.fromkeys(channels):
                if address := contact.addresses.get(channel):
                    recipient = Recipient(party, contact.name, address, contact.person)
                    yield entry, replace(blank, channel=channel, recipient=recipient, person=contact.person)


_ALREADY = "already_called"  # the same address on the same channel, in this very moment, as another party


def _was_just_called(page: Page, pages: Sequence[Page]) -> bool:
    """Is somebody who holds two posts being called at this very moment already?"""
    if page.recipient is None:
        return False
    return any(
        other.recipient is not None
        and (other.channel, other.recipient.address) == (page.channel, page.recipient.address)
        for other in pages
    )


def _after(tier: Tier, *, off_hours: bool) -> timedelta:
    return tier.off_hours if off_hours and tier.off_hours is not None else tier.after
