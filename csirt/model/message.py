"""Messages that leave the house, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

TRIES = 8  # attempts on one channel
BACKOFF = (5, 15, 60, 180, 420, 900)  # seconds at most after the first, second, … failure

# These are not sent by us: a member of staff phones, faxes or goes, and fills in a call sheet.
CALL_SHEET_CHANNELS = frozenset({"phone", "mobile", "fax", "visit"})


class DeliveryState(StrEnum):
    """`sent` means that a channel took it, never that somebody read it."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is called: the party as the chain names it (`post:ciso`, `office:…`), a display name, and the address."""

    party: str
    name: str
    address: str
    person: str | None = None  # opaque id, where the party resolved to a person


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document that a mail carries, where the rule of the channel lets it: a PDF with its file name."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is asked to deliver. The same `id` means the same message; channels put it where receivers look.

    `template` names the text; `facts` holds only codes, numbers, times and links: no free text, no victim, no
    個人番号. `subject` and `body` are rendered already. `repeat` marks an attempt whose forerunner may have arrived.
    """

    id: str
    template: str
    language: str
    recipient: Recipient
    subject: str
    body: str
    at: datetime
    facts: Mapping[str, str] = field(default_factory=dict)
    repeat: bool = False
    drill: bool = False
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a channel says after it took a message: its reply code, and the outside id if it has one."""

    reply: str
    outside_id: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the outbox."""

    id: str
    incident: str
    escalation: str | None
    channel: str
    recipient: Recipient
    template: str
    state: DeliveryState
    attempts: int
    queued_at: datetime
    finished_at: datetime | None = None
    reply: str = ""


def lane_of(level: int, *, is_call: bool) -> int:
    """Which messages go first, the highest number before all: by level, and a call before what only informs."""
    return 2 * level + is_call


def wait_after(attempt: int, chance: float) -> timedelta:
    """How long to wait after the failed attempt (from 1). `chance`, 0 to 1, spreads those that failed together."""
    longest = BACKOFF[min(max(attempt, 1), len(BACKOFF)) - 1]
    return timedelta(seconds=longest * (0.5 + chance / 2))
