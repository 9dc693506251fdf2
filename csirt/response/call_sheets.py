"""Call sheets: a member of staff is asked to phone, to fax or to go; the sheet stands for the delivery."""

from csirt.model.step import StepKind
from csirt.record.entry import EntryKind
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Tx, new_id

SHEET_FIELDS = ("number", "spoke_with", "spoke_at", "read_back")
WHO = "role:officer"


def open_sheet(tx: Tx, incident: str, run: str | None, step: str, delivery: str) -> None:
    """Ask a member of staff for this call."""
    sheet = AssignmentRow(
        id=new_id("a"), incident=incident, run=None, step=step, kind=StepKind.CALL.value, who=WHO,
        choices=[["reached", False], ["not_reached", True]], fields=list(SHEET_FIELDS), not_by=[], showing=[],
        delivery=delivery, opened_at=tx.now,
    )  # fmt: skip
    tx.session.add(sheet)
    out = {"assignment": sheet.id, "delivery": delivery, "who": sheet.who}
    tx.record(EntryKind.CALL_SHEET_OPENED, incident=incident, run=run, step=step, out=out)
