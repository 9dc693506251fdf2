"""Detections come in: each record ends in exactly one bucket, and one entry a batch lets each be proven."""

import base64
import hashlib
import hmac
import re
import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache

import orjson
from sqlalchemy import and_, bindparam, case, or_, update
from sqlmodel import Session, col, select

from csirt.errors import CsirtError, Forbidden, Invalid
from csirt.guard import clean_line, mask
from csirt.model.authority import Permission, must
from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable, fingerprint
from csirt.model.incident import IncidentStatus
from csirt.model.likeness import likeness
from csirt.model.observable import carried
from csirt.model.sorting import attacked_and_attacker
from csirt.model.source import SENSOR
from csirt.model.triage import suggest
from csirt.record.entry import EntryKind
from csirt.record.verify_record import root_from
from csirt.store.columns import table_of
from csirt.store.many import Into
from csirt.store.queries.tokens import live_tokens
from csirt.store.sequencer import Part, Way, in_one_go
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.intake import BatchRow, DetectionRow, ObservableRow, QuarantineRow
from csirt.store.tx import Tx, new_id
from csirt.store.vault import Row

# Too short for a number that must be masked, and without the signs that lead to a secret; IPv4 addresses; instants.
_HARMLESS = re.compile(
    r"[0-9A-Za-z.-]{0,11}|(?:[0-9]{1,3}\.){3}[0-9]{1,3}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_SHORT = 160  # characters of a text whose harmlessness is remembered
BATCH_LIMIT = 1000  # rows a commit: no writer may starve another

_BATCH, _DETECTION, _OBSERVABLE, _QUARANTINE, _INCIDENT = (
    table_of(row) for row in (BatchRow, DetectionRow, ObservableRow, QuarantineRow, IncidentRow)
)
_INTO_BATCH, _INTO_DETECTION, _INTO_OBSERVABLE, _INTO_QUARANTINE = map(
    Into, (_BATCH, _DETECTION, _OBSERVABLE, _QUARANTINE)
)
_KNOWN = (
    select(_DETECTION.c.fingerprint)
    .where(_DETECTION.c.fingerprint.in_(bindparam("prints", expanding=True)))
    .order_by(_DETECTION.c.id)
    .with_for_update()
)
_OPEN = or_(_INCIDENT.c.id.is_(None), _INCIDENT.c.status == IncidentStatus.OPEN.value)
# What is alike counts only while nobody has closed the case: afterwards it is told anew.
_KNOWN_OR_ALIKE = (
    select(_DETECTION.c.fingerprint, case((_OPEN, _DETECTION.c.likeness)))
    .join(_INCIDENT, _INCIDENT.c.id == _DETECTION.c.incident, isouter=True)
    .where(
        or_(
            _DETECTION.c.fingerprint.in_(bindparam("prints", expanding=True)),
            _DETECTION.c.likeness.in_(bindparam("alike", expanding=True)),
        )
    )
    .order_by(_DETECTION.c.id)
    .with_for_update(of=_DETECTION)
)
_COUNT = (
    update(_DETECTION)
    .where(_DETECTION.c.fingerprint == bindparam("of"))
    .values(
        count=_DETECTION.c.count + bindparam("more"),
        last_seen=bindparam("seen_at"),
        state=case(
            (and_(_DETECTION.c.state == "ignored", _DETECTION.c.ignored_until <= bindparam("seen_at")), "new"),
            else_=_DETECTION.c.state,
        ),
    )
)


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
    # Not `hmac.digest`: that lets go of the interpreter each time, and other threads keep it for milliseconds.
    return hmac.new(salt, index.to_bytes(4, "big") + raw, "sha256").digest()


@dataclass(frozen=True, slots=True)
class _Input:
    """What `accept` is called with; its records by fingerprint: the first of each, and how often it stands there.

    `alike`: their likeness, where the source names fields that do not count.
    """

    tx: Tx
    records: Sequence[SourceRecord]
    source: str
    form: str
    request_key: str | None = None
    token: str | None = None
    first: dict[str, SourceRecord] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    alike: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        declared = self.tx.city.sources.get(self.source.removeprefix(SENSOR))
        ignoring = declared.ignore_fields if declared else ()
        for record in self.records:
            if isinstance(record.result, Detection):
                print_ = fingerprint(record.result)
                self.first.setdefault(print_, record)
                self.times[print_] += 1
                if ignoring:
                    self.alike[print_] = likeness(record.result, ignoring, self.tx.now)

    def refusal(self, live: Collection[str]) -> CsirtError | None:
        """Why it is not taken in; `live`: the tokens that count."""
        if self.token is not None and self.token not in live:
            return Forbidden("token_refused")
        try:
            must(self.tx.actor, Permission.INGEST)
        except Forbidden as error:
            return error
        return Invalid("batch_too_large", limit=BATCH_LIMIT) if len(self.records) > BATCH_LIMIT else None


def _accept_parts(parts: Sequence[Part]) -> list[Accepted | CsirtError]:
    return _accept_all([_Input(part.tx, *part.args, **part.named) for part in parts])


@in_one_go(Way(_accept_parts, rows=lambda arguments: len(arguments[0])))
def accept(
    tx: Tx,
    records: Sequence[SourceRecord],
    *,
    source: str,
    form: str,
    request_key: str | None = None,
    token: str | None = None,
) -> Accepted:
    """Keep one batch of at most `BATCH_LIMIT` records from `source` (a code) in format `form`.

    The same `request_key` again gives the same answer and changes nothing. Triage follows by itself. `token`: the hash
    of what the source showed, where nobody has asked yet whether it counts.

    Raises:
        Forbidden: this actor may not bring detections in; `token_refused`.
        Invalid: more records than one batch may hold.
    """
    [told] = _accept_all([_Input(tx, records, source, form, request_key, token)])
    if isinstance(told, CsirtError):
        raise told
    return told


def _accept_all(inputs: Sequence[_Input]) -> list[Accepted | CsirtError]:
    """As `accept`, for several inputs on one session: one question, one statement a table, however many they are."""
    session = inputs[0].tx.session
    live = live_tokens(session, {one.token for one in inputs if one.token is not None}, inputs[0].tx.now)
    refused = [one.refusal(live) for one in inputs]
    answers = _answered(session, [one.request_key for one in inputs if one.request_key])
    good = [one for one, why in zip(inputs, refused, strict=True) if why is None and one.request_key not in answers]
    rows = _Rows(*_lock_known(session, good))
    told: list[Accepted | CsirtError] = []
    for one, why in zip(inputs, refused, strict=True):
        known = answers.get(one.request_key) if one.request_key else None
        told.append(why or known or rows.add(one))
        if one.request_key and why is None:
            answers[one.request_key] = told[-1]
    rows.store(inputs[0].tx)
    return told


def _answered(session: Session, keys: Sequence[str]) -> dict[str, Accepted | CsirtError]:
    """What was answered to requests that came before."""
    if not keys:
        return {}
    rows = session.exec(select(BatchRow).where(col(BatchRow.request_key).in_(keys)))
    return {
        row.request_key or "": Accepted(
            row.records, row.detections, row.duplicates, row.not_detections, row.quarantined
        )
        for row in rows
    }


def _lock_known(session: Session, inputs: Sequence[_Input]) -> tuple[set[str], dict[str, str]]:
    """Which are stored already, and as what those that are alike; of several the newest.

    Locked in the order in which triage locks them: another batch may count the same.
    """
    prints = sorted({print_ for one in inputs for print_ in one.first})
    alike = sorted({print_ for one in inputs for print_ in one.alike.values()})
    if not prints:
        return set(), {}
    if not alike:
        return set(session.connection().execute(_KNOWN, {"prints": prints}).scalars()), {}
    rows = session.connection().execute(_KNOWN_OR_ALIKE, {"prints": prints, "alike": alike}).all()
    return {print_ for print_, _ in rows}, {like: print_ for print_, like in rows if like}


@dataclass(slots=True)
class _Rows:
    """What several inputs bring, table by table.

    `known`: the fingerprints that are stored; `alike`: those by likeness.
    """

    known: set[str]
    alike: dict[str, str] = field(default_factory=dict)
    batches: list[Row] = field(default_factory=list)
    sealed: list[Row] = field(default_factory=list)
    detections: dict[str, Row] = field(default_factory=dict)
    observables: list[Row] = field(default_factory=list)
    repeats: Counter[str] = field(default_factory=Counter)
    quarantined: list[Row] = field(default_factory=list)

    def add(self, one: _Input) -> Accepted:
        """Take one input to the others."""
        batch = new_id("b")
        at = {id(record): place for place, record in enumerate(one.records)}  # where its bytes lie in the batch
        new = 0
        for print_, record in one.first.items():
            is_here = print_ in self.known or print_ in self.detections
            same = print_ if is_here else self.alike.get(one.alike.get(print_, ""))
            if same in self.known:
                self.repeats[same] += one.times[print_]
            elif same is not None:
                row = self.detections[same]
                row["count"] = int(str(row["count"])) + one.times[print_]
            else:
                made = _detection_row(one.tx, batch, at[id(record)], record, print_, one.times[print_])
                self.detections[print_] = made | {"likeness": one.alike.get(print_)}
                if print_ in one.alike:
                    self.alike[one.alike[print_]] = print_
                self.observables += _observable_rows(record, print_)
                new += 1
        unreadable = [
            _quarantine_row(one.tx, batch, at[id(record)], one.form, record.result)
            for record in one.records
            if isinstance(record.result, Unreadable)
        ]
        self.quarantined += unreadable
        counts = Accepted(
            records=len(one.records),
            detections=new,
            duplicates=one.times.total() - new,
            not_detections=sum(isinstance(record.result, NotADetection) for record in one.records),
            quarantined=len(unreadable),
        )
        self.batches.append(self._batch(one, batch, counts))
        return counts

    def _batch(self, one: _Input, batch: str, counts: Accepted) -> Row:
        salt = secrets.token_bytes(32)
        raws = [record.raw for record in one.records]
        digest = _b64(batch_digest(salt, raws))
        blob = orjson.dumps({"salt": _b64(salt), "records": [_b64(raw) for raw in raws]}).decode()
        told = {f.name: getattr(counts, f.name) for f in fields(counts)}
        out = {"batch": batch, "digest": digest, "source": one.source, **told}
        sealed = one.tx.record(EntryKind.DETECTIONS_ACCEPTED, out=out, raws={"records": blob}, held=self.sealed)
        return {
            "id": batch, "received_at": one.tx.now, "source": one.source, "format": one.form, "digest": digest,
            "sealed_c": sealed["records"], "request_key": one.request_key, **told,
        }  # fmt: skip

    def store(self, tx: Tx) -> None:
        """Write them: plain statements, no object for a row."""
        tx.vault.keep(tx.session, self.sealed)
        connection = tx.session.connection()
        for into, rows in (
            (_INTO_BATCH, self.batches),
            (_INTO_DETECTION, [*self.detections.values()]),
            (_INTO_OBSERVABLE, self.observables),
            (_INTO_QUARANTINE, self.quarantined),
        ):
            into.put(connection, rows)
        if self.repeats:
            counted = [{"of": one, "more": more, "seen_at": tx.now} for one, more in sorted(self.repeats.items())]
            connection.execute(_COUNT, counted)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _detection_row(tx: Tx, batch: str, place: int, record: SourceRecord, print_: str, count: int) -> Row:
    seen = record.result
    assert isinstance(seen, Detection)
    attacked, attacker = attacked_and_attacker(seen)
    type_, level = suggest(seen, tx.city.rules)
    return {
        "fingerprint": print_, "batch": batch, "batch_index": place, "format": seen.format,
        "native_id": _short(seen.id), "title": _line(seen.title), "severity_native": _line(seen.severity_native),
        "level": int(level), "type": type_.value, "time_raw": _short(seen.time_raw), "time_utc": seen.time_utc,
        "at": _at(seen, tx.now), "src_ip": _short(seen.src_ip), "dst_ip": _short(seen.dst_ip),
        "host": _short(seen.host), "user_name": _short(seen.user), "attacked": _line(attacked),
        "attacker": _short(attacker), "count": count, "first_seen": tx.now, "last_seen": tx.now, "state": "new",
    }  # fmt: skip


def _observable_rows(record: SourceRecord, print_: str) -> list[Row]:
    seen = record.result
    assert isinstance(seen, Detection)
    if not seen.observables:
        return []
    return [{"detection": print_, "kind": one.kind, "value": one.value} for one in carried(seen, _clean)]


def _clean(text: str) -> str:
    return _line(text)[:255]


def _at(seen: Detection, received: datetime) -> datetime:
    """The event's own time where it is known, else when we received it."""
    return seen.time_utc or received


def _line(text: str) -> str:
    if _HARMLESS.fullmatch(text) or (len(text) <= _SHORT and _stays_as_it_is(text)):
        return text
    return mask(clean_line(text))[:500]


@lru_cache(maxsize=8192)
def _stays_as_it_is(text: str) -> bool:
    """Has this text nothing to mask? Sensors say the same names and titles again and again."""
    return mask(clean_line(text)) == text


def _short(text: str | None) -> str | None:
    return None if text is None else _clean(text)


def _quarantine_row(tx: Tx, batch: str, place: int, form: str, why: Unreadable) -> Row:
    return {
        "batch": batch, "batch_index": place, "format": form, "code": why.code, "reason": _line(why.reason),
        "received_at": tx.now,
    }  # fmt: skip
