"""The worker's chores, each a plain function over the desk; `True` says that there may be more to do at once."""

import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlmodel import col, select

from csirt.bootstrap import Desk
from csirt.errors import CsirtError, DeliveryFailed, DirectoryUnavailable, LeaseLost
from csirt.logs import RecordLines, log
from csirt.model.message import Message
from csirt.model.people import SYSTEM, Person, Post
from csirt.playbook.language import Action
from csirt.playbook.responder import bounded, code_of, retry_time
from csirt.response import deliveries, escalations, health, incidents, people, runs, slow, tail
from csirt.response.deliveries import UNKNOWN_REPLY, Due
from csirt.response.slow import SlowAction
from csirt.store.queries.due import DueNow, due_now
from csirt.store.tables.runs import RunDueRow, RunRow
from csirt.store.tx import new_id

ROSTER_AGE = timedelta(minutes=10)
HEARTBEAT = timedelta(seconds=5)
SENT_AT_ONCE = 20
NOTED_AGAIN = timedelta(minutes=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Chores:
    """What a worker does besides driving runs."""

    def __init__(self, desk: Desk, pool: str = "") -> None:
        """One set a worker; `pool` is the work pool that it takes runs from."""
        self._desk = desk
        self._me, self._host, self._pool = new_id("w"), socket.gethostname(), pool
        self._lines = RecordLines(desk.settings.log_target, desk.settings.data / "record.log.jsonl")
        self._written: int | None = None
        self._roster_at = self._beat_at = _NEVER
        self._noted: dict[str, tuple[str, datetime]] = {}

    def _due(self) -> DueNow:
        with self._desk.read() as session:
            return due_now(session, self._desk.clock.now())

    def decide(self) -> bool:
        """Triage, timers and escalations: decisions that need no outside world."""
        due = self._due()
        if due.triage:
            for incident in self._desk.commit(SYSTEM, incidents.triage):
                log().info("incident.opened", incident=incident)
        if due.timers:
            self._desk.commit(SYSTEM, runs.fire_timers)
        if due.escalations:
            self._desk.commit(SYSTEM, escalations.advance)
        return due.triage or due.timers or due.escalations

    def send(self) -> bool:
        """Send what lies in the outbox: leased one by one, so that no lease runs out while others are being sent."""
        if not self._due().deliveries:
            return False
        for _ in range(SENT_AT_ONCE):
            claimed = self._desk.commit(SYSTEM, deliveries.claim, 1)
            if not claimed:
                return False
            try:
                self._send_one(claimed[0])
            except LeaseLost:
                log().warning("delivery.lease_lost", delivery=claimed[0].delivery)
        return True

    def _send_one(self, due: Due) -> None:
        channel = self._desk.channels.get(due.channel)
        if channel is None:
            self._desk.commit(SYSTEM, deliveries.failed, due, "channel_unknown", "", permanent=True)
            return
        reply = ""
        try:
            message = self._message(due)
            reply = UNKNOWN_REPLY  # what goes wrong from here on may go wrong after it has arrived
            receipt = channel.send(message)
        except DeliveryFailed as error:
            log().warning("delivery.failed", delivery=due.delivery, channel=due.channel, code=error.code)
            self._desk.commit(SYSTEM, deliveries.failed, due, error.code, error.reply, permanent=error.permanent)
            if not error.permanent:  # a refused address says nothing of the channel
                self._note(f"channel:{due.channel}", "down", error.code)
        except Exception as error:  # noqa: BLE001 - a message that cannot be written holds up none behind it
            log().error("delivery.broke", delivery=due.delivery, channel=due.channel, error=type(error).__name__)
            self._desk.commit(SYSTEM, deliveries.failed, due, code_of(error), reply, permanent=False)
        else:
            self._desk.commit(SYSTEM, deliveries.delivered, due, receipt)
            self._note(f"channel:{due.channel}", "ok")

    def _message(self, due: Due) -> Message:
        language = self._desk.settings.language
        facts = self._desk.wording.facts(due.facts, due.recipient, language, channel=due.channel, repeat=due.repeat)
        subject, body = self._desk.renderer.render(due.template, language, facts)
        return Message(
            id=due.delivery, template=due.template, language=language, recipient=due.recipient, subject=subject,
            body=body, at=due.queued_at, facts=facts, repeat=due.repeat,
        )  # fmt: skip

    def act_slowly(self) -> bool:
        """Do one slow action."""
        if not self._due().actions:
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
        """Write the heartbeat, and the roster from time to time."""
        now = self._desk.clock.now()
        if now - self._beat_at > HEARTBEAT:
            if self._beat_at == _NEVER:
                self._desk.commit(SYSTEM, health.replace, "worker", self._host, self._pool, 6 * HEARTBEAT)
            self._desk.commit(SYSTEM, health.beat, self._me, "worker", self._host, self._pool)
            self._beat_at = now
        if now - self._roster_at > ROSTER_AGE:
            self._roster_at = now
            self._read_directory()

    def rest(self) -> None:
        """Take the heartbeat back: this worker ends in order, and nobody need look for it."""
        self._desk.commit(SYSTEM, health.rest, self._me)

    def _note(self, part: str, state: str, code: str = "") -> None:
        """Keep how a part was found; written when it changed, and once a minute."""
        now = self._desk.clock.now()
        before, at = self._noted.get(part, ("", _NEVER))
        if before != state or now - at > NOTED_AGAIN:
            self._noted[part] = (state, now)
            self._desk.commit(SYSTEM, health.found, part, state, code)

    def _read_directory(self) -> None:
        try:
            known, posts = self._desk.directory.people(), self._desk.directory.posts()
        except DirectoryUnavailable as error:
            log().warning("directory.unavailable")
            self._note("directory", "down", error.code)
        else:
            self._refresh(known, posts)

    def _refresh(self, known: Mapping[str, Person], posts: Mapping[str, Post]) -> None:
        try:
            self._desk.commit(SYSTEM, people.refresh, known, posts)
        except DirectoryUnavailable as error:
            log().error("directory.empty")
            self._note("directory", "down", error.code)
        else:
            self._note("directory", "ok")

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

    def ended_unshown(self) -> list[tuple[str, str, str]]:
        """Ended runs that Prefect's page still shows as open: run, flow run, the code of what stopped it."""
        with self._desk.read() as session:
            rows = session.exec(
                select(RunDueRow.run, RunDueRow.prefect_run, RunRow.stopped_by)
                .join(RunRow, col(RunDueRow.run) == col(RunRow.id))
                .where(col(RunDueRow.ended), col(RunDueRow.shown).is_(False))
                .limit(50)
            ).all()
        return [(run, shown, code or "") for run, shown, code in rows if shown]
