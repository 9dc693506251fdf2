"""What Prefect's page should show of each run. Nothing here writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import true
from sqlmodel import col, func, or_, select

from csirt.model.step import StepState
from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.runs import RunDueRow, RunRow, StepRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class AtRest:
    """A run that waits, held by nobody, with nothing to do: for which steps, and the flow run that shows it."""

    run: str
    incident: str
    playbook: str
    version: int
    prefect_run: str | None
    steps: tuple[str, ...]
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class AtEnd:
    """A run that has ended, the flow run that shows it, and the code of what stopped it, or nothing."""

    run: str
    incident: str
    playbook: str
    version: int
    prefect_run: str | None
    code: str
    sealed: bool = False


def at_rest(
    look: Look, now: datetime, pool: str, after: str = "", limit: int = 1, only: str | None = None
) -> list[AtRest]:
    """The next runs at rest, by their id, that no pool drives, or this one; or `only` this run, if it is at rest."""
    found = look.session.exec(
        select(RunRow, RunDueRow.prefect_run)
        .join(RunDueRow, col(RunDueRow.run) == col(RunRow.id))
        .where(col(RunDueRow.ended).is_(False), col(RunDueRow.wake) <= col(RunDueRow.seen), RunRow.id > after)
        .where(or_(col(RunDueRow.lease_until).is_(None), col(RunDueRow.lease_until) < now))
        .where(RunDueRow.pool == pool if pool else col(RunDueRow.pool).is_(None))
        .where(RunRow.id == only if only else true())
        .order_by(col(RunRow.id))
        .limit(limit)
    ).all()
    steps = look.session.exec(
        select(StepRow.run, StepRow.key)
        .where(col(StepRow.run).in_([run.id for run, _ in found]), StepRow.state == StepState.OPEN.value)
        .order_by(col(StepRow.position))
    ).all()
    sealed = sealed_of(look.session, {run.incident for run, _ in found})
    return [
        AtRest(
            run=run.id,
            incident=run.incident,
            playbook=run.playbook,
            version=run.version,
            prefect_run=shown,
            steps=tuple(key for of, key in steps if of == run.id),
            sealed=run.incident in sealed,
        )
        for run, shown in found
    ]


def count_open(look: Look) -> int:
    """How many runs have not ended and have a flow run."""
    query = select(func.count()).select_from(RunDueRow)
    return look.session.exec(
        query.where(col(RunDueRow.ended).is_(False), col(RunDueRow.prefect_run).is_not(None))
    ).one()


def ended_of(look: Look, incidents: Iterable[str]) -> dict[str, str]:
    """Of these incidents those whose run has ended, with the code of what stopped it, or nothing."""
    query = (
        select(RunRow.incident, RunRow.stopped_by)
        .join(RunDueRow, col(RunDueRow.run) == col(RunRow.id))
        .where(col(RunRow.incident).in_(list(incidents)), col(RunDueRow.ended))
    )
    return {incident: code or "" for incident, code in look.session.exec(query)}


def ended_unshown(look: Look, limit: int = 50) -> list[AtEnd]:
    """Ended runs that Prefect's page shows as open, or not at all."""
    found = look.session.exec(
        select(RunRow, RunDueRow.prefect_run)
        .join(RunDueRow, col(RunDueRow.run) == col(RunRow.id))
        .where(col(RunDueRow.ended), col(RunDueRow.shown).is_(False))
        .limit(limit)
    ).all()
    sealed = sealed_of(look.session, {run.incident for run, _ in found})
    return [
        AtEnd(
            run=run.id,
            incident=run.incident,
            playbook=run.playbook,
            version=run.version,
            prefect_run=shown,
            code=run.stopped_by or "",
            sealed=run.incident in sealed,
        )
        for run, shown in found
    ]
