"""Detections come in: each record ends in exactly one bucket, and one entry a batch lets each be proven."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlmodel import col, select

from csirt.errors import Invalid
from csirt.guard import clean_line, mask
from csirt.model.authority import Permission, must
from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable, fingerprint
from csirt.model.sorting import attacked_and_attacker
from csirt.model.triage import suggest
from csirt.record.entry import EntryKind
from csirt.record.verify_record import root_from
from csirt.store.tables.intake import BatchRow, DetectionRow, QuarantineRow
from csirt.store.tx import Tx, new_id

BATCH_LIMIT = 1000  # rows a commit: no writer may starve another


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of an input. The four in the middle add up to `records`."""

    records: int = 0
    detections: int = 0
    duplicates: int = 0
    not_detections: int = 0
    quarantined: int = 0

    def __add__(self, other: "Accepted") -> "Accepted":
        """Counts of two batches together."""
        return Accepted(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def batch_digest(salt: bytes, raws: Sequence[bytes]) -> bytes:
    """RFC 6962 root over salted hashes of the records, so that each is provable and none can be guessed."""
    return root_from([hashlib.sha256(b"\x00" + _leaf(salt, index, raw)).digest() for index, raw in enumerate(raws)])


def _leaf(salt: bytes, index: int, raw: bytes) -> bytes:
    return hmac.new(salt, index.to_bytes(4, "big") + raw, hashlib.sha256).digest()


def accept(
    tx: Tx, records: Sequence[SourceRecord], *, source: str, form: str, request_key: str | None = None
) -> Accepted:
    """Keep one batch of at most `BATCH_LIMIT` records from `source` (a code) in format `form`.

    The same `request_key` again gives the same answer and changes nothing. Triage follows by itself.

    Raises:
        Forbidden: this actor may not bring detections in.
        Invalid: more records than one batch may hold.
    """
    must(tx.actor, Permission.INGEST)
    if len(records) > BATCH_LIMIT:
        raise Invalid("batch_too_large", limit=BATCH_LIMIT)
    if request_key and (known := _known(tx, request_key)):
        return known
    batch = new_id("b")
    found = [r for r in records if isinstance(r.result, Detection)]
    quarantined = [r for r in records if isinstance(r.result, Unreadable)]
    new, repeats = _split(tx, found)
    counts = Accepted(
        records=len(records),
        detections=len(new),
        duplicates=len(found) - len(new),
        not_detections=sum(isinstance(r.result, NotADetection) for r in records),
        quarantined=len(quarantined),
    )
    _insert_batch(tx, batch, records, source, form, counts, request_key)
    for record, print_, count in new:
        tx.session.add(_detection_row(tx, batch, record, print_, count))
    for row, count in repeats:
        row.count += count
        row.last_seen = tx.now
        tx.session.add(row)
    for record in quarantined:
        assert isinstance(record.result, Unreadable)
        tx.session.add(_quarantine_row(tx, batch, form, record, record.result))
    return counts


def _known(tx: Tx, request_key: str) -> Accepted | None:
    row = tx.session.exec(select(BatchRow).where(BatchRow.request_key == request_key)).first()
    if row is None:
        return None
    return Accepted(row.records, row.detections, row.duplicates, row.not_detections, row.quarantined)


def _split(
    tx: Tx, found: Sequence[SourceRecord]
) -> tuple[list[tuple[SourceRecord, str, int]], list[tuple[DetectionRow, int]]]:
    """First sightings with how often each stands in the batch, and rows already known with their repeats."""
    first: dict[str, SourceRecord] = {}
    times: dict[str, int] = {}
    for record in found:
        assert isinstance(record.result, Detection)
        print_ = fingerprint(record.result)
        first.setdefault(print_, record)
        times[print_] = times.get(print_, 0) + 1
    query = select(DetectionRow).where(col(DetectionRow.fingerprint).in_(first)).order_by(col(DetectionRow.id))
    known = tx.session.exec(query.with_for_update()).all()  # another batch may be counting the same ones
    repeats = [(row, times[row.fingerprint]) for row in known]
    stored = {row.fingerprint for row in known}
    return [(first[p], p, times[p]) for p in first if p not in stored], repeats


def _insert_batch(
    tx: Tx, batch: str, records: Sequence[SourceRecord], source: str, form: str, counts: Accepted, key: str | None
) -> None:
    salt = secrets.token_bytes(32)
    raws = [record.raw for record in records]
    digest = base64.b64encode(batch_digest(salt, raws)).decode()
    blob = json.dumps({"salt": _b64(salt), "records": [_b64(raw) for raw in raws]})
    out = {
        "batch": batch,
        "digest": digest,
        "source": source,
        **{f.name: getattr(counts, f.name) for f in fields(counts)},
    }
    sealed = tx.record(EntryKind.DETECTIONS_ACCEPTED, out=out, raws={"records": blob})
    tx.session.add(
        BatchRow(
            id=batch, received_at=tx.now, source=source, format=form, digest=digest, sealed_c=sealed["records"],
            records=counts.records, detections=counts.detections, duplicates=counts.duplicates,
            not_detections=counts.not_detections, quarantined=counts.quarantined, request_key=key,
        )
    )  # fmt: skip
    tx.session.flush()


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _detection_row(tx: Tx, batch: str, record: SourceRecord, print_: str, count: int) -> DetectionRow:
    seen = record.result
    assert isinstance(seen, Detection)
    attacked, attacker = attacked_and_attacker(seen)
    type_, level = suggest(seen, tx.city.rules)
    return DetectionRow(
        fingerprint=print_, batch=batch, batch_index=record.index, format=seen.format, native_id=_short(seen.id),
        title=_line(seen.title), severity_native=_line(seen.severity_native), level=int(level), type=type_.value,
        time_raw=_short(seen.time_raw), time_utc=seen.time_utc, at=_at(seen, tx.now),
        src_ip=_short(seen.src_ip), dst_ip=_short(seen.dst_ip), host=_short(seen.host), user=_short(seen.user),
        attacked=_line(attacked), attacker=_short(attacker), count=count, first_seen=tx.now, last_seen=tx.now,
    )  # fmt: skip


def _at(seen: Detection, received: datetime) -> datetime:
    """The event's own time where it is known, else when we received it."""
    return seen.time_utc or received


def _line(text: str) -> str:
    return mask(clean_line(text))[:500]


def _short(text: str | None) -> str | None:
    return None if text is None else _line(text)[:255]


def _quarantine_row(tx: Tx, batch: str, form: str, record: SourceRecord, why: Unreadable) -> QuarantineRow:
    return QuarantineRow(
        batch=batch, batch_index=record.index, format=form, code=why.code, reason=_line(why.reason), received_at=tx.now
    )
