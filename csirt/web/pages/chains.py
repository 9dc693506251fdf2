"""連絡網: the chains as configured, with whom they would call today, in the words of a reader."""

from collections.abc import Mapping
from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.model.chains import LAST_RESORT, Weakness
from csirt.model.contact import ContactChain, Route, Tier
from csirt.model.discretion import NeverSay
from csirt.model.incident import IncidentType
from csirt.model.party import Nobody, PartyKind, parse_party, resolve
from csirt.model.people import Roster
from csirt.model.trigger import CaseFact, Clause, TouchedSystem
from csirt.outlook import Outlook
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import show
from csirt.web.pages.ladders import picture_of
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.chains import Chain, ChainClause, ChainRoute, Chains, ChainTier, Party, Point

router = APIRouter(include_in_schema=False)

Weak = Mapping[tuple[str, str, str], str]  # route, tier, party -> code


@router.get("/chains")
def show_chains(request: Request, reader: IncidentReader) -> Response:
    """Every chain of the city."""
    return show(request, reader, reader.desk.look(_chains, reader), "chains")


def _chains(look: Look, visit: Visit) -> Chains:
    city, now = visit.desk.door.city, visit.desk.clock.now()
    drawn = Drawn(visit, Words(visit.desk, look, visit))
    return Chains(
        chains=tuple(drawn.chain(chain) for chain in Outlook(visit.desk, visit.known).chains()),
        office_open=city.calendar.is_open(now),
    )


class Drawn:
    """Chains with the names and weaknesses of today."""

    def __init__(self, visit: Visit, words: Words) -> None:
        """For one reader."""
        self._outlook = Outlook(visit.desk, visit.known)
        self._known: Roster = self._outlook.called()
        self._offices = self._outlook.offices()
        self._words = words

    def chain(self, chain: ContactChain) -> Chain:
        """One chain."""
        weak: Weak = {}
        for weakness in reversed(self._outlook.weaknesses(chain)):
            weak = {**weak, _place(weakness): weakness.code}
        made = Chain(
            name=chain.name,
            title=chain.title.get(self._words.language) or chain.name,
            routes=tuple(self._route(route, weak) for route in chain.routes),
            exhausted=self._tier(chain.exhausted, "", LAST_RESORT, weak) if chain.exhausted else None,
            code=chain.code,
            when=tuple(_clause(clause) for clause in chain.when),
            never_say=tuple(kind.value for kind in NeverSay if kind in chain.never_say),
        )
        return replace(made, picture=picture_of(made, self._words.name.words))

    def _route(self, route: Route, weak: Weak) -> ChainRoute:
        tiers = tuple(self._tier(tier, route.name, str(number), weak) for number, tier in enumerate(route.tiers, 1))
        name = route.title.get(self._words.language) or route.name
        return ChainRoute(name=name, tiers=tiers, stop_on=route.stop_on, repeat=route.repeat)

    def _tier(self, tier: Tier, route: str, number: str, weak: Weak) -> ChainTier:
        return ChainTier(
            parties=tuple(self._party(party, tier, weak.get((route, number, party), "")) for party in tier.call),
            after=tier.after,
            off_hours=tier.off_hours,
            need=tier.need,
        )

    def _party(self, party: str, tier: Tier, warning: str) -> Party:
        name = parse_party(party)
        contacts = resolve(party, self._known, self._offices)
        office = self._offices.get(name.id) if name.kind is PartyKind.OFFICE else None
        found = () if isinstance(contacts, Nobody) else contacts
        points = {(by, one.addresses[by]): None for one in found for by in tier.by if one.addresses.get(by)}
        return Party(
            name=self._words.name(party),
            people=() if office else self._people(party),
            points=tuple(Point(channel=channel, address=address) for channel, address in points),
            confirmed=office.confirmed if office else None,
            warning=warning,
        )

    def _people(self, party: str) -> tuple[str, ...]:
        """The holder with the deputies in acting order; for a deputy or a role, whoever that is."""
        name = parse_party(party)
        post = self._known.posts.get(name.id)
        if name.kind is PartyKind.POST and post and not name.deputy:
            return tuple(self._words.name(one) for one in post.acting_order if one in self._known.people)
        contacts = resolve(party, self._known, self._offices)
        return () if isinstance(contacts, Nobody) else tuple(self._words.name(one.person or "") for one in contacts)


def _clause(clause: Clause) -> ChainClause:
    return ChainClause(
        types=tuple(type_.value for type_ in IncidentType if type_ in clause.types),
        level_from=clause.level_from,
        facts=tuple(fact.value for fact in CaseFact if fact in clause.facts),
        systems=tuple(system.value for system in TouchedSystem if system in clause.systems),
    )


def _place(weakness: Weakness) -> tuple[str, str, str]:
    """Where a weakness is shown; a missing channel is named behind its party."""
    return weakness.route, weakness.tier, weakness.key.partition(" ")[0]
