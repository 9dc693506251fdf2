"""Steps that end when a fact of the incident becomes known."""

from csirt.model.fact import Fact, FactState
from csirt.model.step import At, Json, StepKind
from csirt.record.entry import EntryKind
from csirt.response import facts, runs
from csirt.response.runs import Claim
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
    value: Json = list(found.value) if isinstance(found.value, tuple) else found.value
    runs.finish_step(tx, held, at.key, value, out={"fact": fact, "version": found.version})
    return True
