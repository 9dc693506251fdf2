"""Whether somebody works on the record, and with which playbooks. Nothing here writes."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, select

from csirt.store.tables.access import HeartbeatRow
from csirt.store.tables.runs import RunRow
from csirt.store.tx import Look


def last_beat(look: Look, process: str = "worker") -> datetime | None:
    """When a process was last alive, if it ever was."""
    row = look.session.get(HeartbeatRow, process)
    return row.at if row else None


def playbooks_of(look: Look, incidents: Iterable[str]) -> dict[str, str]:
    """The playbook of each of these incidents that has one."""
    query = select(RunRow.incident, RunRow.playbook).where(col(RunRow.incident).in_(set(incidents)))
    return dict(look.session.exec(query).all())
