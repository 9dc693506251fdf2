"""What a contact chain would do: what is weak about it, whom it would call in the hours to come, and its rehearsal."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from csirt.bootstrap import Desk
from csirt.era import jst_date
from csirt.errors import NotFound
from csirt.model.chains import Weakness, check_chain
from csirt.model.contact import ContactChain, Tier
from csirt.model.handover import Handover, behind, confirmed, posts_at
from csirt.model.party import parse_party
from csirt.model.people import Office, Roster
from csirt.model.rehearsal import Failure, Rehearsed, Scene, rehearse_often, weakest
from csirt.model.spells import PlannedCall, Spell, spells
from csirt.store.queries.absences import absences
from csirt.store.queries.contacts import confirmations, open_handovers

FORTNIGHT = 14 * 24  # hours
MINISTRY = "office:mic-cyber"
RUNS_OF_A_FAILURE = 2_000  # a single failure is told apart from another well enough by so many
_MINUTE = timedelta(minutes=1)

Told = Callable[[int, int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What a rehearsal assumes. Parties as chain files write them, or a post's bare name; `at` None means now.

    `goal` is who is to know `within` so many minutes; empty: the ministry where the chain calls it, else anybody.
    """

    at: datetime | None = None
    silent: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    goal: str = ""
    within: int = 60
    runs: int = 10_000
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A party that a silent chain would call, `after` minutes from its start, on tier `tier` (from 1).

    `people` are ids; `skipped` says why nobody would be called, and is None where somebody would.
    """

    route: str
    tier: int
    after: float
    party: str
    people: tuple[str, ...]
    channels: tuple[str, ...]
    skipped: str | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """The chains of a desk with the people and posts of today."""

    desk: Desk
    known: Roster

    def chains(self) -> list[ContactChain]:
        """In the order of the city's plan, C0 first; chains that have no sign in it come last."""
        return sorted(self.desk.door.city.chains.values(), key=lambda one: (not one.code, one.code.zfill(4), one.name))

    def chain(self, name: str) -> ContactChain:
        """One chain. Raises `NotFound` (`chain_unknown`)."""
        found = self.desk.door.city.chains.get(name)
        if found is None:
            raise NotFound("chain_unknown", chain=name[:80])
        return found

    def weaknesses(self, chain: ContactChain) -> list[Weakness]:
        """What is weak about it today, in the order of its file; then where the directory lags behind a hand-over."""
        now = self.desk.clock.now()
        found = check_chain(chain, self.called(), self.offices(), jst_date(now))
        return [*found, *behind(chain, self.known.posts, self._handovers(), now)]

    def called(self) -> Roster:
        """People and posts as a call sees them now: posts that were handed over have their new holders."""
        return replace(self.known, posts=posts_at(self.known.posts, self._handovers(), self.desk.clock.now()))

    def offices(self) -> dict[str, Office]:
        """The offices outside the directory, each with the day on which its data were last confirmed."""
        return confirmed(self.desk.door.city.offices, self.desk.look(lambda look: confirmations(look.session)))

    def _handovers(self) -> list[Handover]:
        return self.desk.look(lambda look: open_handovers(look.session))

    def spells(self, chain: ContactChain) -> Iterator[Spell]:
        """Whom it would call in each hour of the coming fortnight, equal hours put together."""
        city = self.desk.door.city
        begins = self.desk.clock.now().replace(minute=0, second=0, microsecond=0)
        return spells(chain, self._roster_at(), city.offices, city.calendar, begins, FORTNIGHT)

    def _roster_at(self) -> Callable[[datetime], Roster]:
        """The people and posts at an instant to come, as far as is known today: who is away, and who took over."""
        entered, planned = self.desk.look(absences, self.desk.clock.now()), self._handovers()

        def there(at: datetime) -> Roster:
            away = frozenset(one.person for one in entered if one.from_at <= at < one.until_at)
            return replace(self.known, away=away, posts=posts_at(self.known.posts, planned, at))

        return there

    def rehearse(self, chain: ContactChain, assumed: Assumed, told: Told | None = None) -> Rehearsed:
        """Play the chain so often, then with each further single failure.

        Raises:
            Invalid: `party_malformed`.
            NotFound: `party_not_in_chain` (the goal), `channel_not_in_chain`; `chain_unknown` without answer rates.
        """
        scene = self._scene(chain, assumed.at)
        failure = Failure(frozenset(map(party_named, assumed.silent)), _channels(chain, assumed.down))
        goal, within = _goal(chain, assumed.goal), assumed.within * _MINUTE
        found = rehearse_often(
            scene, runs=assumed.runs, seed=assumed.seed, failure=failure, goal=goal, within=within, told=told
        )
        worst = weakest(
            scene, runs=min(assumed.runs, RUNS_OF_A_FAILURE), seed=assumed.seed, failure=failure, goal=goal,
            within=within, told=told,
        )  # fmt: skip
        return replace(found, weakest=worst)

    def _scene(self, chain: ContactChain, at: datetime | None) -> Scene:
        city, begins = self.desk.door.city, (at or self.desk.clock.now()).astimezone(UTC)
        if city.rates is None:
            raise NotFound("chain_unknown", chain=chain.name)
        return Scene(chain, self._roster_at()(begins), city.offices, city.calendar, begins, city.rates, random.Random)


def party_named(text: str) -> str:
    """`ciso` means the post; a party as chain files write it means itself. Raises `Invalid`."""
    party = text if ":" in text else f"post:{text}"
    parse_party(party)
    return party


def parties_of(chain: ContactChain) -> list[str]:
    """Whom the chain names, each once, in the order of its file."""
    return list(dict.fromkeys(party for tier in _tiers(chain) for party in tier.call))


def channels_of(chain: ContactChain) -> list[str]:
    """The channels that the chain names, each once, in the order of its file."""
    return list(dict.fromkeys(channel for tier in _tiers(chain) for channel in tier.by))


def planned(calls: Sequence[PlannedCall]) -> list[Planned]:
    """The calls of a spell, a row for each party of each tier."""
    rows: dict[tuple[str, int, str], list[PlannedCall]] = {}
    for call in calls:
        rows.setdefault((call.route, call.tier, call.party), []).append(call)
    return [
        Planned(
            route=route,
            tier=tier,
            after=round(found[0].after / _MINUTE, 2),
            party=party,
            people=tuple(dict.fromkeys(one.person for one in found if one.person)),
            channels=tuple(dict.fromkeys(one.channel for one in found if one.channel)),
            skipped=found[0].skipped if not any(one.channel for one in found) else None,
        )
        for (route, tier, party), found in rows.items()
    ]


def _tiers(chain: ContactChain) -> list[Tier]:
    tiers = [tier for route in chain.routes for tier in route.tiers]
    return [*tiers, chain.exhausted] if chain.exhausted else tiers


def _channels(chain: ContactChain, named: tuple[str, ...]) -> frozenset[str]:
    known = channels_of(chain)
    for one in named:
        if one not in known:
            raise NotFound("channel_not_in_chain", channel=one[:40], chain=chain.name)
    return frozenset(named)


def _goal(chain: ContactChain, asked: str) -> str:
    """Who is to know. Whom only the last resort calls is no goal: nobody wants to come so far."""
    called = {party for route in chain.routes for tier in route.tiers for party in tier.call}
    if not asked:
        return MINISTRY if MINISTRY in called else ""
    party = party_named(asked)
    if party not in called:
        raise NotFound("party_not_in_chain", party=party[:80], chain=chain.name)
    return party
