"""The worker's chores, each a plain function over the desk; `True` says that there may be more to do at once."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from csirt import anchoring, erasing, leaflets
from csirt.bootstrap import Desk
from csirt.era import jst_date
from csirt.errors import CsirtError, DirectoryUnavailable, LeaseLost, Unavailable
from csirt.logs import RecordLines, log
from csirt.model.people import SYSTEM
from csirt.playbook.acts import bounded, code_of, retry_time
from csirt.playbook.language import Action
from csirt.response import (
    asking,
    clock_steps,
    drafts,
    duties,
    escalations,
    health,
    ignoring,
    indexing,
    measures,
    people,
    reminders,
    slow,
    sources,
    tail,
    takeover,
    timers,
    triage,
)
from csirt.response.slow import SlowAction
from csirt.sending import Sender
from csirt.store.queries import workings
from csirt.store.queries.due import (
    DueNow,
    channels_due,
    due_now,
    errands_due,
    escalations_due,
    measures_due,
    reminders_due,
    timers_due,
)
from csirt.store.tx import new_id

ROSTER_AGE = timedelta(minutes=10)
ROSTER_AGAIN = timedelta(minutes=1)  # while the directory does not answer
HEARTBEAT = timedelta(seconds=5)
EVIDENCE_SCAN = timedelta(minutes=1)
ABANDONED = timedelta(days=1)  # an upload that still lies unfinished after so long is nobody's
SENT_AT_ONCE = 20
DAILY_AGAIN = timedelta(minutes=10)  # until a way that failed is tried again
NOTED_AGAIN = timedelta(minutes=1)
LISTEN = timedelta(seconds=15)  # between two looks whether every source is heard
_NEVER = datetime.min.replace(tzinfo=UTC)


class Chores:
    """What a worker does besides driving runs."""

    def __init__(self, desk: Desk, pool: str = "") -> None:
        """One set a worker; `pool` is the work pool that it takes runs from."""
        self._desk = desk
        self._me, self._host, self._pool = new_id("w"), socket.gethostname(), pool
        self._sender = Sender(desk)
        self._lines = RecordLines(desk.settings.log_target, desk.settings.data / "record.log.jsonl")
        self._written: int | None = None
        self._findable = 0  # entries that search knows of
        self._roster_at = self._beat_at = self._evidence_at = self._swept_at = self._listened_at = _NEVER
        self._roster_age = ROSTER_AGE
        self._reviewed_on: date | None = None
        self._daily_on: date | None = None
        self._daily_at = _NEVER
        self._clock_base: datetime | None = None  # the wall clock's time when the other one was at nought
        self._noted: dict[str, tuple[str, datetime]] = {}

    def decide(self) -> bool:
        """Triage, timers, escalations and reminders: decisions that need no outside world."""
        self._watch_clock()
        due = self.due()
        failures: list[Exception] = []
        for is_due, decision in (
            (due.escalations, self._advance),
            (due.timers, self._fire),
            (due.reminders, self._remind),
            (due.triage, self._triage),
        ):
            try:
                if is_due:
                    decision()
            except Exception as error:  # noqa: BLE001 - raised below: a bad report must not keep anybody from being called
                failures.append(error)
        if failures:
            raise failures[0]
        return due.triage or due.timers or due.escalations or due.reminders

    def _triage(self) -> None:
        for incident in self._desk.commit(SYSTEM, triage.triage):
            log().info("incident.opened", incident=incident)

    def _advance(self) -> None:
        with self._one_by_one(escalations.advance, escalations_due):
            self._desk.commit(SYSTEM, escalations.advance)

    def _fire(self) -> None:
        with self._one_by_one(timers.fire, timers_due):
            self._desk.commit(SYSTEM, timers.fire)

    def _remind(self) -> None:
        with self._one_by_one(reminders.fire, reminders_due):
            self._desk.commit(SYSTEM, reminders.fire)
        with self._one_by_one(measures.remind, measures_due):
            self._desk.commit(SYSTEM, measures.remind)
        with self._one_by_one(asking.remind, errands_due):
            self._desk.commit(SYSTEM, asking.remind)

    @contextmanager
    def _one_by_one(
        self, use_case: Callable[..., int], due: Callable[[Session, datetime], Sequence[str | int]]
    ) -> Iterator[None]:
        """What is due goes together; where one of it breaks that, each for itself, so that it holds up no other."""
        try:
            yield
        except Unavailable:
            raise
        except Exception as error:
            log().error("decision.broke", decision=use_case.__name__, error=type(error).__name__)
            with self._desk.read() as session:
                found = due(session, self._desk.clock.now())
            for one in found:
                with suppress(Exception):  # it is the one that broke them all, or another like it
                    self._desk.commit(SYSTEM, use_case, only=one)
            raise

    def _watch_clock(self) -> None:
        """Was the machine's clock set since the last look, or since a worker of this boot looked last?"""
        base = self._desk.clock.now() - timedelta(milliseconds=self._desk.clock.monotonic_ms())
        if self._clock_base is None or abs(base - self._clock_base) > clock_steps.STEP:
            if self._desk.commit(SYSTEM, clock_steps.notice):
                log().warning("clock.stepped")
            self._clock_base = base

    def send(self) -> bool:
        """Send what lies in the outbox, one message after the other; the worker has senders side by side."""
        for _ in range(SENT_AT_ONCE):
            with self._desk.read() as session:
                due = channels_due(session, self._desk.clock.now())
            sent = [self._sender.send_next(name) for name in due]
            if True not in sent:
                return False
        return True

    def act_slowly(self) -> bool:
        """Do one slow action."""
        if not self.due().actions:
            return False
        within = max((action.within for action in self._desk.actions.values() if action.slow), default=slow.WITHIN)
        held = self._desk.commit(SYSTEM, slow.claim, max(within, slow.WITHIN))
        if held is None:
            return False
        action = self._desk.actions.get(held.action)
        try:
            self._act(action, held)
        except LeaseLost:
            log().warning("action.lease_lost", run=held.run)
        return True

    def _act(self, action: Action | None, held: SlowAction) -> None:
        if action is None:
            self._desk.commit(SYSTEM, slow.failed, held, "action_unknown", None)
            return
        try:
            value = bounded(action, self._desk.hands.at(held.incident, held.key), held.arguments)
        except Exception as error:  # noqa: BLE001 - also a fault of its code: tried again, then given up and told
            if not isinstance(error, CsirtError | OSError):
                log().error("action.broke", action=action.name, error=type(error).__name__, exc_info=error)
            retry_at = retry_time(self._desk.clock.now(), held.attempt, action.tries, error)
            self._desk.commit(SYSTEM, slow.failed, held, code_of(error), retry_at)
        else:
            self._desk.commit(SYSTEM, slow.done, held, value)

    def keep_house(self) -> None:
        """Free what the dead held, write the heartbeat, and the roster from time to time."""
        self._watch_clock()  # also when nothing is due: a clock set back would have everybody wait
        now = self._desk.clock.now()
        if dead := self._desk.look(takeover.orphaned, now):
            log().warning("worker.took_over", freed=self._desk.commit(SYSTEM, takeover.free, dead))
        if abs(now - self._beat_at) > HEARTBEAT:  # the clock may have been set back
            if self._beat_at == _NEVER:
                self._desk.commit(SYSTEM, health.replace, "worker", self._host, self._pool, 6 * HEARTBEAT)
            self._desk.commit(SYSTEM, health.beat, self._me, "worker", self._host, self._pool)
            self._beat_at = now
        if abs(now - self._roster_at) > self._roster_age:
            self._roster_at = now
            self._roster_age = ROSTER_AGE if self._read_directory() else ROSTER_AGAIN
        if now - self._listened_at > LISTEN:
            self._listened_at = now
            self._miss_sources()
            self._end_ignore_rules()
        if self._reviewed_on != jst_date(now) and self.leads() and not self._desk.commit(SYSTEM, duties.review_all):
            self._reviewed_on = jst_date(now)  # days passed and rules may have changed: nothing is left to mend today
            self._desk.commit(SYSTEM, drafts.sweep)

    def _miss_sources(self) -> None:
        """A source that is silent for too long is missed, and one that is heard again is not."""
        known = tuple(self._desk.door.city.sources.values())
        with self._desk.read() as session:
            if not known or not sources.needs_watch(session, known, self._desk.clock.now()):
                return
        for name in self._desk.commit(SYSTEM, sources.watch):
            log().warning("source.silent", source=name)

    def _end_ignore_rules(self) -> None:
        """Rules that set detections aside end when their time is over, and what was snoozed comes back."""
        with self._desk.read() as session:
            if not ignoring.overdue(session, self._desk.clock.now()):
                return
        self._desk.commit(SYSTEM, ignoring.expire)

    def do_daily(self) -> None:
        """The checkpoint of the day goes outside, and the leaflet is made; what failed is tried again after a while."""
        now = self._desk.clock.now()
        if self._daily_on == jst_date(now) or abs(now - self._daily_at) < DAILY_AGAIN or not self.leads():
            return
        self._daily_at = now
        carried, written = anchoring.carry(self._desk, self.note), self._write_leaflet(now)
        if carried and written:
            self._daily_on = jst_date(now)

    def _write_leaflet(self, now: datetime) -> bool:
        """Once a day; health knows its age by what is noted here. True: nothing is left to do today."""
        folder, settings = self._desk.settings.bundle_folder, self._desk.settings
        if folder is None:
            return True
        before = self._desk.look(workings.conditions).get(leaflets.PART)
        if before and before.state == "ok" and jst_date(before.at) == jst_date(now) and folder.is_dir():
            return True
        try:
            leaflets.write_leaflet(self._desk, folder, settings.language)
        except CsirtError as error:
            log().warning("leaflet.failed", code=error.code)
            self._desk.commit(SYSTEM, health.found, leaflets.PART, "late", error.code)
            return False
        self._desk.commit(SYSTEM, health.found, leaflets.PART, "ok")
        return True

    def leads(self) -> bool:
        """Is this the worker that began first, of those that live? It does what one alone should do."""
        alive = self._desk.clock.now() - 3 * HEARTBEAT
        return [one.process for one in self._desk.look(workings.beats) if one.at > alive][:1] == [self._me]

    def due(self) -> DueNow:
        """Which kinds of work wait for this worker; one look for all of them."""
        with self._desk.read() as session:
            return due_now(session, self._desk.clock.now(), self._pool)

    def unwritten(self, entries: int) -> bool:
        """Does the record, of so many entries, hold one that was not written as a line?"""
        return self._written is None or self._written < entries - 1

    def rest(self) -> None:
        """Take the heartbeat back: this worker ends in order, and nobody need look for it."""
        self._desk.commit(SYSTEM, health.rest, self._me)

    def note(self, part: str, state: str, code: str = "") -> None:
        """Keep how a part was found; written when it changed, and once a minute."""
        now = self._desk.clock.now()
        before, at = self._noted.get(part, ("", _NEVER))
        if before != state or abs(now - at) > NOTED_AGAIN:
            self._noted[part] = (state, now)
            self._desk.commit(SYSTEM, health.found, part, state, code)

    def _read_directory(self) -> bool:
        """Keep what the directory says; did it say something that can be believed?"""
        try:
            listing = self._desk.directory.listing()
            self._desk.commit(SYSTEM, people.refresh, listing.people, listing.posts)
        except DirectoryUnavailable as error:
            log().warning("directory.unavailable", code=error.code)
            self._desk.commit(SYSTEM, people.lost, error.code)
            return False
        self._desk.commit(SYSTEM, people.heard)
        return True

    def check_evidence(self) -> bool:
        """Hash one piece of evidence again, if one is due; take away what uploads left unfinished."""
        now = self._desk.clock.now()
        if abs(now - self._evidence_at) < EVIDENCE_SCAN:
            return False
        if abs(now - self._swept_at) > ABANDONED:
            self._swept_at = now
            self._desk.custody.files.sweep((now - ABANDONED).timestamp())
            erasing.sweep(self._desk, (now - ABANDONED).timestamp())
        if self._desk.custody.check_one():
            return True
        self._evidence_at = now
        return False

    def unfindable(self, entries: int) -> bool:
        """Does the record, of so many entries, hold what search does not know of yet?"""
        return self._findable < entries

    def make_findable(self) -> bool:
        """Put what is new in the record into the index of words."""
        more, self._findable = self._desk.commit(SYSTEM, indexing.catch_up)
        return more

    def write_lines(self) -> bool:
        """Write what is new in the record as log lines."""
        if self._written is None:
            self._written = self._desk.look(tail.resume, self._lines.last_seq())
        lines = self._desk.look(tail.entries_after, self._written)
        if not lines:
            return False
        written, self._written = int(lines[-1]["event.sequence"]), None  # after a failure the file itself is asked
        self._lines.write(lines)
        self._desk.commit(SYSTEM, tail.move, written)
        self._written = written
        return len(lines) == tail.BATCH
