"""Break-glass: somebody who was not named opens a sealed incident, and those who were named are told at once."""

from datetime import datetime, timedelta

from csirt.errors import Conflict
from csirt.model.authority import Permission, must
from csirt.model.message import CALL_SHEET_CHANNELS, Recipient
from csirt.model.people import Person
from csirt.record.entry import EntryKind
from csirt.response import deliveries, escalations, locks, people, reasons
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.sealing import sealed_of
from csirt.store.sight import overseeing
from csirt.store.tables.sealing import SealGlassRow
from csirt.store.tx import Look, Tx, new_id

OPEN_FOR = timedelta(hours=1)
TEMPLATE = "glass_broken"


def break_glass(tx: Tx, name: str, reason: str) -> datetime:
    """Open a sealed incident, by its id or number, for one hour; returns until when.

    Raises:
        Forbidden: this actor may not, such as who administers the product.
        NotFound: there is no such incident.
        Conflict: `incident_not_sealed`, or the actor sees it already.
        Invalid: no reason, or a 個人番号 in it.
    """
    must(tx.actor, Permission.BREAK_GLASS)
    reasons.given(reason)
    with overseeing(tx.session) as hidden:
        incident = resolve_incident(Look(tx.session, tx.vault), name)
        if incident not in hidden:
            raise Conflict("incident_not_sealed", incident=incident)
        locks.hold(tx, incident)
        return _open(tx, incident, reason.strip())


def _open(tx: Tx, incident: str, reason: str) -> datetime:
    until = tx.now + OPEN_FOR
    opening = new_id("g")
    out = {"opening": opening, "until": until.isoformat(timespec="seconds")}
    sealed = tx.record(EntryKind.GLASS_BROKEN, incident=incident, out=out, texts={"reason": reason})
    tx.session.add(
        SealGlassRow(
            id=opening, incident=incident, person=tx.actor.id, auth=tx.actor.auth, opened_at=tx.now, until=until,
            reason_c=sealed["reason"],
        )
    )  # fmt: skip
    known = people.roster(tx.session, tx.vault)
    facts = escalations.facts_of(tx, incident, TEMPLATE)
    for reader in sorted(sealed_of(tx.session, {incident})[incident]):
        _tell(tx, incident, known.people.get(reader), facts)
    return until


def _tell(tx: Tx, incident: str, reader: Person | None, facts: dict[str, str]) -> None:
    """Tell a reader on the first way that a machine can go; who cannot be told is said in the record."""
    points = [one for one in (reader.points if reader else ()) if one.channel not in CALL_SHEET_CHANNELS]
    if reader is None or not points:
        tx.record(EntryKind.TIER_SKIPPED, incident=incident, step=TEMPLATE, out={"code": "no_address"})
        return
    to = Recipient(reader.id, reader.name, points[0].address, reader.id)
    deliveries.queue(tx, incident, points[0].channel, to, TEMPLATE, facts, step=TEMPLATE)
