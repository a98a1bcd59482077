"""The words of the newest release, for an older one that has others, so that one program is written for all.

Only names and the places of arguments are changed; what is done is the older release's own.
"""

import asyncio
from typing import Any

from hatchet_sdk import Context, TriggerWorkflowOptions
from hatchet_sdk.runnables.workflow import Standalone, Workflow


def teach_newest_words() -> None:
    """Before anything is declared. Does nothing to a release that has the words."""
    if hasattr(Context, "is_cancelled"):
        return
    for runnable in (Workflow, Standalone):
        runnable.aio_run = awaited_or_not(runnable.aio_run, runnable.aio_run_no_wait)
        runnable.aio_run_many = many_awaited_or_not(runnable.aio_run_many, runnable.aio_run_many_no_wait)
    Context.is_cancelled = property(lambda ctx: ctx.exit_flag)
    Context.task_run_id = property(lambda ctx: ctx.step_run_id)
    Context.worker_labels = property(lambda ctx: ctx.worker.labels())
    Context.aio_upsert_worker_labels = lambda ctx, labels: ctx.worker.async_upsert_labels(labels)
    Context.aio_release_slot = lambda ctx: asyncio.to_thread(ctx.release_slot)
    Context.aio_refresh_timeout = lambda ctx, by: asyncio.to_thread(ctx.refresh_timeout, by)


def awaited_or_not(wait: Any, no_wait: Any) -> Any:
    async def aio_run(self: Any, input: Any, options: Any = None, wait_for_result: bool = True, **named: Any) -> Any:
        return await (wait if wait_for_result else no_wait)(self, input, options or TriggerWorkflowOptions(**named))

    return aio_run


def many_awaited_or_not(wait: Any, no_wait: Any) -> Any:
    async def aio_run_many(self: Any, *args: Any, wait_for_result: bool = True, **named: Any) -> Any:
        return await (wait if wait_for_result else no_wait)(self, *args, **named)

    return aio_run_many
