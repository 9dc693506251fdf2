"""Collects how the desk is, from what its processes noted and from what can be seen from here."""

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from csirt import anchoring
from csirt.bootstrap import Desk
from csirt.checkpoints import checkpoints_of
from csirt.errors import CsirtError, Invalid, LedgerBroken, Unavailable
from csirt.model.health import PartHealth, PartState, by_age
from csirt.model.people import SYSTEM
from csirt.response import health
from csirt.response.audit import Verified
from csirt.settings import Settings
from csirt.store.queries import cases, workings
from csirt.store.queries.anchors import Anchored, anchored
from csirt.store.queries.sources import silent
from csirt.store.queries.workings import Beat, Condition
from csirt.store.roles import owns_the_record
from csirt.store.tx import Look

OK, LATE, DOWN = PartState.OK, PartState.LATE, PartState.DOWN
# A worker beats every 5 s; three missed beats are more than a busy machine.
BEAT_LATE, BEAT_DOWN = timedelta(seconds=15), timedelta(seconds=60)
DUE_LATE, DUE_DOWN = timedelta(seconds=15), timedelta(minutes=2)
LEASE_LATE, LEASE_DOWN = timedelta(seconds=15), timedelta(minutes=2)
PREFECT_SILENT = timedelta(minutes=5)  # it is asked every minute
# The signer signs each minute; five minutes without a checkpoint are an alarm.
CHECKPOINT_LATE, CHECKPOINT_DOWN = timedelta(minutes=2), timedelta(minutes=5)
ANCHOR_LATE, ANCHOR_DOWN = timedelta(hours=30), timedelta(hours=54)  # each way carries one checkpoint a day
LEAFLET = "index.html"  # the page of the leaflet
VERIFIED_LATE = timedelta(days=31)
GLANCED = timedelta(seconds=2)
FREE_LATE, FREE_DOWN = 2 * 1024**3, 256 * 1024**2  # bytes of the disk that the data folder lies on


def check(desk: Desk) -> list[PartHealth]:
    """Every part, in the order in which one would look. Never raises for a part that is down.

    Whoever asks, all work counts: what is told are times and figures, of no incident by itself.
    """
    desk = desk.seen_by(SYSTEM)
    now = desk.clock.now()
    try:
        found = desk.look(lambda look: list(_asked(look, desk, now)))  # asked while the session is open
    except (Unavailable, Invalid) as error:
        found = [PartHealth("database", DOWN, code=error.code)]
    settings = desk.settings
    return [*found, *_leaflet(settings, now), *_playbooks(desk), _disk(settings.data), *of_signer(settings, now),
            *of_witnesses(settings, now)]  # fmt: skip


def _asked(look: Look, desk: Desk, now: datetime) -> Iterator[PartHealth]:
    yield _database(look, desk)
    yield from _workers(workings.beats(look), now)
    due, lost = workings.oldest_due(look, now), workings.oldest_lost_lease(look)
    yield PartHealth("work", by_age(now - due if due else None, DUE_LATE, DUE_DOWN), since=due)
    yield _lease(lost, now)
    noted = workings.conditions(look)
    yield _prefect(desk, noted.get("prefect"), now)
    for part, one in sorted(noted.items()):
        kind, _, name = part.partition(":")
        if kind in {"channel", "directory"}:
            yield PartHealth(kind, PartState(one.state), name, one.since, one.code)
    yield _verified(noted.get("record"), now)
    for name, since in silent(look, desk.door.city.sources):
        yield PartHealth("source", LATE, name, since, "source_silent")
    yield from anchors(desk, _carried(look), noted, now)
    yield _holidays(desk, now)
    waiting = cases.count_quarantined(look)
    yield PartHealth("quarantine", LATE if waiting else OK, params={"number": waiting})


def _database(look: Look, desk: Desk) -> PartHealth:
    """It answered. On PostgreSQL nothing but triggers keeps whoever owns the tables from changing the record."""
    if not desk.settings.database_url:
        return PartHealth("database", OK, "SQLite")
    mine = owns_the_record(look.session.connection())
    return PartHealth("database", OK, "PostgreSQL", code="database_as_owner" if mine else "")


def _workers(beats: list[Beat], now: datetime) -> Iterator[PartHealth]:
    """One line a worker; who died while others live holds nothing up. Nobody at all: a line of its own."""
    workers = [beat for beat in beats if beat.kind == "worker"]
    if not workers:
        yield PartHealth("worker", DOWN, code="worker_never_seen")
    alive = any(now - beat.at < BEAT_LATE for beat in workers)
    for beat in workers:
        state = by_age(now - beat.at, BEAT_LATE, BEAT_DOWN)
        since = beat.began_at if state is OK else beat.at
        name = f"{beat.host} ({beat.pool})" if beat.pool else beat.host
        shown = LATE if alive and state is DOWN else state
        yield PartHealth("worker", shown, name, since, "" if state is OK else "worker_silent")


def _lease(until: datetime | None, now: datetime) -> PartHealth:
    """A lease that ran out is taken over at the next look of any worker."""
    state = by_age(now - until if until and until < now else None, LEASE_LATE, LEASE_DOWN)
    return PartHealth("lease", state, since=None if state is OK else until)


def _prefect(desk: Desk, noted: Condition | None, now: datetime) -> PartHealth:
    """Nothing stands still without Prefect, so it is never worse than late."""
    if noted is None:
        return PartHealth("prefect", OK if desk.prefect_url() else LATE, code="prefect_not_seen_yet")
    if noted.state != OK:
        return PartHealth("prefect", LATE, since=noted.since, code=noted.code)
    if now - noted.at > PREFECT_SILENT:
        return PartHealth("prefect", LATE, since=noted.at, code="prefect_not_asked")
    return PartHealth("prefect", OK, since=noted.since)


def _verified(noted: Condition | None, now: datetime) -> PartHealth:
    if noted is None:
        return PartHealth("record", LATE, code="record_never_verified")
    if noted.state != OK:
        return PartHealth("record", DOWN, since=noted.since, code=noted.code)
    old = now - noted.at > VERIFIED_LATE
    return PartHealth("record", LATE if old else OK, since=noted.at, code="record_verified_long_ago" if old else "")


def _holidays(desk: Desk, now: datetime) -> PartHealth:
    """After the last known year the days off are forecast, and a chain may call at the wrong hours."""
    known = desk.door.city.holidays
    ends = known is not None and known.wants_renewal(now)
    return PartHealth("holidays", LATE if ends else OK, code="holidays_end" if ends else "")


def of_signer(settings: Settings, now: datetime) -> Iterator[PartHealth]:
    """The age of the newest checkpoint, and why the signer refuses to make another, or which rows contradict it.

    Of what came after it, only the database itself knows.
    """
    try:
        status = checkpoints_of(settings).status()
    except Invalid as error:
        yield PartHealth("checkpoint", DOWN, code=error.code)
        return
    if status is None:
        yield PartHealth("checkpoint", LATE, code="checkpoint_missing")
        return
    at = status.when("signed_at")
    if status.code:
        yield PartHealth("checkpoint", DOWN, since=at, code=status.code, params={"seq": status.seq})
    else:
        state = by_age(now - at if at else None, CHECKPOINT_LATE, CHECKPOINT_DOWN)
        yield PartHealth("checkpoint", state, since=at, code="" if state is OK else "checkpoint_old")
    if status.differs:
        yield PartHealth("state", DOWN, status.differs[0], status.when("at"), "state_differs")


def of_witnesses(settings: Settings, now: datetime) -> Iterator[PartHealth]:
    """One line for each witness that should cosign."""
    with contextlib.suppress(Invalid):
        status = checkpoints_of(settings).status()
        for one in settings.witnesses:
            name = one.partition(" ")[2].strip().partition("+")[0]
            said = status.witnessed.get(name) if status else None
            at = datetime.fromisoformat(said) if said else None
            state = by_age(now - at, CHECKPOINT_LATE, CHECKPOINT_DOWN) if at else DOWN
            yield PartHealth("witness", state, name, at, "" if state is OK else "witness_silent")


def _carried(look: Look) -> Sequence[Anchored]:
    """What went outside; a record that is broken is told of by the check of the record."""
    try:
        return anchored(look)
    except LedgerBroken:
        return ()


def anchors(
    desk: Desk, known: Sequence[Anchored], noted: Mapping[str, Condition], now: datetime
) -> Iterator[PartHealth]:
    """One line for each way by which checkpoints go outside; a way that fell silent proves nothing any more."""
    for way, to, _ in anchoring.ways(desk.settings):
        at = next((one.at for one in known if (one.way, one.to) == (way, to)), None)
        failed = noted.get(anchoring.condition(way, to))
        code = failed.code if failed and failed.state != OK else ""
        state = by_age(now - at, ANCHOR_LATE, ANCHOR_DOWN) if at else LATE
        shown = code if code and state is not OK else ""
        yield PartHealth("anchor", state, f"{way}{to or ''}", at, shown or ("" if state is OK else "anchor_old"))


def _leaflet(settings: Settings, now: datetime) -> Iterator[PartHealth]:
    """How old the leaflet is that serves when we do not: by its file, so that a copy that was lost is missed."""
    if settings.bundle_folder is None:
        return
    try:
        at = datetime.fromtimestamp((settings.bundle_folder / LEAFLET).stat().st_mtime, UTC)
    except OSError:
        yield PartHealth("bundle", LATE, code="bundle_missing")
        return
    state = by_age(now - at, ANCHOR_LATE, ANCHOR_DOWN)
    yield PartHealth("bundle", state, since=at, code="" if state is OK else "bundle_old")


def _playbooks(desk: Desk) -> Iterator[PartHealth]:
    """One line for each playbook of the city itself that could not be used; the others go on."""
    for fault in desk.left_out:
        yield PartHealth("playbooks", LATE, str(fault.params.get("file", "")), code=fault.code, params=fault.params)
    if not desk.left_out:
        yield PartHealth("playbooks", OK)


def _disk(data: Path) -> PartHealth:
    free = shutil.disk_usage(data).free
    state = OK if free > FREE_LATE else LATE if free > FREE_DOWN else DOWN
    return PartHealth("disk", state, params={"free_mib": free // 1024**2})


def note_verified(desk: Desk, found: Verified) -> None:
    """Keep what a check of the record found; a database that is torn may not take it."""
    with contextlib.suppress(CsirtError, SQLAlchemyError):
        desk.commit(SYSTEM, health.found, "record", "ok" if found.ok else "down", found.why or "")


def broken(desk: Desk) -> tuple[str, ...]:
    """The names of the parts that are down, for the line on the board."""
    return tuple(dict.fromkeys(one.part for one in check(desk) if one.state is DOWN))


class Glance:
    """`broken` for a page that many look at: really looked at every two seconds, once for all of them.

    It is the same for everybody, for it tells of no incident. A clock that was set back is no reason to wait.
    """

    def __init__(self) -> None:
        """One for each application."""
        self._kept: tuple[datetime, tuple[str, ...]] | None = None

    def broken(self, desk: Desk) -> tuple[str, ...]:
        """The names of the parts that were down within the last two seconds."""
        now, kept = desk.clock.now(), self._kept
        if kept is None or not timedelta() <= now - kept[0] < GLANCED:
            kept = self._kept = (now, broken(desk))
        return kept[1]
