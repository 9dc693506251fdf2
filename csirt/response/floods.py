"""When one source floods, one case with a count instead of many. What is grave is never led there."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from sqlmodel import col, func, select

from csirt.model.incident import IncidentStatus
from csirt.model.source import FLOOD_FROM, FLOOD_WITHIN, SENSOR
from csirt.record.entry import EntryKind
from csirt.response.members import Member
from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.intake import BatchRow
from csirt.store.tables.sorting import OpeningRow
from csirt.store.tx import Tx

SAME = timedelta(hours=1)  # quiet for so long: what follows is another flood


class Floods:
    """What the sources of one batch opened in the last ten minutes."""

    def __init__(self, tx: Tx, fresh: Iterable[Member]) -> None:
        """`fresh`: the detections being sorted."""
        self._tx = tx
        self._sources = sources_of(tx, {row.batch for row in fresh})
        self._counts: dict[str, int] = {}
        self._cases: dict[str, str | None] = {}

    def source_of(self, rows: Collection[Member]) -> str:
        """The one sensor that told all of these; empty where several did, or a person brought them in."""
        told = {self._sources.get(row.batch, "") for row in rows}
        source = min(told) if len(told) == 1 else ""
        return source if source.startswith(SENSOR) else ""

    def is_flooding(self, source: str) -> bool:
        """Has this source opened, in the last ten minutes, as many cases as it may?"""
        if source not in self._counts:
            query = select(func.count()).where(OpeningRow.source == source, OpeningRow.at > self._tx.now - FLOOD_WITHIN)
            self._counts[source] = self._tx.session.exec(query).one()
        return self._counts[source] >= self.limit(source)

    def limit(self, source: str) -> int:
        """How many cases a source may open within ten minutes."""
        declared = self._tx.city.sources.get(source.removeprefix(SENSOR))
        return declared.flood_from if declared else FLOOD_FROM

    def case_of(self, source: str) -> str | None:
        """The open case of its flood, if there is one."""
        if source not in self._cases:
            query = select(OpeningRow.incident).join(IncidentRow, col(IncidentRow.id) == col(OpeningRow.incident))
            query = query.where(
                OpeningRow.source == source, col(OpeningRow.flood), OpeningRow.at > self._tx.now - SAME,
                IncidentRow.status == IncidentStatus.OPEN.value,
            )  # fmt: skip
            case = self._tx.session.exec(query.order_by(col(OpeningRow.id).desc()).limit(1)).first()
            self._cases[source] = None if case and sealed_of(self._tx.session, {case}) else case
        return self._cases[source]

    def note(self, source: str, incident: str, *, flood: bool) -> None:
        """A cluster of this source opened a case, or was led to the case of its flood."""
        self._tx.session.add(OpeningRow(source=source, at=self._tx.now, incident=incident, flood=flood))
        if source in self._counts:
            self._counts[source] += 1
        if flood and not self.case_of(source):
            self._cases[source] = incident
            minutes = int(FLOOD_WITHIN / timedelta(minutes=1))
            out: dict[str, str | int] = {"source": source, "limit": self.limit(source), "minutes": minutes}
            self._tx.record(EntryKind.FLOOD_BEGAN, incident=incident, out=out)


def sources_of(tx: Tx, batches: Collection[str]) -> dict[str, str]:
    """Where batches came from."""
    query = select(BatchRow.id, BatchRow.source).where(col(BatchRow.id).in_(batches))
    return dict(tx.session.exec(query).all())


def of_floods(tx: Tx, incidents: Collection[str]) -> set[str]:
    """Those of these cases that are of a flood. What was sealed is none any more: it stays by itself."""
    query = select(OpeningRow.incident).where(col(OpeningRow.incident).in_(incidents), col(OpeningRow.flood))
    found = set(tx.session.exec(query.distinct()))
    return found - sealed_of(tx.session, found).keys()
