"""A worker of a Prefect work pool that executes flows warm, in its own process.

Prefect distributes: a wake-up is the state Scheduled on the pool, and whoever of the pool's workers is free takes it.
Whether a run may be driven is still decided by its lease in our database.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio.abc
import httpx
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectException
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from csirt.errors import Unavailable

Take = Callable[[str], Awaitable[None]]  # drive the run of this incident, if it is due


class PoolWorker(BaseWorker[BaseJobConfiguration, BaseVariables, BaseWorkerResult]):
    """Enter it in the task whose children drive passes; `poll` whenever there may be something."""

    type = "csirt"
    job_configuration = BaseJobConfiguration
    _documentation_url = ""

    def __init__(self, pool: str, name: str, limit: int, take: Take) -> None:
        """`name` tells the pool's workers apart; `limit` runs are taken at once."""
        super().__init__(work_pool_name=pool, name=name, limit=limit, prefetch_seconds=0)
        self._take = take

    async def poll(self) -> int:
        """Take what the pool has for us, if there is room for it; returns how many runs. Raises `Unavailable`."""
        if not self.limiter.available_tokens:
            return 0
        try:
            if not self._has_successfully_synced:
                await self.sync_with_backend()
            return len(await self.get_and_submit_flow_runs())
        except (httpx.HTTPError, PrefectException, RuntimeError) as error:
            raise Unavailable("prefect_unavailable") from error

    async def beat(self) -> None:
        """Say to Prefect that this worker lives. Raises `Unavailable`."""
        try:
            await self.sync_with_backend()
        except (httpx.HTTPError, PrefectException, RuntimeError) as error:
            raise Unavailable("prefect_unavailable") from error

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """Take a run here and now: no job is templated, no other process is started."""
        try:
            if await self._propose_pending_state(flow_run):  # one worker of the pool wins
                await self._take(str((flow_run.parameters or {}).get("incident", "")))
        finally:
            self._submitting_flow_run_ids.discard(flow_run.id)
            self._release_limit_slot(flow_run.id)

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[Any] | None = None,
    ) -> BaseWorkerResult:
        """What Prefect would call for a job of its own; the same, reported in its way."""
        if task_status:
            task_status.started(str(flow_run.id))
        await self._take(str((flow_run.parameters or {}).get("incident", "")))
        return BaseWorkerResult(identifier=str(flow_run.id), status_code=0)
