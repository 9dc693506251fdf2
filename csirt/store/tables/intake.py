"""Rows of what came in."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from csirt.store.columns import BigId, Row, UtcDateTime, index_of_filled, index_of_full

SHOWN = ("attacker", "user_name")  # of a detection, and looked for among incidents


class BatchRow(Row, table=True):
    """One accepted input: its counts, and where its bytes lie in the vault."""

    __tablename__ = "detection_batch"
    __table_args__ = (Index("ix_detection_batch_source", "source", "received_at"),)

    id: str = Field(primary_key=True)
    received_at: datetime = Field(sa_type=UtcDateTime)
    source: str
    format: str
    digest: str
    sealed_c: str
    records: int
    detections: int
    duplicates: int
    not_detections: int
    quarantined: int
    request_key: str | None = Field(default=None, unique=True)


class DetectionRow(Row, table=True):
    """One detection, seen `count` times. `state`: new, waiting, sorted, ignored.

    `attacked` is called by its name once that is known; `reported_as` is then what the source said. `cluster` is what
    it was sorted into; `joined_by` and `joined_over` say why (`Because`, and over which host or attacker).
    `asset` is whose host it is; `own_level` its level before the asset raised it. `ignored_by` a rule, `ignored_until`
    when that ends: told again later, it is looked at again. `likeness` says what counts as a repeat of it, where its
    source names fields that do not count.
    """

    __tablename__ = "detection"
    __table_args__ = (
        Index("ix_detection_triage", "state", "level", "id", "incident"),
        index_of_filled("ix_detection_case", "incident", "at", "id"),
        *(index_of_filled(f"ix_detection_{name}", name) for name in ("likeness", "ignored_by")),
        index_of_filled("ix_detection_cluster", "cluster", "state"),
        # From a value to the incidents that show it, for which nothing else of the row is read.
        Index("ix_detection_attacked", "attacked", "incident"),
        index_of_filled("ix_detection_asset", "asset", "incident"),
        *(index_of_full(f"ix_detection_{name}_case", name, "incident") for name in SHOWN),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    fingerprint: str = Field(unique=True)
    batch: str = Field(foreign_key="detection_batch.id", index=True)
    batch_index: int
    format: str
    native_id: str | None = None
    title: str
    severity_native: str
    level: int
    type: str
    time_raw: str | None = None
    time_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    at: datetime = Field(sa_type=UtcDateTime)
    src_ip: str | None = None
    dst_ip: str | None = None
    host: str | None = None
    user: str | None = Field(default=None, sa_column_kwargs={"name": "user_name"})
    attacked: str
    reported_as: str | None = None
    attacker: str | None = None
    count: int = 1
    first_seen: datetime = Field(sa_type=UtcDateTime)
    last_seen: datetime = Field(sa_type=UtcDateTime)
    state: str = "new"
    incident: str | None = None
    cluster: str | None = None
    joined_by: str | None = None
    joined_over: str | None = None
    asset: str | None = None
    own_level: int | None = None
    ignored_by: str | None = None
    ignored_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    likeness: str | None = None


class ObservableRow(Row, table=True):
    """What a detection carries, named by its fingerprint: known before it is stored, so that many go in at once."""

    __tablename__ = "detection_observable"
    __table_args__ = (Index("ix_detection_observable_value", "kind", "value"),)

    detection: str = Field(primary_key=True, foreign_key="detection.fingerprint")
    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)


class QuarantineRow(Row, table=True):
    """A record that could not be read; its bytes lie with its batch. `read_at`: when it was read after all."""

    __tablename__ = "quarantine"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    batch: str = Field(foreign_key="detection_batch.id", index=True)
    batch_index: int
    format: str
    code: str
    reason: str
    received_at: datetime = Field(sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
