"""Rows by which sorting finds what belongs together without looking at old detections. Made from them; no facts."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field

from csirt.store.columns import BigId, Row, UtcDateTime


class ClusterRow(Row, table=True):
    """Detections that belong together; `incident` once there is one. `level` is that of the gravest."""

    __tablename__ = "sorting_cluster"

    id: str = Field(primary_key=True)
    incident: str | None = Field(default=None, index=True)
    level: int
    begun_at: datetime = Field(sa_type=UtcDateTime)


class PlaceRow(Row, table=True):
    """An attacked host (`host`), an attacker (`attacker`) or a shared value on a day of Japan, and its cluster.

    Of a shared value (`hash`, `url`, `account`) only the key is kept here.
    """

    __tablename__ = "sorting_place"

    day: date = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    cluster: str = Field(index=True)


class HostNameRow(Row, table=True):
    """A private address was seen to be that of a host of this name, on a day of Japan."""

    __tablename__ = "sorting_host_name"

    day: date = Field(primary_key=True)
    address: str = Field(primary_key=True)
    name: str = Field(primary_key=True)


class SharerRow(Row, table=True):
    """A host, as it was reported, that shows a value which others may share, on a day of Japan; `value` is its key."""

    __tablename__ = "sorting_sharer"

    day: date = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    host: str = Field(primary_key=True)


class OpeningRow(Row, table=True):
    """A cluster for which a source's detections opened a case, or (`flood`) were led to the case of its flood."""

    __tablename__ = "sorting_opening"
    __table_args__ = (Index("ix_sorting_opening_source", "source", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    source: str
    at: datetime = Field(sa_type=UtcDateTime)
    incident: str = Field(index=True)
    flood: bool
