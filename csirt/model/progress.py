"""How far the routes of an escalation have come, as the store keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csirt.errors import Untrusted
from csirt.model.step import Json


class RouteState(StrEnum):
    """Where a route stands."""

    CLIMBING = "climbing"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    EXHAUSTED = "exhausted"  # ran through; the last resort was called
    ENDED = "ended"  # called off: the step was cancelled or the incident closed


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody who was called on a tier: the party as the chain names it, and the person it stood for then."""

    tier: int
    party: str
    person: str | None = None

    def is_known_as(self, who: str) -> bool:
        """Does `who` (a person's id or a party's name) mean this one?"""
        return who in {self.party, self.person}


@dataclass(frozen=True, slots=True)
class RouteProgress:
    """How far one route has come.

    `tier` was called last in this `round` (-1: none yet), at `tier_at`; `round_at` is when the round began, from
    which `after` counts. A `tier` beyond the last one is the last resort.
    """

    route: str
    started_at: datetime
    round_at: datetime
    round: int = 0
    tier: int = -1
    tier_at: datetime | None = None
    state: RouteState = RouteState.CLIMBING
    called: tuple[Called, ...] = ()
    acknowledged: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Json]:
        """As JSON, for the store."""
        return {
            "route": self.route,
            "started_at": self.started_at.isoformat(),
            "round_at": self.round_at.isoformat(),
            "round": self.round,
            "tier": self.tier,
            "tier_at": self.tier_at.isoformat() if self.tier_at else None,
            "state": self.state.value,
            "called": [[called.tier, called.party, called.person] for called in self.called],
            "acknowledged": list(self.acknowledged),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Json]) -> "RouteProgress":
        """From what `to_plain` gave. Raises `Untrusted` (`route_progress_malformed`): our own store broke it."""
        match plain:
            case {
                "route": str(route),
                "started_at": str(started_at),
                "round_at": str(round_at),
                "round": int(number),
                "tier": int(tier),
                "tier_at": None | str() as tier_at,
                "state": str(state),
                "called": list(called),
                "acknowledged": list(acknowledged),
            }:
                try:
                    return cls(
                        route=route,
                        started_at=datetime.fromisoformat(started_at),
                        round_at=datetime.fromisoformat(round_at),
                        round=number,
                        tier=tier,
                        tier_at=datetime.fromisoformat(tier_at) if tier_at else None,
                        state=RouteState(state),
                        called=tuple(_called_from(entry) for entry in called),
                        acknowledged=tuple(str(who) for who in acknowledged),
                    )
                except ValueError as broken:
                    raise Untrusted("route_progress_malformed") from broken
        raise Untrusted("route_progress_malformed")


def _called_from(plain: Json) -> Called:
    match plain:
        case [int(tier), str(party), None | str() as person]:
            return Called(tier, party, person)
    raise Untrusted("route_progress_malformed")
