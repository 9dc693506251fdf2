"""Messages on their way out: leased by a commit, sent outside any, and recorded again.

A message whose outcome is unknown (the line broke after the text, or its sender died) stays `unknown` until a channel
takes it: every further attempt is labelled as a possible repeat, under the same identity.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from csirt.errors import LeaseLost
from csirt.model.discretion import neutral
from csirt.model.message import TRIES, DeliveryState, Receipt, Recipient, wait_after
from csirt.record.entry import EntryKind
from csirt.response import acknowledging, circuits, locks, next_channel, report_sending, sealing
from csirt.store.leases import new_lease
from csirt.store.queries.anchors import CHECKPOINT
from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.outbox import DeliveryDueRow, DeliveryRow
from csirt.store.tx import Tx, new_id

LEASE = timedelta(seconds=60)
UNKNOWN_REPLY = "unknown"  # what a channel replies when a message may or may not have arrived
BUNDLE_FROM = 3  # so many messages for one addressee go as one
BUNDLE_MOST = 50
MAIL = "mail"  # the way by which a checkpoint goes outside
SEALED, GLASS = "sealed", "glass_broken"  # the only texts that leave the house about a sealed case


@dataclass(frozen=True, slots=True)
class Item:
    """One delivery of what is to be sent."""

    delivery: str
    incident: str | None  # none: it is about no case
    template: str
    facts: Mapping[str, str]
    token: str = ""  # lets the addressee acknowledge; made for this attempt


@dataclass(frozen=True, slots=True)
class Due:
    """One message to send now, for one delivery or for several. `repeat`: an earlier attempt may have arrived."""

    id: str
    lease: str
    channel: str
    recipient: Recipient
    items: tuple[Item, ...]
    queued_at: datetime
    repeat: bool
    drill: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt failed. `reply` is `unknown` when nobody knows; `is_down`: the way itself, not the addressee."""

    code: str
    reply: str = ""
    permanent: bool = False
    is_down: bool = False


def claim(tx: Tx, channel: str, *, oldest: bool = False, bundles: bool = False) -> Due | None:
    """Lease the next message of a channel, so that no other sender takes it meanwhile; None if none may be sent.

    The highest lane goes first; with `oldest`, whoever has waited longest, so that no lane starves. With `bundles`,
    messages that pile up for one addressee go as one.
    """
    circuit = circuits.at_work(tx, channel)
    if circuit is None:
        return None
    first = _next(tx, channel, oldest=oldest)
    while first is not None and first.called_off:  # its sender died, and there is no reason to repeat it
        _give_up(tx, first)
        first = _next(tx, channel, oldest=oldest)
    if first is None:
        return None
    rows = _together(tx, first) if bundles or first.bundle else [first]
    if len(rows) > 1 and first.bundle is None:
        name = new_id("b")
        for row in rows:
            row.bundle = name
    circuits.tried(tx, circuit)
    lease = new_lease()
    calls = [_lease(tx, row, lease) for row in rows]
    call = calls[0]
    return Due(
        id=first.bundle or call.id,
        lease=lease,
        channel=call.channel,
        recipient=Recipient(call.party, call.name, call.address, call.person),
        items=_items(tx, calls),
        queued_at=min(one.queued_at for one in calls),
        repeat=any(one.state == DeliveryState.UNKNOWN.value for one in calls),
        drill=call.incident is not None and tx.session.get_one(IncidentRow, call.incident).drill,
    )


def _items(tx: Tx, calls: Sequence[DeliveryRow]) -> tuple[Item, ...]:
    """What is said of each. Of a case that is sealed by now: its number and where to read, whatever was to be said."""
    sealed = sealed_of(tx.session, {one.incident for one in calls if one.incident})
    return tuple(
        Item(
            one.id,
            one.incident,
            SEALED if one.incident in sealed and one.template != GLASS else one.template,
            neutral(one.facts) if one.incident in sealed else one.facts,
            acknowledging.issue(tx, one),
        )
        for one in calls
    )


def _free(tx: Tx) -> tuple[ColumnElement[bool], ...]:
    nobody = or_(col(DeliveryDueRow.lease_until).is_(None), col(DeliveryDueRow.lease_until) < tx.lease_now)
    return col(DeliveryDueRow.not_before) <= tx.now, nobody


def _next(tx: Tx, channel: str, *, oldest: bool) -> DeliveryDueRow | None:
    waited, lane = col(DeliveryDueRow.not_before), col(DeliveryDueRow.lane)
    query = select(DeliveryDueRow).where(DeliveryDueRow.channel == channel, *_free(tx))
    query = query.order_by(*((waited,) if oldest else (lane.desc(), waited)))
    return tx.session.exec(query.limit(1).with_for_update(skip_locked=True)).first()


def _together(tx: Tx, first: DeliveryDueRow) -> Sequence[DeliveryDueRow]:
    """Those that went out together before, or that go together now; only the first where they are few.

    What may have arrived by itself is repeated by itself, under its own identity.
    """
    query = select(DeliveryDueRow).join(DeliveryRow, col(DeliveryRow.id) == col(DeliveryDueRow.delivery))
    query = query.where(col(DeliveryDueRow.called_off).is_(False), *_free(tx))
    if first.bundle:
        query = query.where(DeliveryDueRow.bundle == first.bundle)
    else:
        query = query.where(
            DeliveryDueRow.channel == first.channel,
            DeliveryDueRow.address == first.address,
            col(DeliveryDueRow.bundle).is_(None),
            DeliveryRow.state != DeliveryState.UNKNOWN.value,
            col(DeliveryDueRow.lease_until).is_(None),
        )
    order = col(DeliveryDueRow.lane).desc(), col(DeliveryDueRow.not_before), col(DeliveryDueRow.delivery)
    lock = query.order_by(*order).limit(BUNDLE_MOST).with_for_update(skip_locked=True, of=DeliveryDueRow)
    rows = tx.session.exec(lock).all()
    return rows if first in rows and (first.bundle or len(rows) >= BUNDLE_FROM) else [first]


def _lease(tx: Tx, row: DeliveryDueRow, lease: str) -> DeliveryRow:
    call = tx.session.get_one(DeliveryRow, row.delivery)
    if row.lease is not None:  # leased before, and never finished: its sender may have died after sending
        _note_lost(tx, call, row)
    row.lease, row.lease_until, row.tries = lease, tx.lease_now + LEASE, row.tries + 1
    tx.session.add(row)
    return call


def _note_lost(tx: Tx, call: DeliveryRow, row: DeliveryDueRow) -> None:
    """Nobody says any more what became of an attempt."""
    call.state = DeliveryState.UNKNOWN.value
    tx.session.add(call)
    _record_failure(tx, call, Failure("sender_lost", UNKNOWN_REPLY), row.tries, final=row.called_off)
    if not row.called_off:
        _pass_on(tx, call, row)


def _give_up(tx: Tx, row: DeliveryDueRow) -> None:
    call = tx.session.get_one(DeliveryRow, row.delivery)
    _note_lost(tx, call, row)
    call.finished_at = tx.now
    tx.session.delete(row)
    tx.session.flush()


def delivered(tx: Tx, due: Due, receipt: Receipt) -> None:
    """A channel took the message. Raises `LeaseLost`."""
    for incident in sorted({item.incident for item in due.items if item.incident and "sending" in item.facts}):
        locks.hold(tx, incident)  # a report goes out: what it meets belongs to the case
    held = _held(tx, due)
    for call, row in held:
        call.state, call.finished_at = DeliveryState.SENT.value, tx.now
        call.reply, call.attempts = receipt.reply[:64], row.tries
        tx.session.add(call)
        tx.session.delete(row)
        out: dict[str, str | int | bool] = {
            "delivery": call.id, "channel": call.channel, "reply": code_of(receipt.reply), "attempt": row.tries,
            **_bundled(due),
        }  # fmt: skip
        tx.record(EntryKind.MESSAGE_DELIVERED, incident=call.incident, out=out)
        if "sending" in call.facts:
            report_sending.delivered(tx, call)
        if call.template == CHECKPOINT:
            sealing.anchored(tx, MAIL, int(call.facts["size"]), int(call.facts["to"]))
    circuits.note(tx, due.channel, is_down=False)


def _bundled(due: Due) -> dict[str, str | int]:
    return {"bundle": due.id, "together": len(due.items)} if len(due.items) > 1 else {}


def failed(tx: Tx, due: Due, failure: Failure) -> None:
    """A channel did not take it, or nobody knows: it is tried later or never again. Raises `LeaseLost`.

    A refusal for good and an unknown outcome have the addressee called on their next channel at once.
    """
    for incident in sorted(
        {item.incident for item in due.items if item.incident}
    ):  # the next channel belongs to the case
        locks.hold(tx, incident)
    held = _held(tx, due)
    chance = secrets.SystemRandom().random()
    for call, row in held:
        final = failure.permanent or row.tries >= TRIES or row.called_off
        unknown = UNKNOWN_REPLY in {failure.reply, call.state}  # also later: what may have arrived, may have arrived
        call.state = _state(final=final, unknown=unknown)
        call.attempts, call.reply = row.tries, failure.reply[:64]
        tx.session.add(call)
        _record_failure(tx, call, failure, row.tries, final=final)
        if (final or unknown) and not row.called_off:
            _pass_on(tx, call, row)
        if final:
            call.finished_at = tx.now
            tx.session.delete(row)
        else:
            row.not_before, row.lease, row.lease_until = tx.now + wait_after(row.tries, chance), None, None
            tx.session.add(row)
    circuits.note(tx, due.channel, failure.code, is_down=failure.is_down)


def _state(*, final: bool, unknown: bool) -> str:
    if unknown:
        return DeliveryState.UNKNOWN.value
    return (DeliveryState.REFUSED if final else DeliveryState.DEFERRED).value


def _pass_on(tx: Tx, call: DeliveryRow, row: DeliveryDueRow) -> None:
    if not row.passed_on:
        row.passed_on = True
        tx.session.add(row)
        next_channel.pass_on(tx, call)


def pass_over(tx: Tx, channel: str, limit: int = 50) -> int:
    """A channel's server is left alone: who was to be called on it now is called on their next one; returns how many.

    What was queued stays, and is sent once the server answers.
    """
    if circuits.at_work(tx, channel):
        return 0
    query = select(DeliveryDueRow).where(
        DeliveryDueRow.channel == channel, col(DeliveryDueRow.passed_on).is_(False), *_free(tx)
    )
    rows = tx.session.exec(
        query.order_by(col(DeliveryDueRow.lane).desc()).limit(limit).with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        _pass_on(tx, tx.session.get_one(DeliveryRow, row.delivery), row)
    return len(rows)


def _record_failure(tx: Tx, call: DeliveryRow, failure: Failure, attempt: int, *, final: bool) -> None:
    out: dict[str, str | int | bool] = {
        "delivery": call.id, "channel": call.channel, "code": failure.code, "reply": code_of(failure.reply),
        "attempt": attempt, "final": final,
    }  # fmt: skip
    tx.record(EntryKind.DELIVERY_FAILED, incident=call.incident, out=out)


def _held(tx: Tx, due: Due) -> list[tuple[DeliveryRow, DeliveryDueRow]]:
    held = []
    for item in due.items:
        row = tx.session.get(DeliveryDueRow, item.delivery, with_for_update=True, populate_existing=True)
        if row is None or row.lease != due.lease:
            raise LeaseLost("lease_lost", delivery=item.delivery)
        held.append((tx.session.get_one(DeliveryRow, item.delivery), row))
    return held


def code_of(reply: str) -> str:
    """The code of an outside system's reply, such as `250`; never its sentence."""
    head = reply.split(" ", 1)[0][:16]
    return head if head.isascii() and head.replace("_", "").replace(".", "").isalnum() else ""
