"""Contact data of offices, confirmed by whom called there: yearly, after the transfers of 1 April."""

from datetime import date, timedelta

from csirt.era import jst_date
from csirt.errors import Invalid, NotFound
from csirt.model.authority import Permission, must
from csirt.model.handover import mark_of
from csirt.record.entry import EntryKind
from csirt.store.tables.contacts import ContactConfirmationRow
from csirt.store.tx import Tx

LATEST_NOTED = timedelta(days=90)  # what was confirmed earlier and never noted is better confirmed again


def confirm(tx: Tx, office: str, on: date | None = None) -> date:
    """Somebody called the office on that day (None: today) and found its data right; returns the day.

    It counts for the data as they stand: when its file gives the office other ones, they are asked for anew.

    Raises:
        Forbidden: without the permission.
        NotFound: `office_unknown`.
        Invalid: `confirmation_day`: the day is to come, or more than 90 days ago.
    """
    must(tx.actor, Permission.KEEP_CONTACTS)
    found = tx.city.offices.get(office)
    if found is None:
        raise NotFound("office_unknown", office=office[:64])
    today = jst_date(tx.now)
    day = on or today
    if not today - LATEST_NOTED <= day <= today:
        raise Invalid("confirmation_day", field="on")
    tx.session.merge(
        ContactConfirmationRow(office=office, day=day, of=mark_of(found), confirmed_by=tx.actor.id, confirmed_at=tx.now)
    )
    tx.record(EntryKind.CONTACT_CONFIRMED, out={"office": office, "on": day.isoformat()})
    return day
