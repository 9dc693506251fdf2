"""Rehearsals: the real climbing logic on a virtual clock, thousands of times, and people who answer by chance. Pure.

Every standing that a climb can have is worked out once by `next_pages` and `acknowledge` themselves and then kept, so
that a run costs no more than its dice. What is not known is how often people answer: the rates are data of the city.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Protocol

from csirt.model.contact import ContactChain
from csirt.model.escalation import Advance, Escalation, OfficeHours, Page, acknowledge, begin, next_pages
from csirt.model.party import Nobody, resolve
from csirt.model.people import Office, Roster
from csirt.model.progress import RouteState
from csirt.model.rates import AnswerRates

NEVER = math.inf
_HORIZON = timedelta(days=3)  # nobody waits longer to learn whether a chain works


class Dice(Protocol):
    """Chance, given from outside: the model itself has none. `random.Random` is one."""

    def random(self) -> float:
        """A number from 0 to just below 1, all equally probable."""
        ...

    def gauss(self, mu: float, sigma: float) -> float:
        """A number of the normal distribution."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """What is assumed not to work: parties that never answer (`post:ciso`), channels on which nothing arrives."""

    silent: frozenset[str] = frozenset()
    down: frozenset[str] = frozenset()

    def __or__(self, other: "Failure") -> "Failure":
        return Failure(self.silent | other.silent, self.down | other.down)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is rehearsed: the chain from `at` on, with the people and offices of that day."""

    chain: ContactChain
    roster: Roster
    offices: Mapping[str, Office]
    calendar: OfficeHours
    at: datetime
    rates: AnswerRates
    dice: Callable[[int], Dice]  # makes those of a seed


@dataclass(frozen=True, slots=True)
class Reached:
    """How a party fared: minutes from the start to its first call, and to the word that it has seen it.

    `share` is in how many of the runs it was reached at all; the times are of those runs, None where there were none.
    """

    party: str
    first_call: float | None
    share: float
    median: float | None = None
    late: float | None = None  # 95 % were faster
    worst: float | None = None


@dataclass(frozen=True, slots=True)
class Weakest:
    """A single failure, and how probable it leaves the goal."""

    kind: str  # silent, down
    key: str
    probability: float


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of it. `probability`: `goal` (a party, or empty for anybody at all) knows `within` minutes."""

    chain: str
    at: datetime
    runs: int
    seed: int
    goal: str
    within: float
    probability: float
    nobody: float  # share of runs in which nobody ever answered
    last_resort: float  # share of runs in which a route ran through
    reached: tuple[Reached, ...]
    weakest: tuple[Weakest, ...] = ()


@dataclass(slots=True)
class _Shot:
    """A call as the dice see it: whom, how probably and how fast they answer."""

    party: int
    who: str
    probability: float
    median: float


@dataclass(slots=True)
class _Stand:
    """One standing of the climb, and what follows from it, once that is known."""

    escalation: Escalation
    due: float
    exhausted: bool
    after: tuple[int, tuple[_Shot, ...], tuple[int, ...]] | None = None  # next standing, its calls, parties called
    acknowledged: dict[str, int] = field(default_factory=dict)


class _Climbs:
    """Every standing that the runs come to, worked out once."""

    def __init__(self, scene: Scene, failure: Failure) -> None:
        self.scene = scene
        self._down = failure.down
        self._silent = failure.silent | frozenset(_persons(scene, failure.silent))
        self.parties: list[str] = []
        self._numbers: dict[object, int] = {}
        self.stands: list[_Stand] = []
        begun = begin(scene.chain, escalation_id="rehearsal", incident="", step=None, template="page", now=scene.at)
        self.first = self._number(begun, 0.0)

    def go_on(self, number: int) -> tuple[int, tuple[_Shot, ...], tuple[int, ...]]:
        """What happens when this standing falls due."""
        stand = self.stands[number]
        if stand.after is None:
            now = self.scene.at + timedelta(minutes=stand.due)
            step = self._next(stand.escalation, now)
            shots = tuple(self._shots(step.pages, now))
            called = tuple(dict.fromkeys(self._party(page.party) for page in step.pages if page.recipient))
            stand.after = (self._number(step.escalation, self._minutes(step.next_due)), shots, called)
        return stand.after

    def heard(self, number: int, who: str) -> int:
        """The standing after somebody has said that they have seen it."""
        stand = self.stands[number]
        if who not in stand.acknowledged:
            now = self.scene.at if stand.due == NEVER else self.scene.at + timedelta(minutes=stand.due)
            after = acknowledge(stand.escalation, self.scene.chain, who, now)
            due = NEVER if after.ended_at else self._due(after, stand.due)
            stand.acknowledged[who] = self._number(after, due)
        return stand.acknowledged[who]

    def _due(self, escalation: Escalation, before: float) -> float:
        """When the routes that still climb go on: at an instant at which nothing is due yet, this only asks."""
        climbing = [route for route in escalation.routes if route.state is RouteState.CLIMBING]
        seen = max(route.tier_at or route.round_at for route in climbing)
        step = self._next(escalation, seen)
        return self._minutes(step.next_due) if step.escalation == escalation else before

    def _next(self, escalation: Escalation, now: datetime) -> Advance:
        scene = self.scene
        return next_pages(scene.chain, escalation, scene.roster, scene.offices, scene.calendar, now)

    def _minutes(self, at: datetime | None) -> float:
        return NEVER if at is None else (at - self.scene.at) / timedelta(minutes=1)

    def _party(self, party: str) -> int:
        if party not in self.parties:
            self.parties.append(party)
        return self.parties.index(party)

    def _number(self, escalation: Escalation, due: float) -> int:
        key = (escalation.routes, escalation.ended_at is None, due)
        if key not in self._numbers:
            self._numbers[key] = len(self.stands)
            exhausted = any(route.state is RouteState.EXHAUSTED for route in escalation.routes)
            self.stands.append(_Stand(escalation, due, exhausted))
        return self._numbers[key]

    def _shots(self, pages: Sequence[Page], now: datetime) -> Iterator[_Shot]:
        is_open = self.scene.calendar.is_open(now)
        for page in pages:
            if page.recipient is None or page.channel in self._down:
                continue
            if {page.party, page.person} & self._silent:
                continue
            rate = self.scene.rates.of(page.party, page.channel, is_open=is_open)
            if rate.answers > 0:
                minutes = rate.median / timedelta(minutes=1)
                yield _Shot(self._party(page.party), page.person or page.party, rate.answers, minutes)


def _persons(scene: Scene, parties: frozenset[str]) -> Iterator[str]:
    """Who these parties are today: whoever is silent is so in every post."""
    for party in parties:
        contacts = resolve(party, scene.roster, scene.offices)
        if not isinstance(contacts, Nobody):
            yield from (contact.person for contact in contacts if contact.person)


@dataclass(slots=True)
class _Tally:
    """What the runs came to, by party."""

    first_call: dict[int, float] = field(default_factory=dict)
    times: dict[int, list[float]] = field(default_factory=dict)
    anybody: list[float] = field(default_factory=list)
    last_resort: int = 0

    def note(self, seen: Mapping[int, float], *, exhausted: bool) -> None:
        """One run more."""
        for party, at in seen.items():
            self.times.setdefault(party, []).append(at)
        if seen:
            self.anybody.append(min(seen.values()))
        self.last_resort += exhausted


def rehearse_often(
    scene: Scene,
    *,
    runs: int,
    seed: int,
    failure: Failure | None = None,
    goal: str = "",
    within: timedelta = timedelta(minutes=60),
    told: Callable[[int, int], object] | None = None,
) -> Rehearsed:
    """Play the chain `runs` times. The same seed gives the same answer; `told` hears how many of how many are done."""
    failure = failure or Failure()
    climbs, tally = _Climbs(scene, failure), _Tally()
    dice = scene.dice(seed)
    for run in range(runs):
        _play(climbs, dice, tally)
        if told and run % 500 == 0:
            told(run, runs)
    minutes = within / timedelta(minutes=1)
    of_goal = tally.anybody if not goal else _of(climbs, tally, goal)
    return Rehearsed(
        chain=scene.chain.name,
        at=scene.at,
        runs=runs,
        seed=seed,
        goal=goal,
        within=minutes,
        probability=_share(of_goal, minutes, runs),
        nobody=1 - len(tally.anybody) / runs,
        last_resort=tally.last_resort / runs,
        reached=tuple(_reached(climbs, tally, number, runs) for number in range(len(climbs.parties))),
    )


def single_failures(scene: Scene) -> list[Failure]:
    """Every single failure that the chain may meet: a channel that is down, a party that is silent."""
    tiers = [tier for route in scene.chain.routes for tier in route.tiers]
    tiers += [scene.chain.exhausted] if scene.chain.exhausted else []
    channels = dict.fromkeys(channel for tier in tiers for channel in tier.by)
    parties = dict.fromkeys(party for tier in tiers for party in tier.call)
    return [
        *(Failure(down=frozenset({channel})) for channel in channels),
        *(Failure(silent=frozenset({party})) for party in parties),
    ]


def weakest(
    scene: Scene,
    *,
    runs: int,
    seed: int,
    failure: Failure,
    goal: str,
    within: timedelta,
    told: Callable[[int, int], object] | None = None,
) -> tuple[Weakest, ...]:
    """Every further single failure with what it leaves of the goal, the worst first; the goal's own silence is none."""
    found = []
    alone = [one for one in single_failures(scene) if goal not in one.silent]
    for number, one in enumerate(alone):
        if told:
            told(number, len(alone))
        played = rehearse_often(scene, runs=runs, seed=seed, failure=failure | one, goal=goal, within=within)
        kind, keys = ("down", one.down) if one.down else ("silent", one.silent)
        found.append(Weakest(kind, next(iter(keys)), played.probability))
    return tuple(sorted(found, key=lambda one: (one.probability, one.kind, one.key)))


def _play(climbs: _Climbs, dice: Dice, tally: _Tally) -> None:
    """One run: calls fall due, and answers come, in the order of their time."""
    number, answers, seen = climbs.first, list[tuple[float, int, str]](), dict[int, float]()
    horizon = _HORIZON / timedelta(minutes=1)
    while True:
        due = climbs.stands[number].due
        if answers and answers[0][0] <= due:
            at, party, who = heappop(answers)
            if seen.setdefault(party, at) == at:
                number = climbs.heard(number, who)
        elif due > horizon:
            break
        else:
            number, shots, called = climbs.stands[number].after or climbs.go_on(number)
            for party in called:
                tally.first_call.setdefault(party, due)
            _throw(climbs, dice, due, shots, answers)
    tally.note(seen, exhausted=climbs.stands[number].exhausted)


def _throw(
    climbs: _Climbs, dice: Dice, now: float, shots: Sequence[_Shot], answers: list[tuple[float, int, str]]
) -> None:
    """Who of those called answers, and when."""
    sigma = climbs.scene.rates.sigma
    for shot in shots:
        if dice.random() < shot.probability:
            heappush(answers, (now + shot.median * math.exp(sigma * dice.gauss(0.0, 1.0)), shot.party, shot.who))


def _of(climbs: _Climbs, tally: _Tally, party: str) -> list[float]:
    if party not in climbs.parties:
        return []
    return tally.times.get(climbs.parties.index(party), [])


def _share(times: list[float], within: float, runs: int) -> float:
    return bisect_right(sorted(times), within) / runs


def _reached(climbs: _Climbs, tally: _Tally, number: int, runs: int) -> Reached:
    times = sorted(tally.times.get(number, ()))
    first = tally.first_call.get(number)
    if not times:
        return Reached(climbs.parties[number], first, 0.0)
    return Reached(
        climbs.parties[number], first, len(times) / runs, _quantile(times, 0.5), _quantile(times, 0.95), times[-1]
    )


def _quantile(times: Sequence[float], share: float) -> float:
    return times[min(len(times) - 1, math.ceil(share * len(times)) - 1)]
