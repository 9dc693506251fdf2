"""Reports on their way out: recorded as sent by a person, or put into the outbox; only what was approved goes out.

A mail never holds the report itself unless the city's rules let that channel carry it: it names the number of the case
and where to read. A report counts as sent once the channel took it, and meets its duty then.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select

from csirt.errors import Conflict, Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model.approval import SENDABLE, ReportState
from csirt.model.authority import Permission, must
from csirt.model.duty import DutyState
from csirt.model.message import Recipient
from csirt.model.report_forms import OFFICES_READ_MAIL
from csirt.record.entry import EntryKind
from csirt.response import deliveries, duties, escalations, repeats
from csirt.response.duties import Sent
from csirt.store.ledger import Code
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.duties import DutyRow
from csirt.store.tables.outbox import DeliveryRow
from csirt.store.tables.reports import ReportRow, ReportSendingRow
from csirt.store.tx import Tx, new_id

TEMPLATE = "first_report"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a report goes to: the id of a duty of this incident, or of an office outside, or both."""

    duty: str = ""
    office: str = ""


def send(
    tx: Tx, id_: str, to: Addressee, channel: str, at: datetime, *, acknowledged_at: datetime | None = None,
    receipt: str = "", request_key: str | None = None,
) -> str:  # fmt: skip
    """Record that a person sent, handed over or read out a report; it meets the duty that it was sent for.

    Returns the id of the sending. The same `request_key` again records nothing.

    Raises:
        Forbidden: this actor may not.
        NotFound: no such report, duty or office.
        Conflict: it was not approved, or the duty's reason is gone.
        Invalid: nobody named, a report that does not serve this duty, no such channel, a time that cannot be, or a
            個人番号.
    """
    must(tx.actor, Permission.REPORT_DUTY)
    if known := repeats.recorded(tx, request_key):
        return str(known["sending"])
    row, duty, addressee = _checked(tx, id_, to)
    sent = Sent(channel, at, acknowledged_at, receipt, row.id)
    duties.check_sent(tx, sent)
    if at < row.drafted_at:
        raise Invalid("time_before_draft", field="at")
    made = _row(tx, row, duty, addressee, channel)
    _went_out(tx, row, made, sent, repeats.cid_of(request_key))
    return made.id


def dispatch(tx: Tx, id_: str, to: Addressee, channel: str, *, request_key: str | None = None) -> str:
    """Put a message about a report into the outbox, to an office that reads mail; returns the id of the sending.

    Raises as `send`, and:
        Invalid: `office_without_channel`: the office has no address there, or the channel is none of ours.
    """
    must(tx.actor, Permission.REPORT_DUTY)
    if known := repeats.recorded(tx, request_key):
        return str(known["sending"])
    row, duty, addressee = _checked(tx, id_, to)
    office = tx.city.offices.get(to.office)
    address = office.address_on(channel) if office and channel in OFFICES_READ_MAIL else None
    if office is None or address is None:
        raise Invalid("office_without_channel", field="channel", office=to.office[:40], channel=channel[:40])
    made = _row(tx, row, duty, addressee, channel)
    facts = escalations.facts_of(tx, row.incident, "") | {
        "report_no": str(row.number), "place": tx.city.reports.place_ja, "report": row.id, "sending": made.id,
        "attach": "1" if channel in tx.city.reports.attach else "",
    }  # fmt: skip
    recipient = Recipient(f"office:{office.id}", office.name_ja, address)
    made.delivery = deliveries.queue(tx, row.incident, channel, recipient, TEMPLATE, facts)
    tx.session.add(made)
    return made.id


def delivered(tx: Tx, call: DeliveryRow) -> None:
    """A channel took the message about a report: it went out now, and meets its duty."""
    made = tx.session.get(ReportSendingRow, call.facts.get("sending", ""), with_for_update=True)
    if made is None or made.sent_at is not None:
        return
    row = tx.session.get_one(ReportRow, made.report, with_for_update=True)
    made.channel, made.delivery = call.channel, call.id
    _went_out(tx, row, made, Sent(call.channel, tx.now, document=row.id), None)


def _checked(tx: Tx, id_: str, to: Addressee) -> tuple[ReportRow, DutyRow | None, str]:
    """The report, locked, with the duty and what the addressee is called."""
    row = tx.session.get(ReportRow, id_)
    if row is None:
        raise NotFound("report_unknown", report=id_[:40])
    tx.session.get_one(IncidentRow, row.incident, with_for_update=True)
    row = tx.session.get_one(ReportRow, id_, with_for_update=True, populate_existing=True)
    if ReportState(row.state) not in SENDABLE:
        raise Conflict("report_not_approved", report=id_, state=row.state)
    if to.office and to.office not in tx.city.offices:
        raise NotFound("office_unknown", office=to.office[:40])
    if not to.duty and not to.office:
        raise Invalid("addressee_missing", field="duty")
    duty = _duty(tx, row, to.duty) if to.duty else None
    rule = tx.city.law.rule(duty.rule, duty.edition) if duty else None
    return row, duty, f"office:{to.office}" if to.office else rule.addressee if rule else "other"


def _duty(tx: Tx, row: ReportRow, id_: str) -> DutyRow:
    """A duty of the same incident that a report of this kind may meet."""
    query = select(DutyRow).where(DutyRow.id == id_, DutyRow.incident == row.incident)
    duty = tx.session.exec(query.with_for_update()).first()
    if duty is None:
        raise NotFound("duty_unknown", duty=id_[:40])
    if duty.rule not in tx.city.forms.form(row.form).kind(row.kind).duties:
        raise Invalid("report_not_for_duty", field="duty", form=row.form, rule=duty.rule)
    if duty.state == DutyState.LAPSED.value:
        raise Conflict("duty_lapsed", duty=duty.id, rule=duty.rule)
    return duty


def _row(tx: Tx, row: ReportRow, duty: DutyRow | None, addressee: str, channel: str) -> ReportSendingRow:
    return ReportSendingRow(
        id=new_id("x"), report=row.id, duty=duty.id if duty else None, addressee=addressee, channel=channel,
        by=tx.actor.id, recorded_at=tx.now,
    )  # fmt: skip


def _went_out(tx: Tx, row: ReportRow, made: ReportSendingRow, sent: Sent, cid: str | None) -> None:
    """The entry, the row, and the duty that is met by it."""
    refuse_my_number(sent.receipt, field="receipt")
    out: dict[str, Code | list[str]] = {
        "report": row.id, "sending": made.id, "form": row.form, "number": row.number, "sha256": row.sha256,
        "addressee": made.addressee, "channel": sent.channel, "acknowledged": sent.acknowledged_at is not None,
        "paper_pending": row.state == ReportState.ORAL.value,
        **({"duty": made.duty} if made.duty else {}),
    }  # fmt: skip
    texts = {"receipt": sent.receipt.strip()} if sent.receipt.strip() else None
    sealed = tx.record(EntryKind.REPORT_SENT, incident=row.incident, cid=cid, out=out, texts=texts)
    made.sent_at, made.acknowledged_at, made.receipt_c = sent.at, sent.acknowledged_at, sealed.get("receipt")
    row.sent_at = row.sent_at or sent.at
    tx.session.add_all([made, row])
    duty = tx.session.get(DutyRow, made.duty) if made.duty else None
    if duty is not None and duty.state != DutyState.LAPSED.value:
        duties.report(tx, duty.id, sent)
