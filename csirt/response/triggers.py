"""Contact chains that the rules call for: suggested to people, or, where a rule is automatic, started at once.

`follow` looks at every commit that makes something known of a case, in that same commit. One chain is begun at most
once for a case in this way; a step of a playbook that comes later takes part in the climb that is under way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import bindparam
from sqlmodel import col, select

from csirt.errors import Conflict, NotFound
from csirt.model.authority import Permission, must
from csirt.model.city import City
from csirt.model.fact import Fact
from csirt.model.incident import IncidentStatus, IncidentType, IncidentView, Level
from csirt.model.trigger import Firing, Situation, fires, fires_by_itself, situation_from
from csirt.record.entry import EntryKind
from csirt.response import escalations, facts
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.outbox import EscalationRow
from csirt.store.tx import Look, Tx

_TELLS_MORE = frozenset(
    {EntryKind.INCIDENT_OPENED, EntryKind.LEVEL_PROPOSED, EntryKind.LEVEL_SET, EntryKind.FACT_STATED}
)
_TEMPLATE = "first_report"  # what outside desks are told; a chain that asks somebody to decide belongs to a playbook
Because = Literal["rule", "person"]


@dataclass(frozen=True, slots=True)
class CalledFor:
    """A chain that the rules call for (`YES`), or may (`PERHAPS`); `climbs`: how often it was begun for the case."""

    chain: str
    firing: Firing
    automatic: bool
    climbs: int
    under_way: bool


def called_for(look: Look, city: City, incident: str) -> list[CalledFor]:
    """The chains that the rules call for now, in the order of the city's plan; those climbed already as well."""
    row = look.session.get(IncidentRow, incident)
    if row is None:
        raise NotFound("incident_unknown", incident=incident[:40])
    return calls_for(look, city, row, facts.current(look, incident))


def calls_for(look: Look, city: City, case: IncidentRow | IncidentView, sheet: Mapping[str, Fact]) -> list[CalledFor]:
    """The same where the case and its sheet of facts are at hand."""
    situation, begun = _situation(case, sheet), _begun(look, case.id)
    found = [
        CalledFor(
            name, fires(chain.when, situation), fires_by_itself(chain.when, situation), len(begun.get(name, [])),
            any(begun.get(name, [])),
        )
        for name, chain in sorted(city.chains.items(), key=lambda one: (not one[1].code, one[1].code, one[0]))
    ]  # fmt: skip
    return [one for one in found if one.firing is not Firing.NO]


def start(tx: Tx, incident: str, chain: str) -> str:
    """A person begins a chain for a case; returns the escalation's id.

    Raises:
        Forbidden: this actor may not.
        NotFound: there is no such case or chain.
        Conflict: `chain_begun` once already for this case, or the case is closed.
    """
    must(tx.actor, Permission.START_CHAIN)
    row = tx.session.get(IncidentRow, incident, with_for_update=True)
    if row is None:
        raise NotFound("incident_unknown", incident=incident[:40])
    if chain not in tx.city.chains:
        raise NotFound("chain_unknown", chain=chain[:80])
    if row.status == IncidentStatus.CLOSED.value:
        raise Conflict("incident_closed", incident=incident)
    look = Look(tx.session, tx.vault)
    if chain in _begun(look, incident):
        raise Conflict("chain_begun", incident=incident, chain=chain)
    return _start(
        tx, row, chain, "person", fires(tx.city.chains[chain].when, _situation(row, facts.current(look, row.id)))
    )


def follow(tx: Tx) -> None:
    """Begin what automatic rules call for, now that this commit has made more known of some cases."""
    told = dict.fromkeys(draft.incident for draft in tx.drafts if draft.incident and draft.kind in _TELLS_MORE)
    if not told:
        return
    automatic = [name for name, chain in tx.city.chains.items() if any(clause.automatic for clause in chain.when)]
    if not automatic:
        return
    for incident in told:
        tx.session.flush()
        row = tx.session.get(IncidentRow, incident, with_for_update=True)
        if row is None or row.status == IncidentStatus.CLOSED.value:
            continue
        look = Look(tx.session, tx.vault)
        situation, begun = _situation(row, facts.current(look, row.id)), _begun(look, incident)
        for name in automatic:
            if name not in begun and fires_by_itself(tx.city.chains[name].when, situation):
                _start(tx, row, name, "rule", Firing.YES)


def _start(tx: Tx, row: IncidentRow, chain: str, because: Because, rule: Firing) -> str:
    said = {"because": because, "rule": rule.value}
    return escalations.start(tx, row.id, None, f"reach_{chain}", chain, _TEMPLATE, said=said)


def _situation(case: IncidentRow | IncidentView, sheet: Mapping[str, Fact]) -> Situation:
    level = case.proposed_level if case.level is None else case.level
    return situation_from(IncidentType(case.type), Level(level), sheet, personal_data=case.personal_data)


def _begun(look: Look, incident: str) -> Mapping[str, list[bool]]:
    """For each chain begun for the case: whether each of its climbs is still under way. Reminders do not count."""
    found: dict[str, list[bool]] = {}
    for chain, ended_at in look.session.execute(_CLIMBS, {"incident": incident}):
        found.setdefault(chain, []).append(ended_at is None)
    return found


_CLIMBS: Any = (
    select(EscalationRow.chain, EscalationRow.ended_at)
    .where(col(EscalationRow.incident) == bindparam("incident"), EscalationRow.template != escalations.REMINDER)
    .order_by(col(EscalationRow.started_at))
)
