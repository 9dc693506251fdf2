"""One entry of the record as the API gives it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from csirt.telling_checkpoints import CheckpointHistory
from csirt.telling_entries import ToldEntry
from csirt.web.api.shapes import Given


class ChangeGiven(Given):
    """One value of the case that the entry changed, in words."""

    of: str
    value: str
    before: str
    after: str


class ProofGiven(Given):
    """The entry under the newest checkpoint; `state` is holds, broken, not_yet or no_checkpoint."""

    state: str
    text: str
    checkpoint: str
    path: list[str]


class EntryDetailGiven(Given):
    """One entry. `canonical` are the exact bytes that `leaf` is the hash of; `reasons` are labels and texts."""

    seq: int
    at: datetime
    kind: str
    kind_text: str
    incident: str | None
    number: str
    step: str | None
    step_text: str
    actor: str
    actor_name: str
    text: str
    out: dict[str, Any]
    reasons: list[list[str]]
    changes: list[ChangeGiven]
    canonical: str
    leaf: str
    proof: ProofGiven


def entry_detail_given(told: ToldEntry) -> EntryDetailGiven:
    """An entry, told."""
    sealed, proof = told.sealed, told.proof
    return EntryDetailGiven(
        seq=sealed.seq, at=sealed.ts, kind=sealed.kind.value, kind_text=told.kind_text, incident=sealed.inc,
        number=told.number, step=sealed.step, step_text=told.step_text, actor=sealed.actor.id, actor_name=told.who,
        text=told.text, out=dict(sealed.out), reasons=[list(one) for one in told.reasons],
        changes=[ChangeGiven(of=one.of, value=one.label, before=one.before, after=one.after) for one in told.changes],
        canonical=told.raw.decode(), leaf=told.leaf,
        proof=ProofGiven(state=proof.state.value, text=proof.text, checkpoint=proof.line, path=list(proof.path)),
    )  # fmt: skip


class KeptGiven(Given):
    """A checkpoint that was kept; `signers`: log, quantum, witness; `outside`: the ways by which it went outside."""

    size: int
    root: str
    line: str
    at: datetime | None
    signers: list[str]
    outside: list[str]


class WayGiven(Given):
    """One way outside; `state` is ok, late or down, `code` says why."""

    way: str
    to: str
    is_on: bool
    state: str
    at: datetime | None
    size: int | None
    code: str


class CheckpointHistoryGiven(Given):
    """The checkpoints of the record. `waiting` entries came after the newest; `code` says what is wrong with it."""

    newest: KeptGiven | None
    key: str
    waiting: int
    state: str
    code: str
    ways: list[WayGiven]
    kept: list[KeptGiven]


def history_given(found: CheckpointHistory) -> CheckpointHistoryGiven:
    """The checkpoints, with codes."""
    alarm = found.alarm
    return CheckpointHistoryGiven.model_validate(
        {
            "newest": asdict(found.newest) if found.newest else None, "key": found.key, "waiting": found.waiting,
            "state": alarm.state.value if alarm else "late", "code": alarm.code if alarm else "checkpoint_missing",
            "ways": [WayGiven.model_validate({**asdict(one), "state": one.state.value}) for one in found.ways],
            "kept": [KeptGiven.model_validate(asdict(one)) for one in found.kept],
        }
    )  # fmt: skip
