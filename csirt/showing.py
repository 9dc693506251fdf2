"""What Prefect shows: passes while they run, and once a minute everything that its page should say and does not."""

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from csirt.bootstrap import Desk
from csirt.errors import CsirtError, LeaseLost, Unavailable
from csirt.logs import log
from csirt.model.people import SYSTEM
from csirt.model.step import Json
from csirt.playbook.language import Playbook
from csirt.playbook.performance import Rest, Rested
from csirt.playbook.place import Show
from csirt.response import runs
from csirt.response.pools import Call
from csirt.response.runs import Claim
from csirt.store.queries import shown
from csirt.store.queries.shown import AtEnd, AtRest

if TYPE_CHECKING:
    from csirt.playbook.flow import Stage

T = TypeVar("T")
WAIT = 5  # seconds that Prefect is given to answer
PATIENCE = 5.0  # seconds that a display lets passes go first, where one follows the other
PAUSE = timedelta(seconds=5)  # how long Prefect is left alone after it did not answer
COMPARE = timedelta(minutes=1)  # between two comparisons of Prefect's page with our database
ENDS = timedelta(seconds=2)


class Display:
    """How one pass is shown. No action waits for it: what was attempted before Prefect answered is shown afterwards."""

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self.has_turn = False
        self._how: Show | None = None
        self.unseen: list[tuple[str, Exception | None]] = []  # attempts that went on unseen: step, and how they failed

    def show(self, step: str, attempt: Callable[[], Json]) -> Json:
        """Run an attempt, shown if Prefect shows this pass already; called in the thread of the pass."""
        if self._how is not None:
            return self._how(step, attempt)
        try:
            value = attempt()
        except Exception as error:
            self.unseen.append((step, error))
            raise
        self.unseen.append((step, None))
        return value

    def begin(self, how: Show) -> None:
        """From now on attempts are shown like this."""
        self._how = how

    def follow(self, before: "Display") -> None:
        """Show also what an earlier pass attempted, whose own display never had its turn."""
        self.unseen[:0] = before.unseen  # in place: this pass may be adding to it

    def make_up(self) -> None:
        """Show the attempts that went on unseen, once the pass has ended and something shows it; blocks."""
        assert self._how is not None
        for step, error in self.unseen:
            with contextlib.suppress(Exception):  # the attempt's own, which the pass has seen to
                self._how(step, partial(_again, error))


def _again(error: Exception | None) -> Json:
    """The outcome of an attempt, without the attempt."""
    if error is not None:
        raise error
    return {}


class Showing:
    """A worker's side of Prefect. Prefect's clients are bound to a context of their own; displays run inside it."""

    def __init__(self, desk: Desk, pool: str, note: Callable[[str, str, str], None]) -> None:
        """`pool`: the work pool that flow runs are given to; `note(part, state, code)` keeps how Prefect was found."""
        self._desk = desk
        self._turns = asyncio.Semaphore(desk.settings.side_by_side)
        self.calm = asyncio.Event()  # no pass is under way
        self.calm.set()
        self._pool = pool
        self._note = note
        self._inside = contextvars.copy_context()  # where Prefect's clients are bound
        self._holder: asyncio.Task[None] | None = None
        self._asked, self._tried = asyncio.Event(), asyncio.Event()
        self._displays: dict[str, tuple[asyncio.Task[None], Display]] = {}  # what is to be shown, by run
        self._stage: Stage | None = None
        self._not_before = self._compare_at = self._ends_at = desk.clock.now()
        self._after = ""  # the run up to which pages were compared

    async def __aenter__(self) -> Self:
        """Begin to look for Prefect whenever `connect` asks for it."""
        self._holder = asyncio.create_task(self._hold(), context=self._inside)
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Close Prefect's clients."""
        if self._holder:
            self._holder.cancel()
            await asyncio.wait([self._holder])

    @property
    def stage(self) -> "Stage | None":
        """Prefect, if it answered when last asked."""
        return self._stage if self._desk.clock.now() >= self._not_before else None

    def connect(self) -> None:
        """Look for Prefect, beside whatever goes on; until it answers runs go on unseen."""
        is_time = self._desk.clock.now() >= self._not_before
        if self._stage is None and is_time and not self._asked.is_set() and self._desk.prefect_url():
            self._tried.clear()
            self._asked.set()

    async def reached(self) -> "Stage | None":
        """Prefect; where it was not connected yet, after one try."""
        self.connect()
        if self._asked.is_set():
            await self._tried.wait()
        return self.stage

    async def _hold(self) -> None:
        """Prefect's clients are opened and closed in this one task."""
        async with contextlib.AsyncExitStack() as clients:
            while True:
                await self._asked.wait()
                stage = await asyncio.to_thread(_new_stage, self._pool)
                try:
                    async with asyncio.timeout(WAIT):
                        self._stage = await clients.enter_async_context(stage)
                    await self._say("ok")
                except (Unavailable, TimeoutError) as error:
                    await self._leave_alone(error)
                finally:
                    self._asked.clear()
                    self._tried.set()

    async def _leave_alone(self, error: BaseException | None = None) -> None:
        self._not_before = self._desk.clock.now() + PAUSE
        log().warning("prefect.unavailable", error=type(error.__cause__ or error).__name__ if error else "")
        await self._say("down", "prefect_unavailable")

    async def _say(self, state: str, code: str = "") -> None:
        with contextlib.suppress(Unavailable):
            await asyncio.to_thread(self._note, "prefect", state, code)

    async def _commit(self, use_case: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.to_thread(self._desk.commit, SYSTEM, use_case, *arguments)

    def follow(self, play: Playbook, held: Claim, ended: Awaitable[Rested], display: Display) -> None:
        """Let Prefect show a pass that goes on meanwhile, if Prefect answers. Passes of one run follow one another."""
        before = self._displays.get(held.run)
        follow = self._follow(play, held, ended, display, before[0] if before else None)
        task = asyncio.create_task(follow, context=self._inside.copy())
        self._displays[held.run] = task, display
        task.add_done_callback(partial(self._let_go, held.run))
        if before and not before[1].has_turn:  # its pass has ended, and this one shows more
            display.follow(before[1])
            before[0].cancel()

    def _let_go(self, run: str, task: asyncio.Task[None]) -> None:
        if self._displays.get(run, (None,))[0] is task:
            del self._displays[run]

    def under_way(self) -> list[asyncio.Task[None]]:
        """What is still to be shown."""
        return [task for task, _ in self._displays.values()]

    async def shown(self, run: str) -> None:
        """Return when Prefect shows all of a run, or cannot."""
        if run in self._displays:
            await asyncio.wait([self._displays[run][0]])

    async def _follow(
        self, play: Playbook, held: Claim, ended: Awaitable[Rested], display: Display,
        before: asyncio.Task[None] | None,
    ) -> None:  # fmt: skip
        try:
            if before is not None:
                await asyncio.wait([before])
            async with self._turn(display):
                if await self.reached() is not None:
                    await self._drive(play, held, ended, display)
        except CsirtError as error:  # the comparison shows it later
            log().warning("prefect.pass_not_shown", run=held.run, code=error.code)
        except Exception as error:  # noqa: BLE001 - a display that breaks ends no worker
            log().error("prefect.showing_broke", run=held.run, error=type(error).__name__, exc_info=error)

    @contextlib.asynccontextmanager
    async def _turn(self, display: Display) -> AsyncIterator[None]:
        """A few at once, and passes first: people wait for those, and a display costs as much as several."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self.calm.wait()
        async with self._turns:
            display.has_turn = True
            yield

    async def _drive(self, play: Playbook, held: Claim, ended: Awaitable[Rested], display: Display) -> None:
        """One pass inside Prefect, if it answers."""
        stage = self.stage
        if stage is None:
            return
        shown, began = _as_shown(play, sealed=held.sealed), False
        try:
            async with asyncio.timeout(WAIT):
                run = await stage.run_for(shown, held.incident, held.prefect_run)
        except (Unavailable, TimeoutError) as error:
            await self._leave_alone(error)
            return
        if str(run.id) != held.prefect_run:
            await self._commit(runs.shown_by, held.run, str(run.id))

        async def noted(how: Show) -> Rested | None:
            nonlocal began
            began = True
            inside = contextvars.copy_context()  # Prefect finds its run there
            display.begin(lambda step, attempt: inside.run(how, step, attempt))
            rested = await _as_ended(ended)
            if rested is not None:
                await asyncio.to_thread(display.make_up)
            return rested

        rested = await stage.drive(shown, run, held.incident, noted)
        if not began:
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
                if one.is_ours and one.prefect_run and await stage.call(one.prefect_run):
                    continue
                if prefect_run := await self._shown_by(stage, one):
                    await stage.call(prefect_run)
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

    async def _show_ends(self, stage: "Stage") -> None:
        """Runs that ended while Prefect was away, or in a crash, are shown as ended; also those it has never seen."""
        for one in await asyncio.to_thread(self._desk.look, shown.ended_unshown):
            if one.run not in self._displays:
                prefect_run = one.prefect_run or await self._shown_by(stage, one)
                if prefect_run:
                    await stage.show_end(prefect_run, closed=not one.code, code=one.code)
                await self._commit(runs.mark_shown, one.run)

    async def compare(self, stage: "Stage") -> None:
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

    async def _compare_page(self, stage: "Stage") -> int:
        """Compare the next runs at rest with what Prefect shows; returns how many had to be healed."""
        now = self._desk.clock.now()
        page = await asyncio.to_thread(self._desk.look, shown.at_rest, now, self._pool, self._after, stage.page)
        known = [one.prefect_run for one in page if one.prefect_run]
        names = await stage.as_shown(known) if known else {}
        wrong = [
            one for one in page if names.get(one.prefect_run or "") != stage.waiting_for(one.steps, sealed=one.sealed)
        ]
        for one in wrong:
            await self._heal(stage, one)
        self._after = page[-1].run if len(page) == stage.page else ""
        return len(wrong)

    async def _heal(self, stage: "Stage", one: AtRest) -> None:
        """Show that a run waits, unless a pass has begun meanwhile; a lost flow run is made anew under its key."""
        now = self._desk.clock.now()
        still = await asyncio.to_thread(self._desk.look, shown.at_rest, now, self._pool, only=one.run)
        if still == [one] and (prefect_run := await self._shown_by(stage, one)):
            await stage.show_waiting(prefect_run, one.steps, sealed=one.sealed)
            log().info("prefect.healed", run=one.run)

    async def _shown_by(self, stage: "Stage", one: AtRest | AtEnd | Call) -> str:
        """The flow run that shows a run, made if Prefect has none; empty: its playbook is not known here."""
        play = self._desk.playbooks.get((one.playbook, one.version))
        if play is None:
            return ""
        run = await stage.run_for(_as_shown(play, sealed=one.sealed), one.incident, one.prefect_run)
        if str(run.id) != one.prefect_run:
            await self._commit(runs.shown_by, one.run, str(run.id))
        return str(run.id)


def _new_stage(pool: str) -> "Stage":
    """Prefect's side of a worker; blocks."""
    from csirt.playbook.flow import Stage  # lazy: takes longer than all else that a worker needs; passes go on

    return Stage(pool)


async def _as_ended(ended: Awaitable[Rested]) -> Rested | None:
    """How a pass ended, as Prefect may be told; None: it goes on, here or elsewhere."""
    try:
        return await asyncio.shield(ended)
    except (LeaseLost, Unavailable):
        return None
    except Exception:  # noqa: BLE001 - whoever awaits the pass handles it; Prefect would show its text
        return Rested(Rest.STOPPED, code="playbook_error")


def _as_shown(play: Playbook, *, sealed: bool) -> Playbook:
    """A playbook under the name that Prefect is told."""
    return play.unnamed if sealed else play
