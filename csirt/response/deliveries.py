"""What goes into the outbox, in the commit that decides it, and what is taken back because its reason is gone.

Sending is `csirt.response.outbox`.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlmodel import col, or_, select

from csirt.model.authority import Permission, must
from csirt.model.message import CALL_SHEET_CHANNELS, DeliveryState, Recipient, lane_of
from csirt.record.entry import EntryKind
from csirt.response.drills import address_in_drill
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.outbox import DeliveryDueRow, DeliveryRow
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Tx, new_id

_OPEN = (DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value, DeliveryState.UNKNOWN.value)


def queue(
    tx: Tx,
    incident: str,
    channel: str,
    recipient: Recipient,
    template: str,
    facts: Mapping[str, str],
    *,
    step: str | None = None,
    escalation: str | None = None,
    page: tuple[str, str, int] | None = None,
) -> str:
    """Put a message into the outbox; returns the delivery's id. `page` is (page key, route, tier) of an escalation.

    In a drill no real address enters the outbox.
    """
    key, route, tier = page or (None, None, None)
    row = DeliveryRow(
        id=new_id("d"), incident=incident, escalation=escalation, channel=channel, party=recipient.party,
        person=recipient.person, name=recipient.name, address=recipient.address, template=template,
        facts=dict(facts), state=DeliveryState.QUEUED.value, queued_at=tx.now, page_key=key, route=route, tier=tier,
    )  # fmt: skip
    return _put(tx, row, step)


def queue_alone(tx: Tx, channel: str, recipient: Recipient, template: str, facts: Mapping[str, str]) -> str:
    """A message about no case; returns the delivery's id. No drill silences it, and no other channel is tried.

    Raises `Forbidden` for whoever does not administer the desk.
    """
    must(tx.actor, Permission.ADMINISTER)
    row = DeliveryRow(
        id=new_id("d"), channel=channel, party=recipient.party, name=recipient.name, address=recipient.address,
        template=template, facts=dict(facts), state=DeliveryState.QUEUED.value, queued_at=tx.now,
    )  # fmt: skip
    return _put(tx, row, None)


def queue_instead(tx: Tx, call: DeliveryRow, channel: str, address: str, page_key: str | None) -> str:
    """The same message to the same addressee on another channel; returns the new delivery's id."""
    row = DeliveryRow(
        id=new_id("d"), incident=call.incident, escalation=call.escalation, channel=channel, party=call.party,
        person=call.person, name=call.name, address=address, template=call.template, facts=dict(call.facts),
        state=DeliveryState.QUEUED.value, queued_at=tx.now, page_key=page_key, route=call.route, tier=call.tier,
        instead_of=call.id,
    )  # fmt: skip
    return _put(tx, row, call.facts.get("step") or None)


def _put(tx: Tx, row: DeliveryRow, step: str | None) -> str:
    case = tx.session.get_one(IncidentRow, row.incident) if row.incident else None
    if case and case.drill:
        row.address = address_in_drill(row.party, row.person, row.channel)
    tx.session.add(row)
    if row.channel not in CALL_SHEET_CHANNELS:
        level = (case.level if case.level is not None else case.proposed_level) if case else 0
        lane = lane_of(level, is_call=row.escalation is not None)
        due = DeliveryDueRow(delivery=row.id, not_before=tx.now, channel=row.channel, address=row.address, lane=lane)
        due.message = row  # so that it is written after what it points at, without a question to the database for each
        tx.session.add(due)
        tx.woke = True
    if row.escalation is None:
        out = {"delivery": row.id, "channel": row.channel, "party": row.party, "template": row.template}
        if row.instead_of:
            out["instead_of"] = row.instead_of
        tx.record(EntryKind.MESSAGE_QUEUED, incident=row.incident, step=step, out=out)
    return row.id


def call_off_routes(tx: Tx, escalation: str, routes: Collection[str]) -> None:
    """Nobody needs to be called on these routes any more."""
    _call_off(tx, [call for call in _waiting(tx, escalation) if call.route in routes])


def call_off_addressee(tx: Tx, escalation: str, who: str) -> None:
    """This person, or this office, has seen it: whatever else was to be sent to them is taken back."""
    _call_off(tx, [call for call in _waiting(tx, escalation) if who in {call.person, call.party}])


def _waiting(tx: Tx, escalation: str) -> Sequence[DeliveryRow]:
    query = select(DeliveryRow).where(
        DeliveryRow.escalation == escalation,
        col(DeliveryRow.state).in_(_OPEN),
        or_(col(DeliveryRow.finished_at).is_(None), col(DeliveryRow.channel).in_(CALL_SHEET_CHANNELS)),
    )
    return tx.session.exec(query.order_by(col(DeliveryRow.id))).all()


def _call_off(tx: Tx, calls: Sequence[DeliveryRow]) -> None:
    """Take back what nobody is sending just now; what is being sent is not sent again."""
    taken = [call for call in calls if _take_back(tx, call)]
    sheets = tx.session.exec(
        select(AssignmentRow).where(
            col(AssignmentRow.delivery).in_([call.id for call in taken]), col(AssignmentRow.closed_at).is_(None)
        )
    ).all()
    for sheet in sheets:
        sheet.closed_at, sheet.choice = tx.now, "called_off"
        tx.session.add(sheet)
        out = {"assignment": sheet.id, "delivery": sheet.delivery or "", "who": sheet.who}
        tx.record(EntryKind.CALL_SHEET_CALLED_OFF, incident=sheet.incident, step=sheet.step, out=out)


def _take_back(tx: Tx, call: DeliveryRow) -> bool:
    due = tx.session.get(DeliveryDueRow, call.id, with_for_update=True, populate_existing=True)
    if due and due.lease and due.lease_until and due.lease_until >= tx.lease_now:
        due.called_off = True
        tx.session.add(due)
        return False
    if call.state != DeliveryState.UNKNOWN.value:  # what may have arrived, may have arrived
        call.state = DeliveryState.CANCELLED.value
    call.finished_at = tx.now
    tx.session.add(call)
    if due:
        tx.session.delete(due)
    out = {"delivery": call.id, "channel": call.channel, "party": call.party}
    tx.record(EntryKind.DELIVERY_CALLED_OFF, incident=call.incident, out=out)
    return True
