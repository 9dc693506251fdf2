"""A case that no playbook leads: people say what kind it is, which may order one, and close it when it is done."""

from sqlmodel import select

from csirt.errors import Conflict, Invalid
from csirt.model.authority import Permission, must
from csirt.model.incident import Disposition, IncidentType
from csirt.record.entry import EntryKind
from csirt.response import duties, incidents, levels, reasons, repeats
from csirt.store.tables.runs import RunRow
from csirt.store.tx import Tx


def set_type(tx: Tx, incident: str, type_: IncidentType, reason: str, *, request_key: str | None = None) -> None:
    """Say what kind of case it is, with a reason. Where the city has a playbook for it, that begins in the same commit.

    Only before a playbook runs: a run belongs to the kind of case it was begun for. The same `request_key` again does
    nothing.

    Raises:
        Forbidden: this actor may not decide it.
        Conflict: `playbook_runs`: there is a run; or the case is closed.
        Invalid: no reason, a 個人番号 in it, or a drill that would become a real case (`type_of_drill`).
    """
    must(tx.actor, Permission.DECIDE_TRIAGE)
    if repeats.recorded(tx, request_key):
        return
    reasons.given(reason)
    row = incidents.incident_for_update(tx, incident)
    if tx.session.exec(select(RunRow.id).where(RunRow.incident == incident)).first():
        raise Conflict("playbook_runs", incident=incident)
    if type_ is IncidentType.DRILL and not row.drill:
        raise Invalid("type_of_drill", field="type")
    row.type = type_.value
    tx.session.add(row)
    tx.record(
        EntryKind.INCIDENT_TYPE_SET, incident=incident, cid=repeats.cid_of(request_key),
        out={"type": type_.value, "by": "person"}, texts={"reason": reason.strip()},
    )  # fmt: skip
    tx.session.flush()
    levels.presume(tx, row)
    duties.review(tx, row)
    incidents.order_run(tx, incident, type_)


def close(tx: Tx, incident: str, disposition: Disposition, because: str) -> None:
    """Close a case that no playbook leads to its end, with a reason; refused as `incidents.close` refuses.

    Raises:
        Conflict: `playbook_runs`: a playbook is under way and closes it itself; or steps or duties stand open.
    """
    must(tx.actor, Permission.CLOSE_INCIDENT)
    reasons.given(because)
    run = tx.session.exec(select(RunRow).where(RunRow.incident == incident)).first()
    if run is not None and run.ended_at is None and run.stopped_by is None:
        raise Conflict("playbook_runs", incident=incident)
    incidents.close(tx, incident, disposition, because.strip())
