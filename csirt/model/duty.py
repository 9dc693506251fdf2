"""Whom the city must tell, by when and why: from facts and dated rules alone. Pure.

A rule names an addressee, a clock, a limit in days and reasons; one reason that holds is enough, and a suspicion
counts like the fact. An exemption counts only where it is confirmed. Which edition of a rule applies depends on the day
from which it counts. Where the source of a rule was not certain, the duty says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from csirt.era import jst_date
from csirt.model import counting
from csirt.model.condition import Condition, Situation
from csirt.model.counting import Deadline

_STEP = "duty["


def step_of(rule: str) -> str:
    """How a call about a duty names its step, though no playbook asked it: `duty[ppc_preliminary]`."""
    return f"{_STEP}{rule}]"


def rule_of(step: str) -> str:
    """The rule in the name of such a step; empty for any other."""
    return step.removeprefix(_STEP).removesuffix("]") if step.startswith(_STEP) else ""


class Binding(StrEnum):
    """What a duty rests on."""

    LAW = "law"
    GUIDE = "guide"  # a guide value of the supervising authority
    PRACTICE = "practice"  # no limit in law; what cities do
    CRITERIA = "criteria"  # the city's own criteria


class Period(StrEnum):
    """A limit that is no number of days."""

    HALF_YEAR = "half_year"


class DutyState(StrEnum):
    """Where a duty of an incident stands."""

    OPEN = "open"
    MET = "met"  # by a recorded report
    WAIVED = "waived"  # by the post that may, with a reason
    LAPSED = "lapsed"  # its reason is gone


@dataclass(frozen=True, slots=True)
class ReasonRule:
    """One ground of a duty. `days` replaces the limit of the rule where this ground holds."""

    code: str
    when: Condition
    days: int | None = None
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class DutyRule:
    """One edition of one duty. `clock` is the fact it counts from.

    `in_charge` is the post that sees to it, `waived_by` the one that may decide against it.
    """

    id: str
    addressee: str
    ja: str
    en: str
    basis: str
    source: str
    clock: str
    binding: Binding
    valid_from: date
    valid_to: date | None
    reasons: tuple[ReasonRule, ...]
    unless: tuple[Condition, ...] = ()
    days: int | None = None
    target_days: int | None = None
    moves: bool = False
    period: Period | None = None
    doubt: str = ""
    gives_way_to: str = ""
    waived_by: str = "ciso"
    in_charge: str = "csirt-head"
    chain: str = ""
    offices: tuple[str, ...] = ()

    @property
    def edition(self) -> str:
        """How this edition is called: the day from which it is valid."""
        return self.valid_from.isoformat()

    def label(self, language: str) -> str:
        """Its name in `ja` or `en`."""
        return self.ja if language == "ja" else self.en

    def is_valid(self, on: date) -> bool:
        """Is this edition in force on a day?"""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A rule that is decided and not yet in force. Without `start` only the latest day is known, or none."""

    id: str
    ja: str
    en: str
    source: str
    start: date | None = None
    latest: date | None = None

    def label(self, language: str) -> str:
        """What will change, in `ja` or `en`."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class LawBook:
    """All editions of all duties, and what is to come."""

    rules: tuple[DutyRule, ...] = ()
    upcoming: tuple[Upcoming, ...] = ()
    source: str = ""

    def rule(self, id_: str, edition: str) -> DutyRule | None:
        """One edition of a duty, if it is still on file."""
        return next((one for one in self.rules if one.id == id_ and one.edition == edition), None)

    def has(self, id_: str) -> bool:
        """Is there a duty of this id, in whatever edition?"""
        return any(one.id == id_ for one in self.rules)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a duty stands: a code with the facts that it rests on."""

    code: str
    params: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Duty:
    """What one rule asks of one incident. Without a number of days there is no `limit` but "without delay"."""

    rule: str
    edition: str
    reasons: tuple[Reason, ...]
    clock: datetime | None
    target: Deadline | None
    limit: Deadline | None
    uncertain: bool


def duties_of(situation: Situation, book: LawBook, now: datetime) -> list[Duty]:
    """Every duty that the facts bring about, in the order of the book. `now` decides only where no clock is known."""
    found = {rule.id: (rule, duty) for rule in book.rules if (duty := _duty(rule, situation, now)) is not None}
    return [duty for rule, duty in found.values() if rule.gives_way_to not in found]


def _duty(rule: DutyRule, situation: Situation, now: datetime) -> Duty | None:
    holding = [reason for reason in rule.reasons if reason.when.holds(situation)]
    if not holding:
        return None
    clock = _clock(rule, situation)
    if not rule.is_valid(jst_date(clock or now)) or any(
        one.holds(situation) and one.is_certain(situation) for one in rule.unless
    ):
        return None
    reasons = tuple(Reason(one.code, _params(one, situation)) for one in holding)
    uncertain = bool(rule.doubt) or all(one.uncertain for one in holding)
    return Duty(rule.id, rule.edition, reasons, clock, *_deadlines(rule, holding, clock), uncertain)


def _clock(rule: DutyRule, situation: Situation) -> datetime | None:
    known = situation.get(rule.clock)
    return datetime.fromisoformat(known.value) if known and isinstance(known.value, str) else None


def _deadlines(
    rule: DutyRule, holding: Sequence[ReasonRule], clock: datetime | None
) -> tuple[Deadline | None, Deadline | None]:
    """From when it should be done, and until when it must."""
    if clock is None:
        return None, None
    if rule.period is Period.HALF_YEAR:
        return None, counting.half_year_end(clock)
    days = max((one.days for one in holding if one.days is not None), default=rule.days)
    target = counting.deadline(clock, rule.target_days, moves=False) if rule.target_days else None
    return target, counting.deadline(clock, days, moves=rule.moves) if days else None


def _params(reason: ReasonRule, situation: Situation) -> dict[str, str | int]:
    """The facts that a reason rests on, as codes and numbers, and the thresholds that its rule names."""
    params: dict[str, str | int] = {}
    for test in reason.when.tests:
        known = situation.get(test.fact)
        if known is None or known.value is None or test.there is not None:
            continue
        params[test.fact] = ",".join(known.value) if isinstance(known.value, tuple) else known.value
        if test.least is not None:
            params[f"{test.fact}_over"] = test.least - 1
    return params
