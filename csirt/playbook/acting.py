"""What actions reach: the facts of their case, the ticket folder, the level. Everything once for each key."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import col, select

from csirt.model.incident import Level
from csirt.model.order import Order, OrderKind
from csirt.model.people import SYSTEM
from csirt.model.step import Json
from csirt.playbook.connectors import NO_SYSTEMS, Systems
from csirt.response import knowing, runs
from csirt.response.door import Door
from csirt.response.runs import Claim
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.intake import DetectionRow


@dataclass(frozen=True)
class Acting:
    """The hands of one attempt of one action."""

    door: Door
    tickets: Path
    incident: str
    key: str
    drill: bool = False
    systems: Systems = NO_SYSTEMS

    def facts(self) -> Mapping[str, Json]:
        """What the case's detections say."""
        with self.door.read() as session:
            rows = session.exec(
                select(DetectionRow).where(DetectionRow.incident == self.incident).order_by(col(DetectionRow.at))
            ).all()
        return {
            "hosts": _distinct(name for row in rows for name in (row.attacked, row.host)),
            "attackers": _distinct(row.attacker for row in rows),
            "detections": sum(row.count for row in rows),
            "first_seen": rows[0].at.isoformat() if rows else None,
            "titles": _distinct(row.title for row in rows)[:20],
        }

    def ticket(self, kind: str, content: Mapping[str, Json]) -> Json:
        """Write an order as a file named after its key; the same key again replaces the same file."""
        name = f"{kind}-{self.key.replace(':', '-').replace('[', '-').replace(']', '')}.json"
        self.tickets.mkdir(mode=0o700, parents=True, exist_ok=True)
        order = {"kind": kind, "key": self.key, "incident": self.incident, "drill": self.drill, **content}
        part = self.tickets / f".{name}.part"
        with part.open("w", encoding="utf-8") as file:
            json.dump(order, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.tickets / name)
        return {"ticket": name}

    def order(self, kind: OrderKind, targets: Sequence[Json], reason: str = "") -> Json:
        """Have outside systems carry an order out; in a drill it is only written down."""
        asked = tuple(str(target) for target in targets)
        if self.drill:
            return self.ticket(kind.value, {"targets": list(asked), "reason": reason})
        return self.systems.act(Order(kind, asked, self.incident, self.key, reason))

    def state_facts(self, facts: Mapping[str, Json]) -> None:
        """State facts as estimates, unless somebody has confirmed them."""
        self.door.commit(SYSTEM, knowing.estimate, self.incident, facts, self.key)

    def set_level(self, level: Level, reason: str, by: str) -> None:
        """Set the level of the case."""
        self.door.commit(SYSTEM, runs.set_level, self.incident, self.key, level, reason, by)


def _distinct(values: Iterable[str | None]) -> list[Json]:
    return [value for value in dict.fromkeys(values) if value]


@dataclass(frozen=True)
class Hands:
    """Gives each attempt its `Acting`: the one place where a drill is kept from touching anything real."""

    door: Door
    tickets: Path
    systems: Systems = NO_SYSTEMS

    def __call__(self, held: Claim, key: str) -> Acting:
        """The hands for one attempt under this idempotency key."""
        return self.at(held.incident, key)

    def at(self, incident: str, key: str) -> Acting:
        """The same for who holds no claim on the run."""
        with self.door.read() as session:
            drill = session.get_one(IncidentRow, incident).drill
        tickets = self.tickets / "drill" if drill else self.tickets
        return Acting(self.door, tickets, incident, key, drill, self.systems)
