"""The level of an incident: proposed, set, its history, and what others call it."""

from dataclasses import dataclass
from datetime import datetime

from csirt.model.incident import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow:
    """One proposal or decision. `because` is in words."""

    at: datetime
    level: Level
    is_set: bool
    by: str
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedRow:
    """What one scheme calls the incident."""

    scheme: str
    term: str
    edition: str
    source: str
    uncertain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A level that a person proposed and nobody has decided on yet; `waits_for` is the post that does."""

    level: Level
    by: str
    at: datetime
    waits_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelPart:
    """The part of an incident's page. `setter` is the post that sets the proposed level.

    `proposal` is what a person proposed; `because` says why the rules propose what counts until then.
    """

    proposal: Proposal | None = None
    because: str = ""
    setter: str = ""
    history: tuple[LevelRow, ...] = ()
    mapped: tuple[MappedRow, ...] = ()


NO_LEVELS = LevelPart()
