"""A playbook run, its steps and their outcomes, and the steps that wait for a person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic

from typing_extensions import TypeVar

from csirt.errors import Invalid

StepKey = str
_STEP_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}(\[[A-Za-z0-9._:-]{1,64}\])?")

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def is_step_key(key: str) -> bool:
    """Is this a step's key: a name, with the item's id in brackets inside `for_each`?"""
    return _STEP_KEY.fullmatch(key) is not None


def checked_step_key(key: str) -> StepKey:
    """The same as a check. Raises `Invalid`."""
    if not is_step_key(key):
        raise Invalid("step_key_malformed", key=key)
    return key


class StepKind(StrEnum):
    """What a step is; another kind under a recorded key is drift."""

    DO = "do"
    ASK = "ask"
    APPROVE = "approve"
    REACH = "reach"
    TELL = "tell"
    WAIT = "wait"
    KNOW = "know"  # waits for a fact of the incident
    DUTY = "duty"  # waits until a duty of the incident has ended
    CLOSE = "close"
    ERRAND = "errand"  # what somebody is asked to do beside the playbook
    REVIEW = "review"  # 後閲: the holder of a post sees what a deputy decided; stays until seen
    CALL = "call"  # a call sheet: a member of staff phones, reads back and records


class StepState(StrEnum):
    """Where a step stands."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"  # gave up; a person may take it over
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to answer: a code, and whether a reason must be given with it."""

    code: str
    needs_reason: bool = False


@dataclass(frozen=True, slots=True)
class At:
    """Where a new step stands: its key, its branch of the playbook (`contain/isolate`), and whether it must be done.

    The branch is made of the names of functions that go side by side, items of `for_each` and numbers of `repeat`.
    """

    key: StepKey
    branch: str = ""
    mandatory: bool = False

    def said(self) -> dict[str, str | bool]:
        """What the entry that opens the step says of its place."""
        said: dict[str, str | bool] = {"branch": self.branch} if self.branch else {}
        return said | ({"mandatory": True} if self.mandatory else {})


class Consequence(StrEnum):
    """What follows when a question is not answered in time."""

    ESCALATE = "escalate"  # call a chain, or hand the question on to the next party
    CHOOSE = "choose"  # the clock chooses the default answer
    STOP = "stop"  # the run stops, and people are told


@dataclass(frozen=True, slots=True)
class AtDeadline:
    """What follows at the deadline of a question. `chain` and `to` (`post:ciso`) go with ESCALATE."""

    consequence: Consequence
    choice: str = ""
    chain: str = ""
    to: str = ""

    def to_plain(self) -> dict[str, str]:
        """As JSON, for the store."""
        return {"do": self.consequence.value, "choice": self.choice, "chain": self.chain, "to": self.to}

    @classmethod
    def from_plain(cls, plain: Mapping[str, str]) -> "AtDeadline":
        """From what `to_plain` gave."""
        return cls(Consequence(plain["do"]), plain["choice"], plain["chain"], plain["to"])


YES_NO = (Choice("yes"), Choice("no", needs_reason=True))
DONE_OR_CANNOT = (Choice("done"), Choice("cannot", needs_reason=True))
SEEN = (Choice("seen"),)
APPROVE_OR_REFUSE = (Choice("approve"), Choice("refuse", needs_reason=True))


FieldsT = TypeVar("FieldsT", default=Mapping[str, Json])
DECLINING = frozenset({"no", "refuse", "cannot"})


@dataclass(frozen=True, slots=True)
class Answer(Generic[FieldsT]):
    """What a person answered: the choice, the reason they typed, the fields of the form, who and when.

    A skipped or cancelled step has `skipped` or `cancelled` as its choice: neither yes nor no.
    """

    choice: str
    reason: str = ""
    fields: FieldsT = field(default_factory=dict)  # type: ignore[assignment]  # what it is without a form
    by: str = ""
    at: datetime | None = None
    defaulted: bool = False  # chosen by the clock at the deadline, not by a person

    @property
    def given(self) -> bool:
        """Was it answered, by a person or at the deadline? False for a step that was skipped or cancelled."""
        return self.choice not in {StepState.SKIPPED.value, StepState.CANCELLED.value}

    @property
    def yes(self) -> bool:
        """Was it agreed to?"""
        return self.choice in {"yes", "approve", "done"}

    @property
    def no(self) -> bool:
        """Was it declined?"""
        return self.choice in DECLINING


@dataclass(frozen=True, slots=True)
class Outcome:
    """The recorded result of a step: its value as JSON, as replay gives it back."""

    kind: StepKind
    state: StepState
    value: Json = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """A step that waits for a person. `who` is a role (`role:analyst`) or a post (`post:ciso`)."""

    id: str
    incident: str
    run: str | None
    step: StepKey
    kind: StepKind
    who: str
    choices: tuple[Choice, ...]
    opened_at: datetime
    due_at: datetime | None = None
    chain: str | None = None
    not_by: tuple[StepKey, ...] = ()
    delivery: str | None = None  # the delivery that a call sheet stands for
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class PlaybookRun:
    """One performance of a playbook for one incident; it keeps the version that it began with."""

    id: str
    incident: str
    playbook: str
    version: int
    opened_at: datetime
    ended_at: datetime | None = None
    stopped_by: str | None = None  # an error code, such as `playbook_drift`
