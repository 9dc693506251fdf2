"""The order of locks: the incident's row first, then whatever belongs to it, the head of the record last.

Whoever changes anything of a case holds the row of the case. So two commits about one case queue up at one place, and
no two of them can each hold what the other one waits for.
"""

from collections.abc import Collection

from sqlmodel import col, select

from csirt.errors import NotFound
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Tx


def hold(tx: Tx, incident: str) -> None:
    """Lock a case, or wait for whoever works on it. Nothing if there is no such case: the caller will not find it."""
    tx.session.exec(select(IncidentRow.id).where(IncidentRow.id == incident).with_for_update()).first()


def hold_free(tx: Tx, incidents: Collection[str]) -> set[str]:
    """Lock those of these cases that nobody works on just now, and give their ids; the others get their turn later."""
    query = select(IncidentRow.id).where(col(IncidentRow.id).in_(incidents)).order_by(col(IncidentRow.id))
    return set(tx.session.exec(query.with_for_update(skip_locked=True)))


def assignment(tx: Tx, id_: str) -> AssignmentRow:
    """An assignment, locked after its case. Raises `NotFound`."""
    if case := tx.session.exec(select(AssignmentRow.incident).where(AssignmentRow.id == id_)).first():
        hold(tx, case)
    row = tx.session.get(AssignmentRow, id_, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("assignment_unknown", assignment=id_[:40])
    return row
