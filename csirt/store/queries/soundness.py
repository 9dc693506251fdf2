"""Whether the record is sound, and whether somebody works on it. Nothing here writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from csirt.record.tree import Frontier
from csirt.record.verify_record import check_entries
from csirt.store.queries.timeline import canonical_rows, head
from csirt.store.tables.access import HeartbeatRow
from csirt.store.tables.runs import RunRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class Soundness:
    """What checking the record found: how many entries, under which root; `first_bad` names the first bad one."""

    size: int
    root: bytes
    sound: bool
    first_bad: int | None
    why: str | None


def check_record(look: Look) -> Soundness:
    """Check every stored entry against its neighbours, and all of them against the head that commits left.

    A new head on every commit proves nothing against somebody who rewrites both: that is what checkpoints outside are
    for. Entries of commits that end meanwhile are checked too, and do not disturb.

    Raises:
        LedgerBroken: the head itself is malformed.
    """
    size, frontier = head(look)
    result = check_entries(canonical_rows(look), at={size})
    if result.why:
        return Soundness(result.size, result.root, sound=False, first_bad=result.first_bad, why=result.why)
    look.session.expire_all()  # read the head anew, not the one remembered
    size_now, _ = head(look)
    if result.size < size or result.size > size_now:
        first_bad = min(result.size, size_now)
        return Soundness(result.size, result.root, sound=False, first_bad=first_bad, why="size_differs")
    sound = result.roots[size] == Frontier.from_bytes(frontier).root()
    return Soundness(result.size, result.root, sound=sound, first_bad=None, why=None if sound else "root_differs")


def last_beat(look: Look, process: str = "worker") -> datetime | None:
    """When a process was last alive, if it ever was."""
    row = look.session.get(HeartbeatRow, process)
    return row.at if row else None


def playbooks_of(look: Look, incidents: Iterable[str]) -> dict[str, str]:
    """The playbook of each of these incidents that has one."""
    query = select(RunRow.incident, RunRow.playbook).where(col(RunRow.incident).in_(set(incidents)))
    return dict(look.session.exec(query).all())
