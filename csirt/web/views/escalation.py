"""An escalation as it is climbed: routes, rungs and calls."""

from dataclasses import dataclass
from datetime import datetime

from csirt.model.contact import Need, StopOn
from csirt.model.escalation import RouteState
from csirt.model.message import DeliveryState
from csirt.model.trigger import Firing


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to one party. `sheet` leads to the call sheet, where a person has to phone.

    `skipped` is the code of why nobody could be called (`no_holder`, `already_called`, …); then there is no `state`.
    """

    name: str
    channel: str
    at: datetime
    state: DeliveryState | None
    skipped: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    sheet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One tier as it was climbed: when it is or was due, whom it calls, and the calls made."""

    number: int
    at: datetime
    parties: tuple[str, ...]
    need: Need = Need.ANY
    reached: bool = False
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """One route of an escalation."""

    name: str
    state: RouteState
    rungs: tuple[Rung, ...]
    stop_on: StopOn = StopOn.ACKNOWLEDGE
    hidden: int = 0  # rungs and calls that a long ladder does not show at first


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPart:
    """One escalation: for what, on which chain. `key` is the idempotency key of its button."""

    id: str
    chain: str
    about: str
    ladders: tuple[Ladder, ...]
    may_acknowledge: bool = False
    key: str = ""
    whole: str = ""  # the address that shows all of a long ladder
    picture: str = ""  # SVG of our own making


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledForRow:
    """A chain that the rules call for in a case, whether it was begun, and whether the reader may begin it."""

    name: str
    code: str
    title: str
    firing: Firing
    automatic: bool
    begun: bool
    under_way: bool
    may_start: bool
