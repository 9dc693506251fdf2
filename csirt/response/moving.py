"""A person moves a run to another version of its playbook; refused where what is recorded would not fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlmodel import select

from csirt.errors import Conflict, NotFound
from csirt.model.authority import Permission, must
from csirt.record.entry import EntryKind
from csirt.response import incidents, reasons, repeats, runs
from csirt.response.runs import RecordedStep
from csirt.store.tables.runs import RunDueRow, RunRow
from csirt.store.tx import Look, Tx

# Playbook, version, recorded steps; raises `Conflict` where they do not fit. It is run within the commit.
Fits = Callable[[str, int, Mapping[str, RecordedStep]], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """The run of an incident with what is recorded of it."""

    run: str
    playbook: str
    version: int
    ended: bool
    stopped_by: str | None
    steps: Mapping[str, RecordedStep]


def standing(look: Look, incident: str) -> Standing:
    """Where the run of an incident stands. Raises `NotFound` where the incident has none."""
    run = look.session.exec(select(RunRow).where(RunRow.incident == incident)).first()
    if run is None:
        raise NotFound("run_unknown", incident=incident)
    steps = runs.recorded_steps(look, run.id)
    return Standing(run.id, run.playbook, run.version, run.ended_at is not None, run.stopped_by, steps)


def move(tx: Tx, incident: str, version: int, reason: str, fits: Fits, *, request_key: str | None = None) -> None:
    """Move the run to a version; whoever drives it now loses the lease, and a stopped run goes on.

    Raises:
        Forbidden: this actor may not move runs.
        Invalid: no reason, or a 個人番号 in it.
        NotFound: the incident has no run.
        Conflict: the case is closed, the run has ended or has this version, or a recorded step would not fit.
    """
    must(tx.actor, Permission.MOVE_RUN)
    if repeats.recorded(tx, request_key):
        return
    reasons.given(reason)
    incidents.incident_for_update(tx, incident)
    found = standing(Look(tx.session, tx.vault), incident)
    due = tx.session.get_one(RunDueRow, found.run, with_for_update=True)
    if found.ended:
        raise Conflict("run_ended", incident=incident)
    if found.version == version and not found.stopped_by:
        raise Conflict("run_has_version", incident=incident, version=version)
    fits(found.playbook, version, found.steps)
    run = tx.session.get_one(RunRow, found.run)
    run.version, run.stopped_by = version, None
    due.lease, due.lease_until, due.ended = None, None, False  # a pass of the old version can write no more
    due.prefect_run, due.shown = None, True  # a flow run keeps its version, so that the new one is shown anew
    tx.session.add(run)
    tx.session.add(due)
    tx.record(
        EntryKind.RUN_MOVED, incident=incident, run=found.run, cid=repeats.cid_of(request_key),
        out={"playbook": found.playbook, "before": found.version, "version": version}, texts={"reason": reason.strip()},
    )  # fmt: skip
    tx.wake(found.run)
