"""Detections that wait are put into an open case by the officer."""

from collections.abc import Sequence

from csirt.errors import Conflict
from csirt.model.authority import Permission, must
from csirt.model.linking import Because
from csirt.record.entry import EntryKind
from csirt.response import incidents, levels, locks, repeats
from csirt.store.tx import Tx


def join_waiting(tx: Tx, keys: Sequence[int], incident: str, *, request_key: str | None = None) -> int:
    """The officer says that detections which wait belong to an open case; returns how many were put in.

    What comes later and belongs to them follows. The same `request_key` again puts nothing in. Whether the reader may
    see the case is the caller's to ask, by its number.

    Raises:
        Forbidden: this actor may not decide on what waits.
        NotFound: there is no such case, or none of the detections waits any longer.
        Conflict: the case is closed, or a drill.
    """
    must(tx.actor, Permission.DECIDE_TRIAGE)
    if known := repeats.recorded(tx, request_key):
        return int(str(known["detections"]))
    locks.hold(tx, incident)
    case = incidents.incident_for_update(tx, incident)
    if case.drill:
        raise Conflict("merge_with_drill", incident=incident)
    members = incidents.still_waiting(tx, keys)
    for row in members:
        row.state, row.incident, row.joined_by, row.joined_over = "sorted", incident, Because.OFFICER.value, None
        tx.session.add(row)
    tx.record(
        EntryKind.DETECTIONS_JOINED, incident=incident, cid=repeats.cid_of(request_key),
        out={"detections": len(members), "because": Because.OFFICER.value},
    )  # fmt: skip
    incidents.lead_here(tx, incident, members)
    gravest = max(row.level for row in members)
    if gravest > case.sensed_level:
        levels.sense(tx, case, gravest)
        levels.propose(tx, case, "officer")
    return len(members)
