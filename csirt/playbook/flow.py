"""Playbooks as Prefect flows: one flow run per incident. With the pool, all that knows Prefect.

Prefect moves, the record knows: a flow run shows a pass; what the pass may do is decided by our database. The body is
synchronous and runs in a thread under an async flow, which saves the second that a sync flow costs. Automated actions
appear as task runs, one an attempt; retries are our timer rows. Prefect is told opaque ids, names of steps and codes.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, Self
from uuid import UUID

import httpx
from prefect import Flow, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import FlowRunCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterState, FlowRunFilterTags
from prefect.client.schemas.filters import FlowRunFilterStateType as OfType
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import AsyncClientContext, FlowRunContext, SyncClientContext
from prefect.exceptions import ObjectNotFound, Pause, PrefectException
from prefect.flow_engine import run_flow_async
from prefect.states import Completed, Failed, Paused, Pending, Scheduled, to_state_create
from prefect.utilities.engine import propose_state

from csirt.errors import Unavailable
from csirt.model.step import Json
from csirt.playbook.acts import code_of
from csirt.playbook.language import UNNAMED, Playbook
from csirt.playbook.performance import Rest, Rested
from csirt.playbook.place import Show

# One pass. None says that it was left to others, so that nothing of it is to be shown.
Work = Callable[[Show], Awaitable[Rested | None]]
_work: ContextVar[Work] = ContextVar("work")
_rested: ContextVar[list[Rested | None]] = ContextVar("rested")

OURS = "csirt"  # the tag of our flow runs, on a server that others may use, too
UNNAMED_VERSION = str(UNNAMED[1])
NAMED = 3  # steps that a state's name tells
_OPEN = [StateType.PAUSED, StateType.RUNNING, StateType.PENDING, StateType.SCHEDULED, StateType.CANCELLING]
_DRIVABLE = {StateType.PAUSED, StateType.RUNNING, StateType.PENDING}

# The engine reports every pause as an error; it is none.
logging.getLogger("prefect.flow_runs").setLevel(logging.CRITICAL)
logging.getLogger("prefect.task_runs").setLevel(logging.CRITICAL)


def waiting_for(steps: Iterable[str], *, sealed: bool = False) -> str:
    """What the state of a waiting run is called. Of a sealed incident nobody is told what it waits for."""
    names = [] if sealed else sorted(steps)
    if not names:
        return "Waiting"
    more = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
    return f"Waiting: {', '.join(names[:NAMED])}{more}"


def _waiting(steps: Iterable[str], *, sealed: bool = False) -> State[Any]:
    return Paused(
        name=waiting_for(steps, sealed=sealed), message="a recorded fact will go on with it", reschedule=False
    )


@task(cache_policy=NO_CACHE, persist_result=False, retries=0, task_run_name="{step}")
def _shown(step: str, once: Callable[[], str]) -> State[Any]:  # noqa: ARG001 - the step's name is what Prefect shows
    code = once()
    return Failed(message=code) if code else Completed(message="done")


def _as_task(step: str, attempt: Callable[[], Json]) -> Json:
    """Show an attempt as a task run. Its arguments, its value and its error stay here: Prefect is given codes only."""
    values: list[Json] = []
    errors: list[Exception] = []

    def once() -> str:
        try:
            values.append(attempt())
        except Exception as error:  # noqa: BLE001 - raised again outside of the task, which would tell its text
            errors.append(error)
            return code_of(error)
        return ""

    try:
        _shown(step, once, return_state=True)
    except (httpx.HTTPError, PrefectException):
        if not values and not errors:  # Prefect failed before the attempt began
            return attempt()
    if errors:
        raise errors[0]
    return values[0]


def _as_unnamed_task(_step: str, attempt: Callable[[], Json]) -> Json:
    """The same for a sealed incident, whose steps Prefect is not told."""
    return _as_task("step", attempt)


def flow_of(play: Playbook) -> Flow[[str], Any]:
    """The Prefect flow of a playbook. Its only parameter is the incident's opaque id."""
    sealed = play.is_unnamed
    show = _as_unnamed_task if sealed else _as_task

    @flow(name=play.name, version=str(play.version), persist_result=False, validate_parameters=False)
    async def run(incident: str) -> Any:  # noqa: ARG001 - the pass is bound to its incident already
        rested = await _work.get()(show)
        _rested.get().append(rested)
        return await _state_of(rested, sealed=sealed)

    return run


async def _state_of(rested: Rested | None, *, sealed: bool) -> Any:
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    if rested is None:
        raise Pause(state=context.flow_run.state)
    if rested.rest is Rest.CLOSED:
        return Completed(message="closed")
    if rested.rest is Rest.STOPPED:
        return Failed(message=rested.code)
    async with get_client() as client:
        raise Pause(
            state=await propose_state(client, _waiting(rested.steps, sealed=sealed), flow_run_id=context.flow_run.id)
        )


@contextmanager
def _answering() -> Any:
    """Whatever Prefect's client says of a server that does not answer, or not as it should, is one error of ours."""
    try:
        yield
    except (RuntimeError, httpx.HTTPError, PrefectException) as error:
        raise Unavailable("prefect_unavailable") from error


class Stage:
    """Holds Prefect's clients open and drives passes on it; `async with` one per worker."""

    page = 200  # flow runs that Prefect gives at once
    waiting_for = staticmethod(waiting_for)

    def __init__(self, pool: str = "") -> None:
        """Connects when entered. `pool`: the work pool that our flow runs are given to; empty: none."""
        self._stack = AsyncExitStack()
        self._open: PrefectClient | None = None
        self._pool = pool

    @property
    def _client(self) -> PrefectClient:
        assert self._open is not None
        return self._open

    async def __aenter__(self) -> Self:
        """Open both clients; without that every pass would set up TLS twice. Raises `Unavailable`."""
        async with AsyncExitStack() as stack:
            with _answering():
                context = await stack.enter_async_context(AsyncClientContext.get_or_create())
            stack.enter_context(SyncClientContext.get_or_create())
            self._open = context.client
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Close them."""
        await self._stack.aclose()

    async def run_for(self, play: Playbook, incident: str, known: str | None) -> FlowRun:
        """The flow run that shows this incident, ready to be driven: the known one, or a new one if Prefect lost it.

        Raises:
            Unavailable: Prefect does not answer.
        """
        with _answering():
            run = await self._read(known) or await self._create(play, incident)
            moved = (run.work_pool_name or "") != self._pool  # other workers drove it
            if moved or play.is_unnamed != (run.flow_version == UNNAMED_VERSION):  # or it was sealed: made anew
                await self.forget(str(run.id))
                run = await self._create(play, incident)
            if run.state is None or run.state.type not in _DRIVABLE:  # somebody pressed a button, or a pass crashed
                await self._client.set_flow_run_state(run.id, Pending(), force=True)
                run.state = Pending()
            return run

    async def _read(self, known: str | None) -> FlowRun | None:
        try:
            return await self._client.read_flow_run(UUID(known)) if known else None
        except ObjectNotFound:
            return None

    async def _create(self, play: Playbook, incident: str) -> FlowRun:
        """A flow run under the incident's key; the server gives back the one it has, if it has one."""
        flow_id = await self._client.create_flow_from_name(play.name)
        made = FlowRunCreate(
            flow_id=flow_id, flow_version=str(play.version), name=incident, parameters={"incident": incident},
            tags=[OURS], state=to_state_create(Pending()), idempotency_key=f"incident:{incident}",
        )  # fmt: skip
        if self._pool:
            made.work_pool_name = self._pool
        answer = await self._client.request(
            "POST", "/flow_runs/", json=made.model_dump(mode="json", exclude_unset=True)
        )
        return FlowRun.model_validate(answer.json())

    async def drive(self, play: Playbook, run: FlowRun, incident: str, work: Work) -> Rested | None:
        """One pass inside Prefect; None when it was left to others, or Prefect failed before it came to rest."""
        rested: list[Rested | None] = []
        _work.set(work)
        _rested.set(rested)
        try:
            await run_flow_async(play.flow, flow_run=run, parameters={"incident": incident}, return_type="state")
        except Pause:
            pass
        except (httpx.HTTPError, PrefectException) as error:
            logging.getLogger("csirt.prefect").warning("prefect.pass_not_shown", extra={"code": type(error).__name__})
        return rested[0] if rested else None

    async def show_end(self, run: str, *, closed: bool, code: str = "") -> None:
        """Let Prefect show that a run has ended, where the pass itself could not. Raises `Unavailable`."""
        await self._set(run, Completed(message="closed") if closed else Failed(message=code))

    async def show_waiting(self, run: str, steps: Iterable[str], *, sealed: bool = False) -> None:
        """Let Prefect show that a run waits, and for what. Raises `Unavailable`."""
        await self._set(run, _waiting(steps, sealed=sealed))

    async def call(self, run: str) -> bool:
        """Hand a run to its pool: whoever of its workers is free takes it. False: Prefect does not know the run."""
        return await self._set(run, Scheduled())

    async def _set(self, run: str, state: State[Any]) -> bool:
        with _answering():
            try:
                await self._client.set_flow_run_state(UUID(run), state, force=True)
            except ObjectNotFound:
                return False
        return True

    async def forget(self, run: str) -> None:
        """Take a flow run away, so that another can be made under its key. Raises `Unavailable`."""
        with _answering():
            try:
                await self._client.delete_flow_run(UUID(run))
            except ObjectNotFound:
                return

    async def as_shown(self, runs: Iterable[str]) -> Mapping[str, str]:
        """How Prefect names the state of each of these runs; a run that it does not know is missing."""
        wanted = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(run) for run in runs]))
        with _answering():
            found = await self._client.read_flow_runs(flow_run_filter=wanted, limit=self.page)
        return {str(run.id): run.state.name or "" if run.state else "" for run in found}

    async def shown_open(self) -> Mapping[str, str]:
        """The first of the runs that Prefect shows as not ended: flow run and incident."""
        state = FlowRunFilterState(type=OfType(any_=_OPEN))
        wanted = FlowRunFilter(state=state, tags=FlowRunFilterTags(all_=[OURS]))
        with _answering():
            found = await self._client.read_flow_runs(flow_run_filter=wanted, limit=self.page)
        return {str(run.id): run.name for run in found}

    async def count_open(self) -> int:
        """How many of our runs Prefect shows as not ended. Raises `Unavailable`."""
        body = {"flow_runs": {"state": {"type": {"any_": _OPEN}}, "tags": {"all_": [OURS]}}}
        with _answering():
            return int((await self._client.request("POST", "/flow_runs/count", json=body)).json())
