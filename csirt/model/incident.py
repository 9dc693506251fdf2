"""The case: type, level, status, disposition, the four clocks, and the values that sorting works on."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class IncidentType(StrEnum):
    """Our own types; each names its playbook where one is written."""

    RANSOMWARE = "ransomware"
    MALWARE_MAIL = "malware_mail"
    LEAK_MISSENT = "leak_missent"
    LOSS_THEFT = "loss_theft"
    WEB_DEFACE = "web_deface"
    DDOS = "ddos"
    UNAUTH_ACCESS = "unauth_access"
    INSIDER = "insider"
    ROGUE_ASSET = "rogue_asset"
    OUTAGE = "outage"
    DRILL = "drill"
    RESTORE_TEST = "restore_test"
    UNDECIDED = "undecided"


class Level(IntEnum):
    """Severity: 0 event without harm, 1 minor, 2 serious, 3 grave, 4 crisis. Proposed by rule, set by a post."""

    EVENT = 0
    MINOR = 1
    SERIOUS = 2
    GRAVE = 3
    CRISIS = 4


class IncidentStatus(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    CLOSED = "closed"


class Disposition(StrEnum):
    """How the case ended."""

    TRUE_POSITIVE = "true_positive"
    FALSE_POSITIVE = "false_positive"
    BENIGN = "benign"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class FourClocks:
    """発生 occurred, 発覚 noticed, 知った known to the city, 受付 received by us. Duties count from `known`."""

    received: datetime
    occurred: datetime | None = None
    noticed: datetime | None = None
    known: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident as people see it. `number` is (fiscal year, ordinal); texts are already opened from the vault."""

    id: str
    fiscal_year: int
    ordinal: int
    type: IncidentType
    title: str
    status: IncidentStatus
    level: Level | None
    proposed_level: Level
    clocks: FourClocks
    opened_by: str
    playbook: str | None = None
    playbook_version: int | None = None
    disposition: Disposition | None = None
    closed_at: datetime | None = None
    sample: bool = False
    drill: bool = False
    merged_into: str | None = None
    personal_data: str = "unknown"
    stopped_by: str | None = None  # the code of what stopped its playbook


@dataclass(frozen=True, slots=True)
class Sortable:
    """What sorting needs of one stored detection. `at` is the time of the event, or of arrival where it has none.

    `sighting` is a private address and the name of the host behind it, where the detection tells both beyond doubt.
    `shares` are values that it may have in common with others: pairs of kind and key (`sharing.Share`), and `texts`
    what people are shown of them.
    """

    key: int
    at: datetime
    attacked: str
    attacker: str | None
    type: IncidentType
    level: Level
    title: str
    sighting: tuple[str, str] | None = None
    shares: tuple[tuple[str, str], ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Detections that belong together: one incident, if the gravest of them opens one."""

    keys: tuple[int, ...]
    type: IncidentType
    level: Level
    title: str
    attacked: frozenset[str]
    attackers: frozenset[str]
    first: datetime
    last: datetime
