"""What came from each source, and which tokens it has. Nothing here writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, func, select

from csirt.model.source import Source
from csirt.store.tables.intake import BatchRow
from csirt.store.tables.sources import SourceTokenRow, SourceWatchRow
from csirt.store.tx import Look

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token without its secret. `signs`: it signs bodies; otherwise it is sent."""

    id: str
    signs: bool
    addresses: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """May it be used?"""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source with what came of it: last when, and how much in the last 24 hours. `silent_since`: it should speak."""

    source: Source
    last_seen: datetime | None
    records: int
    detections: int
    duplicates: int
    not_detections: int
    quarantined: int
    silent_since: datetime | None
    tokens: tuple[TokenView, ...]


def sources(look: Look, known: Mapping[str, Source], now: datetime) -> list[SourceView]:
    """All declared sources, by name."""
    watched = {row.source: row for row in look.session.exec(select(SourceWatchRow)) if row.state == "silent"}
    tokens: dict[str, list[TokenView]] = {}
    for row in look.session.exec(select(SourceTokenRow).order_by(col(SourceTokenRow.created_at))):
        view = TokenView(
            row.id, row.wrapped is not None, tuple(row.addresses), row.created_at, row.expires_at, row.revoked_at
        )
        tokens.setdefault(row.source, []).append(view)
    return [
        SourceView(
            source=one,
            last_seen=last_seen(look, one),
            **_of_a_day(look, one, now),
            silent_since=watched[name].since if name in watched else None,
            tokens=tuple(tokens.get(name, ())),
        )
        for name, one in sorted(known.items())
    ]


def last_seen(look: Look, source: Source) -> datetime | None:
    """When something came last, if ever."""
    return look.session.exec(select(func.max(BatchRow.received_at)).where(BatchRow.source == source.actor)).one()


def silent(look: Look, known: Mapping[str, Source]) -> list[tuple[str, datetime]]:
    """The names of sources that are silent for too long, with since when."""
    return sorted((source, since) for source, since in look.session.execute(_SILENT) if source in known)


_SILENT: Any = select(SourceWatchRow.source, SourceWatchRow.since).where(SourceWatchRow.state == "silent")


def _of_a_day(look: Look, source: Source, now: datetime) -> dict[str, int]:
    names = ("records", "detections", "duplicates", "not_detections", "quarantined")
    sums = (func.coalesce(func.sum(getattr(BatchRow, name)), 0) for name in names)
    query = select(*sums).where(BatchRow.source == source.actor, BatchRow.received_at > now - DAY)
    return {name: int(number) for name, number in zip(names, look.session.exec(query).one(), strict=True)}
