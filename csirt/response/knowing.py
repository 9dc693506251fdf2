"""Steps that look at the facts and duties of the incident: what is known now, what becomes known, what was met."""

from collections.abc import Mapping

from sqlmodel import select

from csirt.errors import Invalid
from csirt.model.duty import DutyState
from csirt.model.fact import Fact, FactSource, FactState, Statement, Value
from csirt.model.step import At, Json, StepKind
from csirt.record.entry import EntryKind
from csirt.response import facts, locks, runs
from csirt.response.runs import Claim
from csirt.store.tables.duties import DutyRow
from csirt.store.tables.runs import StepRow
from csirt.store.tx import Look, Tx

_KNOWN = frozenset({FactState.CONFIRMED, FactState.ESTIMATED})


def known(look: Look, incident: str, fact: str) -> Fact | None:
    """A fact once there is a value, be it an estimate."""
    found = facts.current(look, incident).get(fact)
    return found if found and found.state in _KNOWN and found.value is not None else None


def know(tx: Tx, held: Claim, at: At, fact: str) -> bool:
    """Wait for a fact, or take its value if it is known already; true once the step has it.

    The value is that of the moment: a later correction is a fact of its own, which another step may wait for.

    Raises:
        Invalid: the city has no such fact.
    """
    tx.city.facts.definition(fact)
    if tx.session.get(StepRow, (held.run, at.key)) is None:
        runs.add_step(tx, held, at, StepKind.KNOW)
        out = {"fact": fact, **at.said()}
        tx.record(EntryKind.FACT_AWAITED, incident=held.incident, run=held.run, step=at.key, out=out)
    found = known(Look(tx.session, tx.vault), held.incident, fact)
    if found is None:
        return False
    runs.finish_step(tx, held, at.key, _plain(found.value), out={"fact": fact, "version": found.version})
    return True


def _stated(value: int | str | list[Json]) -> Value:
    return tuple(map(str, value)) if isinstance(value, list) else value


def _plain(value: Value) -> Json:
    return list(value) if isinstance(value, tuple) else value


def look_up(tx: Tx, held: Claim, at: At, fact: str) -> None:
    """Take the value that a fact has now, or none; kept with its step, so that replay goes the same way.

    Raises:
        Invalid: the city has no such fact.
    """
    tx.city.facts.definition(fact)
    runs.add_step(tx, held, at, StepKind.KNOW)
    found = known(Look(tx.session, tx.vault), held.incident, fact)
    out = {"fact": fact, "version": found.version if found else 0, **at.said()}
    runs.finish_step(tx, held, at.key, _plain(found.value) if found else None, out=out)


def ended(look: Look, incident: str, rule: str) -> str | None:
    """How a duty of an incident ended: `met`, `waived`, `lapsed`; `none` if it never stood, None while it is open."""
    query = select(DutyRow.state).where(DutyRow.incident == incident, DutyRow.rule == rule)
    state = look.session.exec(query).first() or "none"
    return None if state == DutyState.OPEN.value else state


def await_duty(tx: Tx, held: Claim, at: At, rule: str) -> bool:
    """Wait until a duty has ended, or take how it ended already; true once the step has it.

    Raises:
        Invalid: the city's law has no such duty.
    """
    if not tx.city.law.has(rule):
        raise Invalid("duty_rule_unknown", rule=rule[:64])
    if tx.session.get(StepRow, (held.run, at.key)) is None:
        runs.add_step(tx, held, at, StepKind.DUTY)
        out = {"rule": rule, **at.said()}
        tx.record(EntryKind.DUTY_AWAITED, incident=held.incident, run=held.run, step=at.key, out=out)
    how = ended(Look(tx.session, tx.vault), held.incident, rule)
    return how is not None and runs.finish_step(tx, held, at.key, how, out={"rule": rule, "ended": how})


def estimate(tx: Tx, incident: str, values: Mapping[str, Json], key: str) -> int:
    """State facts on behalf of an action, as estimates; once for each idempotency `key`. Returns how many were new.

    What a person has confirmed stands: an action never takes it back.

    Raises:
        Invalid: the city has no such fact, or the value does not fit it.
    """
    locks.hold(tx, incident)
    sheet = facts.current(Look(tx.session, tx.vault), incident)
    said = [
        Statement(name, FactState.ESTIMATED, _stated(value), FactSource.PLAYBOOK)
        for name, value in values.items()
        if (name not in sheet or sheet[name].state is not FactState.CONFIRMED) and isinstance(value, int | str | list)
    ]
    return facts.state(tx, incident, said, request_key=f"facts:{key}")
