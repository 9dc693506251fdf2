"""Which open incidents run which version of which playbook. Nothing here writes."""

from dataclasses import dataclass

from sqlmodel import col, select

from csirt.model.incident import IncidentStatus
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.runs import RunRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run of an incident that is not closed. `stopped_by` is the code of what stopped it."""

    incident: str
    fiscal_year: int
    ordinal: int
    drill: bool
    playbook: str
    version: int
    stopped_by: str | None


def open_runs(look: Look, playbook: str | None = None) -> list[OpenRun]:
    """The runs of open incidents, oldest first."""
    query = (
        select(RunRow, IncidentRow)
        .join(IncidentRow, col(IncidentRow.id) == col(RunRow.incident))
        .where(IncidentRow.status == IncidentStatus.OPEN.value)
        .order_by(col(RunRow.opened_at))
    )
    if playbook:
        query = query.where(RunRow.playbook == playbook)
    return [
        OpenRun(case.id, case.fiscal_year, case.ordinal, case.drill, run.playbook, run.version, run.stopped_by)
        for run, case in look.session.exec(query)
    ]
