"""The worker: looks what is due, claims it and does it. Any worker may die at any moment."""

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from csirt import bell
from csirt.bootstrap import Desk
from csirt.chores import Chores
from csirt.collecting import Collector, collecting, collectors
from csirt.errors import CsirtError, LeaseLost
from csirt.logs import log
from csirt.model.people import SYSTEM
from csirt.playbook.language import Playbook
from csirt.playbook.performance import perform
from csirt.replying import Replies
from csirt.response import pools, reaching, runs
from csirt.response.runs import Claim
from csirt.sending import Senders
from csirt.showing import Display, Showing
from csirt.store.queries import workings
from csirt.store.queries.due import DueNow
from csirt.turns import take_short_turns
from csirt.watching import Watcher

T = TypeVar("T")
SCAN = 0.25  # seconds between looks, when nobody rings
HOUSE = 1.0  # seconds between two looks after the house
DAILY = 15.0  # seconds between two looks whether the work of the day is done
EVIDENCE = 10.0  # seconds between two looks whether evidence is to be hashed again
WATCH = 60.0  # seconds between two words to the watcher outside
REPLIES = 10.0  # seconds between looks for answers to our mails
RENEW = runs.LEASE / 4
SLOW_AT_ONCE = 3  # slow actions side by side, so that one of an hour holds up no other case
CANCELS = 3
RECONNECT = 5.0  # seconds between two looks whether Prefect is there
POLL = 0.25  # seconds between two questions to the pool
POOL_BEAT = timedelta(seconds=30)
POOL_GONE = timedelta(seconds=30)  # without a heartbeat of any of its workers, a pool is given up
# What writes batch after batch rests in between: while it writes, SQLite lets nobody else, and a storm wants to be
# taken in. What gathers meanwhile is quicker done together.
IN_BATCHES = frozenset({"decide", "lines", "search"})
REST = 0.1  # seconds
GRACE = 4.0  # seconds that passes under way get when the worker is told to stop


class Worker:
    """Drives runs, and does the chores: triage, timers, escalations, messages, slow actions, log lines."""

    def __init__(self, desk: Desk, pool: str = "") -> None:
        """One worker a process. `pool`: the work pool of Prefect whose runs it takes; empty: it looks for itself."""
        self._desk = desk
        self._pool = pool
        self._chores = Chores(desk, pool)
        self._senders = Senders(desk)
        self._showing = Showing(desk, pool, self._chores.note)
        self._replies = Replies(desk)
        self._collectors = tuple(collectors(desk))
        self._watcher = Watcher(desk)
        self._heard = asyncio.Event()
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = self._leads = False
        self._gather_at = desk.clock.now() + POOL_GONE
        self._at_once = desk.settings.side_by_side
        self._threads = ThreadPoolExecutor(
            10 + 2 * self._at_once + SLOW_AT_ONCE + len(self._collectors), thread_name_prefix="worker"
        )
        self._passes: set[asyncio.Task[None]] = set()
        self._wanted = {kind: asyncio.Event() for kind in ("runs", "decide", "send", "slow", "lines", "search")}

    async def run(self) -> None:
        """Work until `stop`; what is under way is ended, or left for the next worker."""
        take_short_turns()
        self._loop = asyncio.get_running_loop()
        if self._stopped:
            self._stop.set()
        ear = await bell.listen(self._desk.settings.data, self._heard)
        log().info("worker.started")
        tasks = [asyncio.create_task(work) for work in self._work()]
        told = asyncio.create_task(self._stop.wait())
        await asyncio.wait([told, *tasks], return_when=asyncio.FIRST_COMPLETED)
        if not self._stop.is_set():  # half a worker looks alive and is not: let another be started
            log().error("worker.task_ended")
        self._stop.set()
        if under_way := {*self._passes, *self._showing.under_way()}:
            await asyncio.wait(under_way, timeout=GRACE)
        await _end({told, *tasks, *self._passes, *self._showing.under_way()})
        if ear:
            ear.close()
        with contextlib.suppress(CsirtError):  # it will be found silent instead
            await self._in_thread(self._chores.rest)
        self._senders.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)
        log().info("worker.stopped")

    def stop(self) -> None:
        """Tell the worker to end; from any thread."""
        self._stopped = True
        if self._loop:
            with contextlib.suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._stop.set)

    def _work(self) -> list[Coroutine[Any, Any, None]]:
        """Everything that goes on side by side."""
        slow = [self._forever("slow", self._chores.act_slowly) for _ in range(SLOW_AT_ONCE)]
        return [
            self._watch(),
            self._drive(),
            self._forever("decide", self._chores.decide),
            self._forever("send", self._senders.start_due),
            self._forever("lines", self._chores.write_lines),
            self._forever("search", self._chores.make_findable),
            self._keep_house(),
            self._check_evidence(),
            self._do_daily(),
            self._take_replies(),
            *map(self._collect, self._collectors),
            self._tell_watcher(),
            *slow,
        ]

    # ------------------------------------------------------------------------------------------------- what is due

    async def _watch(self) -> None:
        """One look for all kinds of work: at once after a ring, else after the scan's interval."""
        while True:
            self._heard.clear()
            with self._surviving("look"):
                self._say(await self._in_thread(self._chores.due))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SCAN):  # wait_for may swallow that we were told to end
                    await self._heard.wait()

    def _say(self, due: DueNow) -> None:
        """Wake those for whom there is work."""
        lines = self._leads and self._chores.unwritten(due.entries)
        decide = due.triage or due.timers or due.escalations or due.reminders
        wanted = {"runs": due.runs, "decide": decide, "send": due.deliveries, "slow": due.actions, "lines": lines}
        wanted["search"] = self._leads and self._chores.unfindable(due.entries)
        for kind, is_wanted in wanted.items():
            if is_wanted:
                self._wanted[kind].set()

    async def _forever(self, kind: str, step: Callable[[], bool]) -> None:
        """Do one kind of work whenever there is some, until it finds no more."""
        while True:
            await self._wanted[kind].wait()
            self._wanted[kind].clear()
            with self._surviving(step.__name__):
                while not self._stop.is_set() and await self._in_thread(step):
                    self._heard.set()  # what was done may be work for others
                    if kind in IN_BATCHES:
                        await asyncio.sleep(REST)

    @contextlib.contextmanager
    def _surviving(self, step: str) -> Iterator[None]:
        """The worker outlives every fault, and says which it was."""
        try:
            yield
        except CsirtError as error:
            log().warning("worker.step_failed", step=step, code=error.code)
        except Exception as error:
            log().error("worker.step_broke", step=step, error=type(error).__name__, exc_info=error)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    # ---------------------------------------------------------------------------------------------------- playbooks

    async def _drive(self) -> None:
        """Drive runs side by side, and let Prefect show them."""
        wanted = self._wanted["runs"]
        async with self._showing:
            if self._pool:
                await self._drive_pool()
                return
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RECONNECT):  # Prefect may have come up, though nothing is due
                        await wanted.wait()
                with self._surviving("drive"):
                    self._showing.connect()
                    if wanted.is_set():
                        wanted.clear()
                        await self._begin_passes()

    async def _drive_pool(self) -> None:
        """Call the pool for what is due, and take what it has for us; without Prefect, drive what is due as usual."""
        from csirt.pool import PoolWorker  # lazy: who is in no pool needs nothing of it

        me = f"{socket.gethostname()}-{os.getpid()}"
        wanted = self._wanted["runs"]
        async with PoolWorker(self._pool, me, self._at_once, self._take) as prefect:
            beat_at = self._desk.clock.now()
            while True:
                with self._surviving("pool"):
                    await self._showing.reached()
                    if wanted.is_set():
                        wanted.clear()
                        await self._call_pool()
                    if self._showing.stage is not None:
                        await prefect.poll()
                    if self._desk.clock.now() > beat_at:
                        beat_at = self._desk.clock.now() + POOL_BEAT
                        await prefect.beat()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await wanted.wait()

    async def _call_pool(self) -> None:
        """Commit first, then call; a call that is lost is made again by the scan."""
        await self._take_over()
        if self._showing.stage is None:
            await self._begin_passes()
            return
        calls = await self._in_thread(lambda: self._desk.commit(SYSTEM, pools.calls, self._pool))
        await self._showing.call(calls)

    async def _take_over(self) -> None:
        """Runs of nobody, and of pools whose workers are all gone, are ours from now on."""

        def take() -> None:
            alive = self._desk.clock.now() - POOL_GONE
            living = {beat.pool for beat in self._desk.look(workings.beats) if beat.at > alive}
            self._desk.commit(SYSTEM, pools.take_over, self._pool, living)

        await self._in_thread(take)

    async def _take(self, incident: str) -> None:
        """Prefect gave us a run of the pool; it is driven if it is due and we get its lease."""
        held = await self._in_thread(
            lambda: self._desk.commit(SYSTEM, runs.claim_some, 1, pool=self._pool, only=incident)
        )
        for one in held:
            await self._one(one)
            await self._showing.shown(one.run)  # until Prefect is told, it cannot call for this run again

    async def _begin_passes(self) -> None:
        free = self._at_once - len(self._passes)
        if free <= 0 or self._stop.is_set():
            return
        for held in await self._in_thread(lambda: self._desk.commit(SYSTEM, runs.claim_some, free, pool=self._pool)):
            task = asyncio.create_task(self._one(held))
            self._passes.add(task)
            self._showing.calm.clear()
            task.add_done_callback(self._passed)

    def _passed(self, task: asyncio.Task[None]) -> None:
        self._passes.discard(task)
        if not self._passes:
            self._showing.calm.set()
        self._heard.set()  # there may be more for the place that is free now

    async def _one(self, held: Claim) -> None:
        """Go once through the playbook of a run that we hold."""
        play = self._desk.playbooks.get((held.playbook, held.version))
        renewing = asyncio.create_task(self._renew(held))
        with self._surviving("pass"):
            try:
                if play is None:
                    await self._halt(held, "playbook_unknown")
                else:
                    await self._pass(play, held)
            except LeaseLost:
                log().warning("worker.lease_lost", run=held.run)
            finally:
                renewing.cancel()

    async def _halt(self, held: Claim, code: str) -> None:
        await self._in_thread(lambda: self._desk.commit(SYSTEM, reaching.stop, held, code))

    async def _renew(self, held: Claim) -> None:
        while True:
            await asyncio.sleep(RENEW.total_seconds())
            try:
                await self._in_thread(lambda: self._desk.commit(SYSTEM, runs.renew, held))
            except LeaseLost:
                return  # the pass notices at its next commit
            except CsirtError as error:  # one renewal missed; others fit into the lease
                log().warning("worker.not_renewed", run=held.run, code=error.code)

    async def _pass(self, play: Playbook, held: Claim) -> None:
        """One pass. Prefect shows it meanwhile, if it answers: response to an incident never waits for its display."""
        display = Display()
        body = partial(perform, play, self._desk.door, held, self._desk.hands, display.show)
        ended = asyncio.ensure_future(self._in_thread(body))
        self._showing.follow(play, held, ended, display)
        try:
            await ended
        except CsirtError:
            raise
        except Exception as failure:  # a fault in a playbook's own code stops its run and nobody else's
            log().error("playbook.broke", run=held.run, error=type(failure).__name__, exc_info=failure)
            await self._halt(held, "playbook_error")

    # -------------------------------------------------------------------------------------------------------- house

    async def _keep_house(self) -> None:
        """Heartbeat, roster, and Prefect's page."""
        while True:
            with self._surviving("house"):
                await self._in_thread(self._chores.keep_house)
                self._leads = await self._in_thread(self._chores.leads)
                if self._leads and self._desk.clock.now() >= self._gather_at:
                    self._gather_at = self._desk.clock.now() + POOL_GONE
                    await self._take_over()
                await self._showing.keep(leads=self._leads)
            await asyncio.sleep(HOUSE)

    async def _check_evidence(self) -> None:
        """Evidence is hashed again from time to time, one piece after the other."""
        while True:
            busy = False
            with self._surviving("check_evidence"):
                busy = await self._in_thread(self._chores.check_evidence)
            await asyncio.sleep(0 if busy else EVIDENCE)

    async def _do_daily(self) -> None:
        """What goes outside once a day: it may wait for others, so it holds up nothing here."""
        while True:
            with self._surviving("daily"):
                await self._in_thread(self._chores.do_daily)
            await asyncio.sleep(DAILY)

    async def _tell_watcher(self) -> None:
        """One worker of the city says each minute to somebody outside that all is well."""
        while self._watcher.is_on:
            with self._surviving("tell_watcher"):
                if self._leads:
                    await self._in_thread(self._watcher.tell)
            await asyncio.sleep(WATCH)
        await self._stop.wait()

    async def _collect(self, one: Collector) -> None:
        """Files and mails of one source; done by the worker that leads, so that two need not look at one folder."""
        while True:
            busy = False
            with self._surviving("collect"):
                busy = await self._in_thread(partial(collecting, one, lambda: self._leads))
            if busy:
                self._heard.set()
            await asyncio.sleep(0 if busy else HOUSE)

    async def _take_replies(self) -> None:
        """Answers to our mails are read by one worker of the city."""
        while True:
            with self._surviving("take_replies"):
                if self._leads:
                    await self._in_thread(self._replies.take_in)
            await asyncio.sleep(REPLIES)


async def _end(tasks: "set[asyncio.Task[Any]]") -> None:
    """Cancel tasks until they have ended; one that is in the middle of Prefect may need to be told twice."""
    for _ in range(CANCELS):
        for task in tasks:
            task.cancel()
        if tasks:
            _, tasks = await asyncio.wait(tasks, timeout=1)
    for task in tasks:
        log().warning("worker.task_left", task=task.get_name())


def work(desk: Desk, pool: str = "") -> None:
    """Run one worker, of a pool or by itself, until SIGTERM or SIGINT; call it from the main thread.

    The loop has a thread of its own: in the main thread, Prefect would take our signal handlers for each pass.
    """
    worker = Worker(desk, pool)
    thread = threading.Thread(target=lambda: asyncio.run(worker.run()), name="worker-loop")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    thread.start()
    while thread.is_alive():  # a join without end would keep signals waiting
        thread.join(0.5)
