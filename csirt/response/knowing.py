"""Steps that end when a fact of the incident becomes known."""

from collections.abc import Mapping

from csirt.model.fact import Fact, FactSource, FactState, Statement
from csirt.model.step import At, Json, StepKind
from csirt.record.entry import EntryKind
from csirt.response import facts, locks, runs
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


def estimate(tx: Tx, incident: str, values: Mapping[str, Json], key: str) -> int:
    """State facts on behalf of an action, as estimates; once for each idempotency `key`. Returns how many were new.

    What a person has confirmed stands: an action never takes it back.

    Raises:
        Invalid: the city has no such fact, or the value does not fit it.
    """
    locks.hold(tx, incident)
    sheet = facts.current(Look(tx.session, tx.vault), incident)
    said = [
        Statement(name, FactState.ESTIMATED, value, FactSource.PLAYBOOK)
        for name, value in values.items()
        if (name not in sheet or sheet[name].state is not FactState.CONFIRMED) and isinstance(value, int | str)
    ]
    return facts.state(tx, incident, said, request_key=f"facts:{key}")
