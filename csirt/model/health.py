"""How the desk itself is: one line for each part, with since when and why. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from csirt.errors import Param


class PartState(StrEnum):
    """How a part is. The value is also the text key."""

    OK = "ok"
    LATE = "late"  # it lags, or wants to be looked at; nothing stands still
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part. `name` tells several of a kind apart (a host, a channel); `code` says why it is not well."""

    part: str
    state: PartState
    name: str = ""
    since: datetime | None = None
    code: str = ""
    params: dict[str, Param] = field(default_factory=dict)


def worst(parts: Iterable[PartHealth]) -> PartState:
    """How the whole is: as its worst part."""
    order = list(PartState)
    return max((part.state for part in parts), key=order.index, default=PartState.OK)


def by_age(age: timedelta | None, late: timedelta, down: timedelta) -> PartState:
    """The state of something that should be young; None: there is nothing that could be old."""
    if age is None or age < late:
        return PartState.OK
    return PartState.LATE if age < down else PartState.DOWN
