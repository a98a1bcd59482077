"""Workflows about workers and slots, children, logs and streams. The other clients declare the same ones."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hatchet_sdk import Context, Hatchet
from run_workflows import Input, Output, held, tell_task


def slot_workflows(hatchet: Hatchet, name: Callable[[str], str], worker: str) -> list[Any]:
    @hatchet.task(name=name("hold"), retries=1)
    async def hold(input: Input, ctx: Context) -> Output:
        """Takes its time, another time on a second attempt; fails once when told to."""
        order = input.model_dump()
        tell_task(ctx, "start", tag=order.get("tag"))
        whole = await held(ctx, order["ms"] if ctx.retry_count == 0 else order.get("again", order["ms"]))
        tell_task(ctx, "end", tag=order.get("tag"), whole=whole)
        if order.get("failOn") == ctx.retry_count:
            raise RuntimeError(f"attempt {ctx.retry_count} fails")
        return {"by": worker, "retry": ctx.retry_count, "whole": whole}

    @hatchet.task(name=name("releases"))
    async def releases(input: Input, ctx: Context) -> Output:
        order = input.model_dump()
        tell_task(ctx, "start", tag=order.get("tag"))
        await ctx.aio_release_slot()
        tell_task(ctx, "released", tag=order.get("tag"))
        await held(ctx, order["ms"])
        tell_task(ctx, "end", tag=order.get("tag"))
        return {"by": worker}

    impatient = hatchet.workflow(name=name("impatient"))

    @impatient.task(name="impatient", schedule_timeout=timedelta(seconds=2), retries=2)
    def wait_for_slot(input: Input, ctx: Context) -> Output:
        tell_task(ctx, "start")
        return {}

    @impatient.on_failure_task(name="on-failure-task")
    def on_failure(input: Input, ctx: Context) -> Output:
        tell_task(ctx, "hook")
        return {}

    @hatchet.task(name=name("relabel"))
    async def relabel(input: Input, ctx: Context) -> Output:
        await ctx.aio_upsert_worker_labels(input.model_dump()["labels"])
        return {"labels": ctx.worker_labels, "worker": ctx.worker_id}

    @hatchet.task(name=name("child"))
    def child(input: Input, ctx: Context) -> Output:
        order = input.model_dump()
        tell_task(ctx, "start", n=order["n"])
        if order.get("fail"):
            raise RuntimeError("child breaks")
        return {
            "n": order["n"],
            "index": ctx.child_index,
            "key": ctx.child_key,
            "parent": ctx.parent_workflow_run_id,
            "metadata": ctx.additional_metadata,
        }

    @hatchet.task(name=name("family"))
    async def family(input: Input, ctx: Context) -> Output:
        one = await child.aio_run(Input(n=0))
        many = await child.aio_run_many([child.create_bulk_run_item(input=Input(n=n)) for n in (1, 2, 3)])
        first = await child.aio_run(Input(n=4), wait_for_result=False, child_key="same")
        second = await child.aio_run(Input(n=5), wait_for_result=False, child_key="same")
        shared = await second.aio_result()
        try:
            caught = str(await child.aio_run(Input(n=6, fail=True)))
        except Exception as error:
            caught = str(error)
        return {
            "self": ctx.task_run_id,
            "one": one,
            "many": many,
            "same": first.workflow_run_id == second.workflow_run_id,
            "shared": shared,
            "caught": caught,
        }

    @hatchet.task(name=name("chatter"))
    async def chatter(input: Input, ctx: Context) -> Output:
        ctx.log("first line")
        ctx.log("second line")
        await held(ctx, 1_000)
        for index in range(4):
            await ctx.aio_put_stream(f"chunk {index}")
            await held(ctx, 50)
        return {"said": 4}

    return [hold, releases, impatient, relabel, child, family, chatter]
