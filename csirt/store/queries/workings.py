"""Whether somebody works on the record, and with which playbooks. Nothing here writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select

from csirt.store.tables.runs import RunRow
from csirt.store.tables.workings import ConditionRow, HeartbeatRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class Beat:
    """A process that lived when last heard of, at `at`."""

    process: str
    kind: str
    host: str
    pool: str
    began_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Condition:
    """How a part was found last. `state`: ok, late, down; `code` says why."""

    part: str
    state: str
    code: str
    since: datetime
    at: datetime


def last_beat(look: Look, kind: str = "worker") -> datetime | None:
    """When any process of a kind was last alive, if one ever was."""
    return look.session.exec(select(func.max(HeartbeatRow.at)).where(HeartbeatRow.kind == kind)).one()


def beats(look: Look) -> list[Beat]:
    """All processes heard of, the oldest first."""
    rows = look.session.exec(select(HeartbeatRow).order_by(col(HeartbeatRow.began_at), col(HeartbeatRow.process)))
    return [Beat(row.process, row.kind, row.host, row.pool, row.began_at, row.at) for row in rows]


def conditions(look: Look) -> dict[str, Condition]:
    """How each part was found last, by its name."""
    rows = look.session.exec(select(ConditionRow))
    return {row.part: Condition(row.part, row.state, row.code, row.since, row.at) for row in rows}


def playbooks_of(look: Look, incidents: Iterable[str]) -> dict[str, str]:
    """The playbook of each of these incidents that has one."""
    query = select(RunRow.incident, RunRow.playbook).where(col(RunRow.incident).in_(set(incidents)))
    return dict(look.session.exec(query).all())
