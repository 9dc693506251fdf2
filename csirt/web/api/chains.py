"""Contact chains: as configured, what is weak about them, who would be called when, and rehearsals."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from csirt.model.chains import Severity, Weakness
from csirt.model.contact import ContactChain, Need, StopOn, Tier
from csirt.outlook import Assumed, Outlook, planned
from csirt.store.tx import Look
from csirt.texts.naming import Naming
from csirt.web.addresses import API
from csirt.web.api.shapes import Given
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, Visit

router = APIRouter(prefix=f"{API}/chains", tags=["chains"])

MOST_RUNS = 20_000
_MINUTE = timedelta(minutes=1)
_Party = Annotated[str, Query(max_length=80)]
_Parties = Annotated[list[Annotated[str, Query(max_length=80)]], Query(max_length=50)]


class PartyGiven(Given):
    """Whom a tier calls: as the chain names it, and in words."""

    party: str
    name: str


class TierGiven(Given):
    """One rung; minutes count from the start of the route."""

    after_minutes: float
    off_hours_minutes: float | None
    call: list[PartyGiven]
    by: list[str]
    need: Need


class RouteGiven(Given):
    """One way up."""

    name: str
    title: str
    stop_on: StopOn
    repeat: int
    tiers: list[TierGiven]


class WeaknessGiven(Given):
    """What is weak about a chain today, with its place in the file."""

    code: str
    message: str
    severity: Severity
    route: str
    tier: str
    key: str


class ChainGiven(Given):
    """A chain as it is configured."""

    name: str
    code: str
    title: str
    never_say: list[str]
    routes: list[RouteGiven]
    exhausted: TierGiven | None
    weaknesses: list[WeaknessGiven]


class PlannedGiven(Given):
    """Whom a silent chain would call that begins between `from_at` and `until_at`; `skipped` says why nobody."""

    from_at: datetime
    until_at: datetime
    route: str
    tier: int
    after_minutes: float
    party: str
    name: str
    people: list[PartyGiven]
    channels: list[str]
    skipped: str | None


class ReachedGiven(Given):
    """How a party fared, in minutes from the start."""

    party: str
    name: str
    first_call: float | None
    share: float
    median: float | None
    late: float | None
    worst: float | None


class WeakestGiven(Given):
    """A single failure (`silent`: a party, `down`: a channel), and how probable it leaves the goal."""

    kind: str
    key: str
    probability: float


class RehearsalGiven(Given):
    """What a rehearsal came to. `goal`: who is to know `within` minutes; empty: anybody at all."""

    chain: str
    at: datetime
    runs: int
    seed: int
    goal: str
    within: float
    probability: float
    nobody: float
    last_resort: float
    reached: list[ReachedGiven]
    weakest: list[WeakestGiven]


@router.get("")
def list_chains(reader: IncidentReader) -> list[ChainGiven]:
    """Every chain of the city, in the order of its plan."""
    return reader.desk.look(lambda look: [_chain(look, reader, one) for one in _outlook(reader).chains()])


@router.get("/{chain}")
def get_chain(chain: str, reader: IncidentReader) -> ChainGiven:
    """One chain."""
    return reader.desk.look(lambda look: _chain(look, reader, _outlook(reader).chain(chain)))


@router.get("/{chain}/hours")
def list_hours(chain: str, reader: IncidentReader) -> list[PlannedGiven]:
    """Who would be called in each hour of the coming fortnight if nobody answered; equal hours are put together."""
    return reader.desk.look(lambda look: list(_hours(look, reader, _outlook(reader).chain(chain))))


@router.get("/{chain}/rehearsal")
def rehearse_chain(  # noqa: PLR0917 - each is a parameter of the address
    chain: str,
    reader: IncidentReader,
    at: AwareDatetime | None = None,
    silent: _Parties = [],  # noqa: B006 - FastAPI copies it
    down: _Parties = [],  # noqa: B006
    goal: _Party = "",
    within: Annotated[int, Query(ge=1, le=4320)] = 60,
    runs: Annotated[int, Query(ge=1, le=MOST_RUNS)] = 1_000,
    seed: Annotated[int, Query(ge=0, lt=2**31)] = 1,
) -> RehearsalGiven:
    """Play the real rules so often on a virtual clock: who is reached when, and which failure hurts most."""
    outlook = _outlook(reader)
    assumed = Assumed(
        at=at, silent=tuple(silent), down=tuple(down), goal=goal, within=within, runs=runs, seed=seed
    )  # fmt: skip
    found = outlook.rehearse(outlook.chain(chain), assumed)
    names = reader.desk.look(lambda look: Words(reader.desk, look, reader).name)
    return RehearsalGiven(
        chain=found.chain, at=found.at, runs=found.runs, seed=found.seed, goal=found.goal, within=found.within,
        probability=found.probability, nobody=found.nobody, last_resort=found.last_resort,
        reached=[
            ReachedGiven(
                party=one.party, name=names(one.party), first_call=one.first_call, share=one.share, median=one.median,
                late=one.late, worst=one.worst,
            )
            for one in found.reached
        ],
        weakest=[WeakestGiven.model_validate(one) for one in found.weakest],
    )  # fmt: skip


def _outlook(visit: Visit) -> Outlook:
    return Outlook(visit.desk, visit.known)


def _chain(look: Look, visit: Visit, chain: ContactChain) -> ChainGiven:
    name = Words(visit.desk, look, visit).name
    return ChainGiven(
        name=chain.name,
        code=chain.code,
        title=chain.title.get(visit.language) or chain.name,
        never_say=sorted(kind.value for kind in chain.never_say),
        routes=[
            RouteGiven(
                name=route.name,
                title=route.title.get(visit.language) or route.name,
                stop_on=route.stop_on,
                repeat=route.repeat,
                tiers=[_tier(tier, name) for tier in route.tiers],
            )
            for route in chain.routes
        ],
        exhausted=_tier(chain.exhausted, name) if chain.exhausted else None,
        weaknesses=[_weakness(one, name) for one in _outlook(visit).weaknesses(chain)],
    )


def _tier(tier: Tier, name: Naming) -> TierGiven:
    return TierGiven(
        after_minutes=tier.after / _MINUTE,
        off_hours_minutes=None if tier.off_hours is None else tier.off_hours / _MINUTE,
        call=[PartyGiven(party=party, name=name(party)) for party in tier.call],
        by=list(tier.by),
        need=tier.need,
    )


def _weakness(one: Weakness, name: Naming) -> WeaknessGiven:
    return WeaknessGiven(
        code=one.code, message=name.words.error(one.code), severity=one.severity, route=one.route, tier=one.tier,
        key=one.key,
    )  # fmt: skip


def _hours(look: Look, visit: Visit, chain: ContactChain) -> Iterator[PlannedGiven]:
    name = Words(visit.desk, look, visit).name
    for spell in _outlook(visit).spells(chain):
        for one in planned(spell.calls):
            yield PlannedGiven(
                from_at=spell.begins, until_at=spell.ends, route=one.route, tier=one.tier, after_minutes=one.after,
                party=one.party, name=name(one.party) if one.party else "",
                people=[PartyGiven(party=person, name=name(person)) for person in one.people],
                channels=list(one.channels), skipped=one.skipped,
            )  # fmt: skip
