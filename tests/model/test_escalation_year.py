"""A year of cases: silence, people on leave, a worker that is away, a clock that is set back and forth.

The oracle is written from the rule alone and shares nothing with the climb: a tier is due when its time from the start
of the round has passed on the wall clock, a tier with nobody to call makes the next one due, an answer ends it all.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from csirt.model.calendar import OfficeCalendar
from csirt.model.contact import ContactChain, Route, Tier
from csirt.model.escalation import acknowledge, begin, next_pages
from csirt.model.people import ContactPoint, Person, Post, Roster

POSTS = ("poc", "head", "director", "ciso")
CALENDAR = OfficeCalendar()
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def city() -> Roster:
    people = {
        f"{post}-{n}": Person(f"{post}-{n}", f"{post}-{n}", post, points=(ContactPoint("phone", f"{post}{n}"),))
        for post in POSTS
        for n in range(2)
    }
    return Roster(people, {post: Post(post, post, post, f"{post}-0", (f"{post}-1",)) for post in POSTS})


def chain_of(dice: random.Random) -> ContactChain:
    after, tiers = 0, []
    for post in POSTS:
        tiers.append(Tier(minutes(after), (f"post:{post}",), ("phone",), off_hours=minutes(after // 2)))
        after += 2 * dice.randint(1, 20)
    route = Route("up", tuple(tiers), repeat=dice.randint(1, 3), wait=minutes(dice.randint(1, 30)))
    return ContactChain("year", (route,), Tier(timedelta(0), ("post:ciso",), ("phone",)))


@dataclass
class Oracle:
    """What must be called at each look, and nothing else."""

    route: Route
    start: datetime
    round: int = 0
    tier: int = -1
    last: datetime | None = None
    over: bool = False
    reached: bool = False
    hurry: bool = False

    def look(self, now: datetime, away: frozenset[str]) -> list[tuple[int, int, str | None]]:
        """Round, tier and person of every call that is due."""
        found: list[tuple[int, int, str | None]] = []
        if self.over:
            return found
        self.start = min(self.start, now)
        self.last = min(self.last, now) if self.last else None
        while not self.over and self.due() <= now:
            if self.tier + 1 < len(self.route.tiers):
                self.tier += 1
                self.last = now
                post = POSTS[self.tier]
                here = next((f"{post}-{n}" for n in range(2) if f"{post}-{n}" not in away), None)
                found.append((self.round, self.tier, here))
                self.reached = self.reached or here is not None
                self.hurry = here is None and (self.tier + 1 < len(self.route.tiers) or not self.reached)
            elif self.reached and self.round + 1 < self.route.repeat:
                self.round, self.tier, self.start, self.last, self.hurry = self.round + 1, -1, now, None, False
            else:
                here = next((f"ciso-{n}" for n in range(2) if f"ciso-{n}" not in away), "ciso-0")
                found.append((self.round, len(self.route.tiers), here))
                self.over = True
        return found

    def due(self) -> datetime:
        if self.hurry:
            return self.start
        if self.tier + 1 < len(self.route.tiers):
            tier = self.route.tiers[self.tier + 1]
            night = not CALENDAR.is_open(self.start)
            return self.start + ((tier.off_hours or timedelta(0)) if night else tier.after)
        assert self.route.wait is not None
        return (self.last or self.start) + self.route.wait


@pytest.mark.parametrize("seed", range(4))
def test_a_year_without_a_call_missed_early_or_double(seed: int) -> None:
    dice = random.Random(seed)
    looks = calls = 0
    for day in range(365):
        chain = chain_of(dice)
        now = NEW_YEAR + timedelta(days=day, minutes=dice.randint(0, 1439))
        climb = begin(chain, escalation_id="e", incident="i", step=None, template="page", now=now)
        oracle, keys = Oracle(chain.routes[0], now), list[str]()
        for _ in range(dice.randint(5, 60)):
            away = frozenset(f"{post}-{n}" for post in POSTS for n in range(2) if dice.random() < 0.3)
            step = next_pages(chain, climb, replace(city(), away=away), {}, CALENDAR, now)
            climb = step.escalation
            made = [(page.round, page.tier, page.person if page.recipient else None) for page in step.pages]
            assert made == oracle.look(now, away), (seed, day, now)
            keys += [page.page_key for page in step.pages]
            looks, calls = looks + 1, calls + len(made)
            if made and dice.random() < 0.05:
                who = next((person for _, _, person in made if person), None)
                if who:
                    climb = acknowledge(climb, chain, who, now)
                    oracle.over = True
            outage = dice.choice((0, 0, 0, 1, 15, 240))  # the worker was away, or the clock was set
            now += minutes(dice.random() * 3 + outage) if dice.random() < 0.85 else -minutes(dice.random() * 120)
        assert len(keys) == len(set(keys)), (seed, day)
    assert looks > 5_000
    assert calls > 1_000
