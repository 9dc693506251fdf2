"""When and whom the desk reminds of a duty that stands open: dated data of a city. Pure.

A plan fits duties by the time that they allow. Its rungs go from the post in charge up: each is due so long before the
end of the last day (`before`), or, for a duty without a day, so long after its clock (`after`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from csirt.errors import Invalid
from csirt.model.chains import duration_from

IN_CHARGE = "in_charge"  # stands for the post that a duty's rule names
_PLAN_KEYS = frozenset({"up_to", "rung"})
_RUNG_KEYS = frozenset({"before", "after", "call", "by", "chain"})


@dataclass(frozen=True, slots=True)
class Rung:
    """One reminder: parties told on channels (`call`, `by`), or a contact chain that is climbed until somebody hears.

    `offset` counts back from the end of the last day, or on from the clock where there is no such day.
    """

    offset: timedelta
    call: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    chain: str = ""

    def parties(self, in_charge: str) -> tuple[str, ...]:
        """Whom it tells, with the post in charge by its name."""
        return tuple(f"post:{in_charge}" if one == IN_CHARGE else one for one in self.call)


@dataclass(frozen=True, slots=True)
class Plan:
    """The rungs for duties that allow at most `up_to`; None: for those without a day, which are due without delay."""

    up_to: timedelta | None
    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class ReminderBook:
    """All plans, the shortest time first. `grace`: how long a new duty is left alone where a rung has passed."""

    plans: tuple[Plan, ...] = ()
    measures: tuple[Rung, ...] = ()  # `offset` counts on from the end of the due date; below nought before it
    grace: timedelta = timedelta(minutes=30)
    source: str = ""

    def plan_for(self, clock: datetime, due: datetime | None) -> Plan | None:
        """The plan for a duty that counts from `clock` and ends at `due` (None: without delay)."""
        if due is None:
            return next((plan for plan in self.plans if plan.up_to is None), None)
        timed = [plan for plan in self.plans if plan.up_to is not None]
        fits = (plan for plan in timed if plan.up_to is not None and due - clock <= plan.up_to)
        return next(fits, timed[-1] if timed else None)

    def next_of_measure(self, end: datetime, done: int, now: datetime) -> tuple[int, datetime] | None:
        """The same for a measure whose due date ends at `end`."""
        return self._next([end + rung.offset for rung in self.measures], done, now)

    def next_rung(self, clock: datetime, due: datetime | None, done: int, now: datetime) -> tuple[int, datetime] | None:
        """Number (from 0) and instant of the next reminder after the first `done` rungs; None: there is no more.

        Of rungs that have passed already only the last is made up for, once `grace` is over: nobody is told five times
        at once of a duty that arises late.
        """
        plan = self.plan_for(clock, due)
        if plan is None:
            return None
        return self._next([due - one.offset if due else clock + one.offset for one in plan.rungs], done, now)

    def _next(self, at: Sequence[datetime], done: int, now: datetime) -> tuple[int, datetime] | None:
        left = range(done, len(at))
        passed = [number for number in left if at[number] <= now]
        if passed:
            return passed[-1], now + self.grace
        return next(((number, at[number]) for number in left), None)


def reminders_from(mapping: Mapping[str, Any], file: str) -> ReminderBook:
    """The plans of a parsed TOML file: `source`, `grace`, a list `plan` with lists `rung`.

    Raises:
        Invalid: `reminders_malformed`; `file` and `key` name the place.
    """
    source, rows = mapping.get("source"), mapping.get("plan")
    if not isinstance(source, str) or not source.strip():
        raise _wrong(file, "source")
    if not isinstance(rows, list) or not rows:
        raise _wrong(file, "plan")
    if strange := sorted(set(mapping) - {"source", "grace", "plan", "measure"}):
        raise _wrong(file, strange[0])
    plans = [_plan(row, file, f"plan[{place}]") for place, row in enumerate(rows)]
    timed = [plan.up_to for plan in plans if plan.up_to is not None]
    if timed != sorted(timed) or len(plans) - len(timed) > 1:
        raise _wrong(file, "plan")
    grace, measures = _span(mapping.get("grace", "30 min"), file, "grace"), _measures(mapping.get("measure", []), file)
    return ReminderBook(tuple(plans), measures, grace, source)


def _measures(rows: object, file: str) -> tuple[Rung, ...]:
    """Rungs before and after the due date of a measure; no chain is climbed for one."""
    if not isinstance(rows, list):
        raise _wrong(file, "measure")
    found = []
    for place, row in enumerate(rows):
        key = "after" if isinstance(row, Mapping) and "after" in row else "before"
        rung = _rung(row, key, file, f"measure[{place}]")
        if rung.chain:
            raise _wrong(file, f"measure[{place}].chain")
        found.append(replace(rung, offset=rung.offset if key == "after" else -rung.offset))
    if [rung.offset for rung in found] != sorted(rung.offset for rung in found):
        raise _wrong(file, "measure")
    return tuple(found)


def _plan(row: object, file: str, place: str) -> Plan:
    if not isinstance(row, Mapping) or not set(row) <= _PLAN_KEYS or not isinstance(row.get("rung"), list):
        raise _wrong(file, place)
    up_to = _span(row["up_to"], file, f"{place}.up_to") if "up_to" in row else None
    key = "after" if up_to is None else "before"
    rungs = tuple(_rung(one, key, file, f"{place}.rung[{n}]") for n, one in enumerate(row["rung"]))
    offsets = [rung.offset for rung in rungs]
    if not rungs or offsets != sorted(offsets, reverse=up_to is not None):
        raise _wrong(file, f"{place}.rung")
    return Plan(up_to, rungs)


def _rung(row: object, key: str, file: str, place: str) -> Rung:
    if not isinstance(row, Mapping) or not set(row) <= _RUNG_KEYS or key not in row:
        raise _wrong(file, f"{place}.{key}")
    chain, call, by = row.get("chain", ""), row.get("call", []), row.get("by", [])
    if not isinstance(chain, str) or not _texts(call) or not _texts(by):
        raise _wrong(file, f"{place}.call")
    if bool(chain) == bool(call) or bool(call) != bool(by):
        raise _wrong(file, f"{place}.chain")
    return Rung(_span(row[key], file, f"{place}.{key}"), tuple(call), tuple(by), chain)


def _texts(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(one, str) for one in value)


def _span(text: object, file: str, place: str) -> timedelta:
    """Such as `30 min`, `6 h`, `14 d`."""
    days = text.removesuffix("d").strip() if isinstance(text, str) and text.endswith("d") else ""
    if days.isdecimal() and len(days) <= 3:
        return timedelta(days=int(days))
    found = duration_from(text)
    if found is None:
        raise _wrong(file, place)
    return found


def _wrong(file: str, key: str) -> Invalid:
    return Invalid("reminders_malformed", file=file, key=key)
