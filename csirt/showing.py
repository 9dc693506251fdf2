"""What Prefect shows: passes while they run, and once a minute everything that its page should say and does not."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Self, TypeVar

from csirt.bootstrap import Desk
from csirt.errors import Unavailable
from csirt.logs import log
from csirt.model.people import SYSTEM
from csirt.playbook.flow import PAGE, Stage, Work, waiting_for
from csirt.playbook.language import Playbook
from csirt.playbook.performance import Rest, Rested
from csirt.response import runs
from csirt.response.pools import Call
from csirt.response.runs import Claim
from csirt.store.queries import shown
from csirt.store.queries.shown import AtRest

T = TypeVar("T")
WAIT = 5  # seconds that a pass waits for Prefect before it goes on unseen
PAUSE = timedelta(seconds=5)  # how long Prefect is left alone after it did not answer
COMPARE = timedelta(minutes=1)  # between two comparisons of Prefect's page with our database
ENDS = timedelta(seconds=2)


class Showing:
    """A worker's side of Prefect. Prefect's clients are bound to the task that enters this, and to its children."""

    def __init__(self, desk: Desk, pool: str, note: Callable[[str, str, str], None]) -> None:
        """`pool`: the work pool that flow runs are given to; `note(part, state, code)` keeps how Prefect was found."""
        self._desk = desk
        self._pool = pool
        self._note = note
        self._clients = contextlib.AsyncExitStack()
        self._stage: Stage | None = None
        self._not_before = self._compare_at = self._ends_at = desk.clock.now()
        self._after = ""  # the run up to which pages were compared

    async def __aenter__(self) -> Self:
        """Enter it in the task whose children drive passes."""
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Close Prefect's clients."""
        await self._clients.aclose()

    @property
    def stage(self) -> Stage | None:
        """Prefect, if it answered when last asked."""
        return self._stage if self._desk.clock.now() >= self._not_before else None

    async def connect(self) -> None:
        """Connect as soon as Prefect answers; until then runs go on unseen."""
        if self._stage is None and self._desk.prefect_url() and self._desk.clock.now() >= self._not_before:
            try:
                async with asyncio.timeout(WAIT):  # in this task, whose context the clients are bound to
                    self._stage = await self._clients.enter_async_context(Stage(self._pool))
            except (Unavailable, TimeoutError) as error:
                await self._leave_alone(error)
            else:
                await self._say("ok")

    async def _leave_alone(self, error: BaseException | None = None) -> None:
        self._not_before = self._desk.clock.now() + PAUSE
        log().warning("prefect.unavailable", error=type(error.__cause__ or error).__name__ if error else "")
        await self._say("down", "prefect_unavailable")

    async def _say(self, state: str, code: str = "") -> None:
        with contextlib.suppress(Unavailable):
            await asyncio.to_thread(self._note, "prefect", state, code)

    async def _commit(self, use_case: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.to_thread(self._desk.commit, SYSTEM, use_case, *arguments)

    async def drive(self, play: Playbook, held: Claim, work: Work) -> None:
        """One pass inside Prefect, if it answers. Whether `work` was called at all, the caller sees."""
        stage = self.stage
        if stage is None:
            return
        try:
            async with asyncio.timeout(WAIT):
                run = await stage.run_for(_as_shown(play, sealed=held.sealed), held.incident, held.prefect_run)
        except (Unavailable, TimeoutError) as error:
            await self._leave_alone(error)
            return
        if str(run.id) != held.prefect_run:
            await self._commit(runs.shown_by, held.run, str(run.id))
        shown, began = _as_shown(play, sealed=held.sealed), False

        async def noted(show: Any) -> Rested | None:
            nonlocal began
            began = True
            return await work(show)

        rested = await stage.drive(shown, run, held.incident, noted)
        if not began:  # Prefect failed before the pass began: the lease is still ours
            await self._leave_alone()
        elif rested is not None and rested.rest is not Rest.WAITING:
            await self._commit(runs.mark_shown, held.run)

    async def call(self, calls: Iterable[Call]) -> None:
        """Call the pool for wake-ups that are committed: the state Scheduled on each run. Raises `Unavailable`."""
        stage = self.stage
        if stage is None:
            raise Unavailable("prefect_unavailable")
        try:
            for one in calls:
                play = self._desk.playbooks.get((one.playbook, one.version))
                if play is not None:
                    run = await stage.run_for(_as_shown(play, sealed=one.sealed), one.incident, one.prefect_run)
                    if str(run.id) != one.prefect_run:
                        await self._commit(runs.shown_by, one.run, str(run.id))
                    await stage.call(str(run.id))
        except Unavailable as error:
            await self._leave_alone(error)
            raise

    async def keep(self, *, leads: bool) -> None:
        """Show what passes could not: ends, and whatever was lost or changed in Prefect. One worker `leads`."""
        now, stage = self._desk.clock.now(), self.stage
        if stage is None:
            return
        try:
            if now >= self._ends_at:
                self._ends_at = now + ENDS
                await self._show_ends(stage)
            if leads and now >= self._compare_at:
                self._compare_at = now + COMPARE
                await self.compare(stage)
                await self._say("ok")
        except Unavailable as error:
            await self._leave_alone(error)

    async def _show_ends(self, stage: Stage) -> None:
        """Runs that ended while Prefect was away, or in a crash, are shown as ended."""
        for run, prefect_run, code in await asyncio.to_thread(self._desk.look, shown.ended_unshown):
            await stage.show_end(prefect_run, closed=not code, code=code)
            await self._commit(runs.mark_shown, run)

    async def compare(self, stage: Stage) -> None:
        """One page of runs, and more while something had to be healed; then what Prefect shows open and is not."""
        while await self._compare_page(stage) and self._after:
            pass
        ours = await asyncio.to_thread(self._desk.look, shown.count_open)
        if await stage.count_open() > ours:
            open_there = await stage.shown_open()
            ended = await asyncio.to_thread(self._desk.look, shown.ended_of, open_there.values())
            for prefect_run, incident in open_there.items():
                if incident in ended:
                    await stage.show_end(prefect_run, closed=not ended[incident], code=ended[incident])

    async def _compare_page(self, stage: Stage) -> int:
        """Compare the next runs at rest with what Prefect shows; returns how many had to be healed."""
        now = self._desk.clock.now()
        page = await asyncio.to_thread(self._desk.look, shown.at_rest, now, self._pool, self._after, PAGE)
        known = [one.prefect_run for one in page if one.prefect_run]
        names = await stage.as_shown(known) if known else {}
        wrong = [one for one in page if names.get(one.prefect_run or "") != waiting_for(one.steps, sealed=one.sealed)]
        for one in wrong:
            await self._heal(stage, one)
        self._after = page[-1].run if len(page) == PAGE else ""
        return len(wrong)

    async def _heal(self, stage: Stage, one: AtRest) -> None:
        """Show that a run waits, unless a pass has begun meanwhile; a lost flow run is made anew under its key."""
        now = self._desk.clock.now()
        still = await asyncio.to_thread(self._desk.look, shown.at_rest, now, self._pool, only=one.run)
        play = self._desk.playbooks.get((one.playbook, one.version))
        if still != [one] or play is None:
            return
        run = await stage.run_for(_as_shown(play, sealed=one.sealed), one.incident, one.prefect_run)
        if str(run.id) != one.prefect_run:
            await self._commit(runs.shown_by, one.run, str(run.id))
        await stage.show_waiting(str(run.id), one.steps, sealed=one.sealed)
        log().info("prefect.healed", run=one.run)


def _as_shown(play: Playbook, *, sealed: bool) -> Playbook:
    """A playbook under the name that Prefect is told."""
    return play.unnamed if sealed else play
