"""Questions about facts: the sheet, its history, and what rules see of it."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, bindparam
from sqlalchemy import select as plain_select
from sqlmodel import Session, col, select

from csirt.model.condition import Known, Situation
from csirt.model.fact import Fact, FactSource, FactState, Value
from csirt.model.incident import IncidentStatus
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.facts import FactRow
from csirt.store.tx import Look

_STATES = {state.value: state for state in FactState}


def current(look: Look, incident: str) -> dict[str, Fact]:
    """The sheet: the newest version of every fact that was ever stated, by name."""
    return {fact.name: fact for fact in history(look, incident)}


def history(look: Look, incident: str, name: str | None = None) -> list[Fact]:
    """Every version, oldest first; of one fact if `name` is given."""
    rows = look.session.execute(_OF_A_CASE, {"incident": incident}).scalars().all()
    return _facts(look, (row for row in rows if name in {None, row.name}))


_OF_A_CASE: Any = select(FactRow).where(col(FactRow.incident) == bindparam("incident")).order_by(col(FactRow.id))


def situation(session: Session, incident: IncidentRow) -> Situation:
    """What rules see of an incident: facts without their texts, its type and its level."""
    return {**_situations(session, [incident.id]).get(incident.id, {}), **_of_the_case(incident)}


def open_situations(session: Session) -> dict[str, Situation]:
    """The same for every open incident."""
    columns = (col(IncidentRow.id), col(IncidentRow.type), col(IncidentRow.level))
    rows = session.execute(plain_select(*columns).where(col(IncidentRow.status) == IncidentStatus.OPEN.value)).all()
    known = _situations(session, None)
    return {row.id: {**known.get(row.id, {}), **_of_the_case(row)} for row in rows}


def _of_the_case(row: IncidentRow | Row[Any]) -> dict[str, Known]:
    """Its type, and its level once a post has set it: what a rule proposed binds nobody."""
    return {"type": Known(row.type)} | ({} if row.level is None else {"level": Known(row.level)})


def _situations(session: Session, incidents: Sequence[str] | None) -> dict[str, dict[str, Known]]:
    """Plain columns instead of rows: a nightly look goes over every open case."""
    query = plain_select(col(FactRow.incident), col(FactRow.name), col(FactRow.state), col(FactRow.value))
    if incidents is not None:
        query = query.where(col(FactRow.incident).in_(incidents))
    else:
        query = query.join(IncidentRow, col(IncidentRow.id) == col(FactRow.incident))
        query = query.where(col(IncidentRow.status) == IncidentStatus.OPEN.value)
    found: dict[str, dict[str, Known]] = {}
    for incident, name, state, stored in session.execute(query.order_by(col(FactRow.id))):
        found.setdefault(incident, {})[name] = Known(_value(stored), _STATES[state])
    return found


def _facts(look: Look, rows: Iterable[FactRow]) -> list[Fact]:
    rows = list(rows)
    texts = look.vault.texts(look.session, (row.text_c for row in rows))
    return [
        Fact(
            row.name, row.version, FactState(row.state), texts.get(row.text_c) if row.text_c else _value(row.value),
            FactSource(row.source), row.at, row.by, row.stated_at,
        )
        for row in rows
    ]  # fmt: skip


def _value(stored: Any) -> Value:
    return tuple(map(str, stored)) if isinstance(stored, list) else stored if isinstance(stored, int | str) else None
