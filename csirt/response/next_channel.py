"""A channel failed: the same addressee is called on their next one at once, and the record says instead of what."""

from collections.abc import Iterator

from sqlmodel import select

from csirt.model.message import CALL_SHEET_CHANNELS
from csirt.model.party import Contact, Nobody, contact_of, resolve
from csirt.record.entry import EntryKind
from csirt.response import call_sheets, deliveries, people
from csirt.store.tables.outbox import DeliveryRow, EscalationRow
from csirt.store.tx import Tx


def pass_on(tx: Tx, call: DeliveryRow) -> None:
    """Call the addressee on the first of their channels, in their own order, on which they were not called yet.

    A mere notice never becomes a phone call. Where no channel is left, the record says so. What is about no case has
    one channel only; that it does not get through is told by whoever wanted it sent.
    """
    if call.incident is None:
        return
    for channel, address in _others(tx, call):
        if call.escalation is None:
            deliveries.queue_instead(tx, call, channel, address, None)
        else:
            _call(tx, call, channel, address)
        return
    out = {"delivery": call.id, "channel": call.channel, "party": call.party}
    tx.record(EntryKind.NO_CHANNEL_LEFT, incident=call.incident, out=out | _person(call))


def _person(call: DeliveryRow) -> dict[str, str]:
    return {"person": call.person} if call.person else {}


def _others(tx: Tx, call: DeliveryRow) -> Iterator[tuple[str, str]]:
    contact = _contact(tx, call)
    used = _used(tx, call)
    # `Contact.addresses` is made back to front, so that the first point of a channel counts.
    for channel, address in reversed(list(contact.addresses.items())) if contact else ():
        if channel not in used and address and (call.escalation or channel not in CALL_SHEET_CHANNELS):
            yield channel, address


def _contact(tx: Tx, call: DeliveryRow) -> Contact | None:
    """Who was called, as they are known now: a deputy stays who they are, whoever holds the post meanwhile."""
    known = people.roster(tx.session, tx.vault)
    if call.incident:
        known = people.callable_in(tx.session, known, {call.incident}).get(call.incident, known)
    if call.person is not None:
        person = known.people.get(call.person)
        return contact_of(person) if person else None
    found = resolve(call.party, known, tx.city.offices)
    return None if isinstance(found, Nobody) else found[0]


def _used(tx: Tx, call: DeliveryRow) -> set[str]:
    """The channels on which this addressee is or was called, in this round of this tier or for this notice."""
    if call.escalation is None or call.page_key is None:
        return set(_forerunners(tx, call))
    keys = select(DeliveryRow.page_key).where(DeliveryRow.escalation == call.escalation)
    stem = _stem(call)
    return {key.removeprefix(stem) for key in tx.session.exec(keys) if key and key.startswith(stem)}


def _forerunners(tx: Tx, call: DeliveryRow) -> Iterator[str]:
    row: DeliveryRow | None = call
    while row is not None:
        yield row.channel
        row = tx.session.get(DeliveryRow, row.instead_of) if row.instead_of else None


def _stem(call: DeliveryRow) -> str:
    """A page's key up to its channel."""
    return (call.page_key or "").rpartition("/")[0] + "/"


def _call(tx: Tx, call: DeliveryRow, channel: str, address: str) -> None:
    climb = tx.session.get_one(EscalationRow, call.escalation)
    made = deliveries.queue_instead(tx, call, channel, address, _stem(call) + channel)
    out: dict[str, str | int] = {
        "escalation": climb.id, "route": call.route or "", "tier": call.tier or 0, "party": call.party,
        "channel": channel, "delivery": made, "instead_of": call.id, **_person(call),
    }  # fmt: skip
    tx.record(EntryKind.PERSON_CALLED, incident=call.incident, run=climb.run, step=climb.step, out=out)
    if channel in CALL_SHEET_CHANNELS:
        call_sheets.open_sheet(tx, climb.incident, climb.run, climb.step, made)
