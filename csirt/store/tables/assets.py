"""Rows of the asset ledger. What a file leaves out is marked as gone, since detections go on naming it."""

from datetime import datetime

from sqlmodel import Field

from csirt.store.columns import BigId, Row, UtcDateTime


class AssetRow(Row, table=True):
    """One asset. `mark` stands for its content, so that an import knows what has changed."""

    __tablename__ = "asset"

    id: str = Field(primary_key=True)
    number: str = Field(unique=True)
    name: str
    owner: str
    vendor: str
    layer: str | None = None
    confidentiality: int | None = None
    integrity: int | None = None
    availability: int | None = None
    mark: str
    since: datetime = Field(sa_type=UtcDateTime)
    gone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AssetPlaceRow(Row, table=True):
    """By which a detection finds its asset: `kind` is `host`, `address` or `network`."""

    __tablename__ = "asset_place"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str = Field(index=True)
    value: str = Field(index=True)
    asset: str = Field(foreign_key="asset.id", index=True)
