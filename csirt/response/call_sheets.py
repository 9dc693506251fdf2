"""Call sheets: a member of staff is asked to phone, to fax or to go; the sheet stands for the delivery."""

from csirt.model.authority import ALLOWED, Permission
from csirt.model.people import Role
from csirt.model.step import StepKind
from csirt.record.entry import EntryKind
from csirt.response import people
from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Tx, new_id

SHEET_FIELDS = ("number", "spoke_with", "spoke_at", "read_back")
WHO = "role:officer"
_CALLERS = tuple(role for role in Role if role in ALLOWED[Permission.FILL_CALL_SHEET])


def open_sheet(tx: Tx, incident: str, run: str | None, step: str, delivery: str) -> None:
    """Ask a member of staff for this call."""
    sheet = AssignmentRow(
        id=new_id("a"), incident=incident, run=None, step=step, kind=StepKind.CALL.value,
        who=_who(tx, incident),
        choices=[["reached", False], ["not_reached", True]], fields=list(SHEET_FIELDS), not_by=[], showing=[],
        delivery=delivery, opened_at=tx.now,
    )  # fmt: skip
    tx.session.add(sheet)
    out = {"assignment": sheet.id, "delivery": delivery, "who": sheet.who}
    tx.record(EntryKind.CALL_SHEET_OPENED, incident=incident, run=run, step=step, out=out)


def _who(tx: Tx, incident: str) -> str:
    """The officers; in a sealed case a role that one of its readers has, and that may phone."""
    readers = sealed_of(tx.session, {incident}).get(incident)
    if readers is None:
        return WHO
    known = people.roster(tx.session, tx.vault).people
    roles = {role for reader in readers if reader in known for role in known[reader].roles}
    able = [role for role in _CALLERS if role in roles]
    return f"role:{able[0].value}" if able else WHO
