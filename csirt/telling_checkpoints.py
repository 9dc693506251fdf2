"""The checkpoints of the record and where they lie outside: what exists, how old it is, what fell silent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from csirt import anchoring, wellness
from csirt.bootstrap import Desk
from csirt.checkpoints import Checkpoints, checkpoints_of
from csirt.errors import Invalid
from csirt.model.health import PartHealth, PartState
from csirt.record.checkpoint import paper_line, parse_verifier_key
from csirt.record.verify_record import LOG, QUANTUM, Bad, Checkpoint, VerifierKey, b64, open_signed
from csirt.settings import Settings
from csirt.store.queries.anchors import Anchored, anchored
from csirt.store.queries.timeline import head
from csirt.store.queries.workings import conditions
from csirt.store.tx import Look

SHOWN = 400  # kept checkpoints: one a day, so more than a year
WITNESS_WAY = "witness"


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint that was kept: `signers` are the kinds of keys that signed it (log, quantum, witness)."""

    size: int
    root: str
    line: str
    at: datetime | None
    signers: tuple[str, ...]
    outside: tuple[str, ...] = ()  # the ways by which this very one went outside


@dataclass(frozen=True, slots=True)
class OutsideWay:
    """One way by which checkpoints go outside. `is_on`: it is set up; `to` tells several addresses apart."""

    way: str
    to: str
    is_on: bool
    state: PartState
    at: datetime | None = None
    size: int | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointHistory:
    """All of it. `newest` is what is signed last; `waiting` entries came after it; `alarm` is how the signer stands."""

    newest: KeptCheckpoint | None
    key: str
    waiting: int
    alarm: PartHealth | None
    ways: tuple[OutsideWay, ...]
    kept: tuple[KeptCheckpoint, ...]


def checkpoint_history(look: Look, desk: Desk) -> CheckpointHistory:
    """As it stands now.

    Raises:
        Invalid: a file in the folder of checkpoints is damaged.
        LedgerBroken: an entry that says what went outside is none of ours.
    """
    settings, now = desk.settings, desk.clock.now()
    published, known = checkpoints_of(settings), anchored(look)
    keys = _keys(published, settings)
    kept = [one for raw in published.notes() if (one := _opened(raw, keys, known))]
    by_size = sorted({one.size: one for one in kept}.values(), key=lambda one: -one.size)
    newest = by_size[0] if by_size else None
    key = published.key()
    alarms = [one for one in wellness.of_signer(settings, now) if one.part == "checkpoint"]
    return CheckpointHistory(
        newest=newest,
        key=f"{key.name}+{key.id.hex()}" if key else "",
        waiting=max(head(look)[0] - (newest.size if newest else 0), 0),
        alarm=alarms[0] if alarms else None,
        ways=(*_ways(look, desk, known, now), *_witnesses(settings, now)),
        kept=tuple(by_size[:SHOWN]),
    )


def _keys(published: Checkpoints, settings: Settings) -> list[tuple[str, VerifierKey]]:
    """Every key whose signature counts, with what it is."""
    lines = [line for one in published.history() for line in one["keys"]]
    ours = [parse_verifier_key(line) for line in lines]
    kinds = {LOG: "log", QUANTUM: "quantum"}
    found = [(kinds.get(key.kind, "log"), key) for key in (*ours, *published.signed_by())]
    outside = [parse_verifier_key(one.partition(" ")[2].strip()) for one in settings.witnesses]
    return [*dict.fromkeys(found), *((WITNESS_WAY, key) for key in outside)]


def _opened(raw: bytes, keys: Sequence[tuple[str, VerifierKey]], known: Sequence[Anchored]) -> KeptCheckpoint | None:
    """A note with those who signed it; None where the log did not."""
    said: dict[str, int] = {}
    head_of: Checkpoint | None = None
    for kind, key in keys:
        try:
            found, at = open_signed(raw, key)
        except Bad:
            continue
        said[kind] = at
        head_of = found if kind == "log" else head_of
    if head_of is None:
        return None
    seconds = max(said.values())
    outside = tuple(dict.fromkeys(one.way for one in known if one.size == head_of.size))
    return KeptCheckpoint(
        size=head_of.size,
        root=b64(head_of.root).decode(),
        line=paper_line(head_of),
        at=datetime.fromtimestamp(seconds, UTC) if seconds else None,
        signers=tuple(said),
        outside=outside,
    )


def _ways(look: Look, desk: Desk, known: Sequence[Anchored], now: datetime) -> Iterator[OutsideWay]:
    """The daily ways, those that are not set up included: what there could be is worth knowing."""
    told = {one.name: one for one in wellness.anchors(desk, known, conditions(look), now)}
    for way, to, _ in anchoring.ways(desk.settings):
        health = told[f"{way}{to or ''}"]
        last = next((one for one in known if (one.way, one.to) == (way, to)), None)
        size = last.size if last else None
        yield OutsideWay(
            way, str(to or ""), is_on=True, state=health.state, at=health.since, size=size, code=health.code
        )
    set_up = {way for way, _, _ in anchoring.ways(desk.settings)}
    for way in anchoring.WAYS:
        if way not in set_up:
            last = next((one for one in known if one.way == way), None)
            at, size = (last.at, last.size) if last else (None, None)
            yield OutsideWay(way, "", is_on=False, state=PartState.OK, at=at, size=size)


def _witnesses(settings: Settings, now: datetime) -> Iterator[OutsideWay]:
    try:
        told = list(wellness.of_witnesses(settings, now))
    except Invalid:
        told = []
    for one in told:
        yield OutsideWay(WITNESS_WAY, one.name, is_on=True, state=one.state, at=one.since, code=one.code)
    if not told:
        yield OutsideWay(WITNESS_WAY, "", is_on=False, state=PartState.OK)
