"""Playbooks as Prefect flows: one flow run per incident. The only module, with the worker, that knows Prefect.

Prefect moves, the record knows: a flow run shows a pass; what the pass may do is decided by our database. The body is
synchronous and runs in a thread under an async flow, which saves the second that a sync flow costs. Automated actions
appear as task runs, one an attempt; retries are our timer rows.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any, Self
from uuid import UUID

import httpx
from prefect import Flow, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import AsyncClientContext, FlowRunContext, SyncClientContext
from prefect.exceptions import ObjectNotFound, Pause, PrefectException
from prefect.flow_engine import run_flow_async
from prefect.states import Completed, Failed, Paused, Pending
from prefect.utilities.engine import propose_state

from csirt.errors import Unavailable
from csirt.model.step import Json
from csirt.playbook.language import Playbook
from csirt.playbook.performance import Rest, Rested
from csirt.playbook.place import Show

Work = Callable[[Show], Rested]
_work: ContextVar[Work] = ContextVar("work")
_rested: ContextVar[list[Rested]] = ContextVar("rested")

# The engine reports every pause as an error; it is none.
logging.getLogger("prefect.flow_runs").setLevel(logging.CRITICAL)
logging.getLogger("prefect.task_runs").setLevel(logging.CRITICAL)


@task(cache_policy=NO_CACHE, persist_result=False, retries=0, task_run_name="{step}")
def _shown(step: str, attempt: Callable[[], Json]) -> Json:  # noqa: ARG001 - the step's name is what Prefect shows
    return attempt()


def _as_task(step: str, attempt: Callable[[], Json]) -> Json:
    """Show an attempt as a task run. Its arguments stay here: Prefect is given the step's name only."""
    result: Json = _shown(step, attempt)
    return result


def flow_of(play: Playbook) -> Flow[[str], Any]:
    """The Prefect flow of a playbook. Its only parameter is the incident's opaque id."""

    @flow(name=play.name, version=str(play.version), persist_result=False, validate_parameters=False)
    async def run(incident: str) -> Any:  # noqa: ARG001 - the pass is bound to its incident already
        rested = await asyncio.to_thread(_work.get(), _as_task)
        _rested.get().append(rested)
        return await _state_of(rested)

    return run


async def _state_of(rested: Rested) -> Any:
    if rested.rest is Rest.CLOSED:
        return Completed(message="closed")
    if rested.rest is Rest.STOPPED:
        return Failed(message=rested.code)
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    waiting: State[Any] = Paused(name="Waiting", message="waits for: " + ", ".join(rested.steps), reschedule=False)
    async with get_client() as client:
        raise Pause(state=await propose_state(client, waiting, flow_run_id=context.flow_run.id))


class Stage:
    """Holds Prefect's clients open and drives passes on it; `async with` one per worker."""

    def __init__(self) -> None:
        """Connects when entered."""
        self._stack = AsyncExitStack()
        self._client: PrefectClient | None = None

    async def __aenter__(self) -> Self:
        """Open both clients; without that every pass would set up TLS twice. Raises `Unavailable`."""
        async with AsyncExitStack() as stack:
            try:
                context = await stack.enter_async_context(AsyncClientContext.get_or_create())
            except (RuntimeError, httpx.HTTPError) as error:  # what the client says of a server that is not there
                raise Unavailable("prefect_unavailable") from error
            stack.enter_context(SyncClientContext.get_or_create())
            self._client = context.client
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Close them."""
        await self._stack.aclose()

    async def run_for(self, play: Playbook, incident: str, known: str | None) -> FlowRun:
        """The flow run that shows this incident: the known one, or a new one when Prefect has lost it.

        Raises:
            Unavailable: Prefect does not answer.
        """
        assert self._client is not None
        try:
            if known:
                try:
                    return await self._client.read_flow_run(UUID(known))
                except ObjectNotFound:
                    pass
            return await self._client.create_flow_run(
                play.flow, parameters={"incident": incident}, name=incident, state=Pending()
            )
        except (httpx.HTTPError, PrefectException) as error:
            raise Unavailable("prefect_unavailable") from error

    async def drive(self, play: Playbook, run: FlowRun, incident: str, work: Work) -> Rested | None:
        """One pass inside Prefect; None when Prefect failed before the pass came to rest."""
        rested: list[Rested] = []
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
        assert self._client is not None
        state: State[Any] = Completed(message="closed") if closed else Failed(message=code)
        try:
            await self._client.set_flow_run_state(UUID(run), state, force=True)
        except ObjectNotFound:
            return
        except (httpx.HTTPError, PrefectException) as error:
            raise Unavailable("prefect_unavailable") from error
