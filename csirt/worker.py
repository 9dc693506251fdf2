"""The worker: one loop that claims due work and does it. Any worker may die at any moment."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

from csirt import bell
from csirt.bootstrap import Desk
from csirt.chores import Chores
from csirt.errors import CsirtError, LeaseLost, Unavailable
from csirt.logs import log
from csirt.model.people import SYSTEM
from csirt.playbook.flow import Stage
from csirt.playbook.language import Playbook
from csirt.playbook.performance import Rested, perform
from csirt.playbook.place import Show, plainly
from csirt.response import reaching, runs
from csirt.response.runs import Claim
from csirt.sending import Senders
from csirt.store.queries.due import due_now

T = TypeVar("T")
SCAN = 0.25  # seconds between looks, when nobody rings
RENEW = runs.LEASE / 3
SLOW_AT_ONCE = 3  # slow actions side by side, so that one of an hour holds up no other case
PREFECT_WAIT = 5  # seconds that a pass waits for Prefect before it goes on unseen
PREFECT_PAUSE = timedelta(seconds=5)  # how long Prefect is left alone after it did not answer


class Worker:
    """Drives runs, and does the chores: triage, timers, escalations, messages, slow actions, log lines."""

    def __init__(self, desk: Desk) -> None:
        """One worker a process."""
        self._desk = desk
        self._chores = Chores(desk)
        self._senders = Senders(desk)
        self._heard = asyncio.Event()
        self._stop = asyncio.Event()
        self._threads = ThreadPoolExecutor(9 + SLOW_AT_ONCE, thread_name_prefix="worker")
        self._clients = contextlib.AsyncExitStack()
        self._stage: Stage | None = None
        self._prefect_after = desk.clock.now()

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT; what is under way is left for the next worker."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        ear = await bell.listen(self._desk.settings.data, self._heard)
        log().info("worker.started")
        slow = (self._act_slowly,) * SLOW_AT_ONCE
        chores = (self._do_chores, self._send, *slow, self._write_lines, self._keep_house, self._check_evidence)
        tasks = [asyncio.create_task(self._drive()), *(asyncio.create_task(self._forever(step)) for step in chores)]
        told = asyncio.create_task(self._stop.wait())
        await asyncio.wait([told, *tasks], return_when=asyncio.FIRST_COMPLETED)
        if not self._stop.is_set():  # half a worker looks alive and is not: let another be started
            log().error("worker.task_ended")
        for task in (told, *tasks):
            task.cancel()
        await asyncio.gather(told, *tasks, return_exceptions=True)
        if ear:
            ear.close()
        with contextlib.suppress(CsirtError):  # it will be found silent instead
            await self._in_thread(self._chores.rest)
        self._senders.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)
        log().info("worker.stopped")

    async def _drive(self) -> None:
        """Drive runs; Prefect's clients are opened and closed in this one task, whose context they are bound to."""
        async with contextlib.AsyncExitStack() as self._clients:
            await self._forever(self._drive_due)

    async def _open_stage(self) -> None:
        """Connect to Prefect as soon as it answers; until then runs go on unseen."""
        if self._stage is None and self._desk.prefect_url() and self._desk.clock.now() >= self._prefect_after:
            try:
                async with asyncio.timeout(PREFECT_WAIT):  # in this task, whose context the clients are bound to
                    self._stage = await self._clients.enter_async_context(Stage())
            except (Unavailable, TimeoutError):
                self._leave_prefect_alone()

    def _leave_prefect_alone(self) -> None:
        self._prefect_after = self._desk.clock.now() + PREFECT_PAUSE
        log().warning("prefect.unavailable")

    async def _forever(self, step: Callable[[], "asyncio.Future[bool] | object"]) -> None:
        """Repeat a step: at once while it finds work, else after a ring or the scan's interval."""
        while not self._stop.is_set():
            busy = False
            try:
                busy = bool(await step())  # type: ignore[misc]
            except CsirtError as error:
                log().warning("worker.step_failed", step=step.__name__, code=error.code)
            except Exception as error:  # the worker outlives every fault, and says which it was
                log().error("worker.step_broke", step=step.__name__, error=type(error).__name__, exc_info=error)
            if not busy:
                await self._pause()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), SCAN)
        self._heard.clear()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _drive_due(self) -> bool:
        """Take one due run and go through its playbook."""
        held = await self._in_thread(self._claim)
        if held is None:
            return False
        play = self._desk.playbooks.get((held.playbook, held.version))
        if play is None:
            await self._in_thread(lambda: self._desk.commit(SYSTEM, reaching.stop, held, "playbook_unknown"))
            return True
        renewing = asyncio.create_task(self._renew(held))
        try:
            await self._pass(play, held)
        except LeaseLost:
            log().warning("worker.lease_lost", run=held.run)
        except CsirtError:
            raise
        except Exception as error:  # a fault in a playbook's own code stops its run and nobody else's
            log().error("playbook.broke", run=held.run, error=type(error).__name__, exc_info=error)
            await self._in_thread(lambda: self._desk.commit(SYSTEM, reaching.stop, held, "playbook_error"))
        finally:
            renewing.cancel()
        return True

    def _claim(self) -> Claim | None:
        with self._desk.read() as session:
            if not due_now(session, self._desk.clock.now()).runs:
                return None
        return self._desk.commit(SYSTEM, runs.claim)

    async def _renew(self, held: Claim) -> None:
        while True:
            await asyncio.sleep(RENEW.total_seconds())
            try:
                await self._in_thread(lambda: self._desk.commit(SYSTEM, runs.renew, held))
            except LeaseLost:
                return  # the pass notices at its next commit
            except CsirtError as error:  # one renewal missed; two more fit into the lease
                log().warning("worker.not_renewed", run=held.run, code=error.code)

    async def _pass(self, play: Playbook, held: Claim) -> None:
        """One pass, shown by Prefect if it answers; response to an incident never waits for its display."""

        def work(show: Show) -> Rested:
            return perform(play, self._desk.door, held, self._desk.hands, show)

        shown = None
        await self._open_stage()
        if self._stage and self._desk.clock.now() >= self._prefect_after:
            try:
                shown = await asyncio.wait_for(self._stage.run_for(play, held.incident, held.prefect_run), PREFECT_WAIT)
            except (Unavailable, TimeoutError):
                self._leave_prefect_alone()
        if shown is None or self._stage is None:
            await self._in_thread(lambda: work(plainly))
            return
        if str(shown.id) != held.prefect_run:
            await self._in_thread(lambda: self._desk.commit(SYSTEM, runs.shown_by, held.run, str(shown.id)))
        rested = await self._stage.drive(play, shown, held.incident, work)
        if rested is None:  # Prefect failed before the pass began: the lease is still ours
            self._prefect_after = self._desk.clock.now() + PREFECT_PAUSE
            await self._in_thread(lambda: work(plainly))
        elif rested.rest != "waiting":
            await self._in_thread(lambda: self._desk.commit(SYSTEM, runs.mark_shown, held.run))

    async def _do_chores(self) -> bool:
        return await self._in_thread(self._chores.decide)

    async def _send(self) -> bool:
        return await self._in_thread(self._senders.start_due)

    async def _act_slowly(self) -> bool:
        return await self._in_thread(self._chores.act_slowly)

    async def _write_lines(self) -> bool:
        return await self._in_thread(self._chores.write_lines)

    async def _check_evidence(self) -> bool:
        return await self._in_thread(self._chores.check_evidence)

    async def _keep_house(self) -> bool:
        await self._in_thread(self._chores.keep_house)
        await self._show_ends()
        return False

    async def _show_ends(self) -> None:
        """Runs that ended while Prefect was away, or in a crash, are shown as ended."""
        if self._stage is None or self._desk.clock.now() < self._prefect_after:
            return
        for run, prefect_run, code in await self._in_thread(self._chores.ended_unshown):
            try:
                await self._stage.show_end(prefect_run, closed=not code, code=code)
            except Unavailable:
                self._leave_prefect_alone()
                return
            await self._in_thread(lambda run=run: self._desk.commit(SYSTEM, runs.mark_shown, run))  # type: ignore[misc]


def work(desk: Desk) -> None:
    """Run one worker until it is told to stop."""
    asyncio.run(Worker(desk).run())
