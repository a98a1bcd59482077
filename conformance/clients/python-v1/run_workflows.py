"""Workflows about one run: values, order, failures, deadlines. The other clients declare the same ones."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hatchet_sdk import Context, EmptyModel, Hatchet, NonRetryableException
from telling import tell

Input = EmptyModel
Output = dict[str, Any]


def tell_task(ctx: Context, what: str, **facts: Any) -> None:
    """A line about the running attempt."""
    tell(
        what,
        task=ctx.task_name,
        run=ctx.workflow_run_id,
        taskRun=ctx.task_run_id,
        retry=ctx.retry_count,
        **facts,
    )


async def held(ctx: Context, ms: float) -> bool:
    """Waits, and tells whether the time passed without a cancel."""
    ends_at = asyncio.get_running_loop().time() + ms / 1000
    while asyncio.get_running_loop().time() < ends_at:
        if ctx.is_cancelled:
            tell_task(ctx, "aborted")
            return False
        await asyncio.sleep(0.02)
    return True


async def overstay(input: Input, ctx: Context) -> Output:
    """Stays beyond its execution timeout; tells the cancel that ends it."""
    tell_task(ctx, "start")
    await held(ctx, 20_000)
    return {"late": True}


async def stumble(input: Input, ctx: Context) -> Output:
    """Fails as often as it is told, then succeeds."""
    tell_task(ctx, "start")
    if ctx.retry_count < input.model_dump()["failures"]:
        tell_task(ctx, "fail")
        raise RuntimeError(f"attempt {ctx.retry_count} fails")
    return {"ok": ctx.retry_count}


def output_of(kind: str) -> Any:
    return {
        "array": [1, 2, {"a": 1}],
        "number": 42,
        "string": "plain",
        "null": None,
        "nothing": None,
        "boolean": True,
        "empty": {},
        "nul": {"a": "x\u0000y"},
        "large": {"text": "y" * 1_048_576},
    }[kind]


def run_workflows(hatchet: Hatchet, name: Callable[[str], str], worker: str) -> list[Any]:
    second = timedelta(seconds=1)

    @hatchet.task(name=name("echo"))
    def echo(input: Input, ctx: Context) -> Output:
        tell_task(ctx, "start")
        sent = input.model_dump()
        return {
            "input": sent,
            "keys": list(sent),
            "text": json.dumps(sent),
            "metadata": ctx.additional_metadata,
            "retry": ctx.retry_count,
            "run": ctx.workflow_run_id,
            "taskRun": ctx.task_run_id,
            "worker": worker,
        }

    @hatchet.task(name=name("shape"))
    def shape(input: Input, ctx: Context) -> Output:
        return output_of(input.model_dump()["kind"])

    diamond = hatchet.workflow(name=name("diamond"))

    @diamond.task(name="a")
    def a(input: Input, ctx: Context) -> Output:
        return {"va": input.model_dump()["n"] + 1}

    @diamond.task(name="b", parents=[a])
    def b(input: Input, ctx: Context) -> Output:
        return {"vb": ctx.task_output(a)["va"] * 10}

    @diamond.task(name="c", parents=[a])
    def c(input: Input, ctx: Context) -> Output:
        return {"vc": ctx.task_output(a)["va"] * 100}

    @diamond.task(name="d", parents=[b, c])
    def d(input: Input, ctx: Context) -> Output:
        return {
            "sum": ctx.task_output(b)["vb"] + ctx.task_output(c)["vc"],
            "grandparent": ctx.task_output(a)["va"],
            "run": ctx.workflow_run_id,
            "taskRun": ctx.task_run_id,
        }

    flaky = hatchet.task(name=name("flaky"), retries=2)(stumble)
    backoff = hatchet.task(name=name("backoff"), retries=3, backoff_factor=2, backoff_max_seconds=3)(stumble)

    @hatchet.task(name=name("final"), retries=3)
    def final(input: Input, ctx: Context) -> Output:
        tell_task(ctx, "start")
        raise NonRetryableException("give up")

    slow = hatchet.task(name=name("slow"), execution_timeout=second)(overstay)

    @hatchet.task(name=name("slowonce"), execution_timeout=2 * second, retries=1)
    async def slow_once(input: Input, ctx: Context) -> Output:
        if ctx.retry_count == 0:
            return await overstay(input, ctx)
        tell_task(ctx, "start")
        return {"ok": ctx.retry_count}

    @hatchet.task(name=name("refreshes"), execution_timeout=second)
    async def refreshes(input: Input, ctx: Context) -> Output:
        tell_task(ctx, "start")
        await ctx.aio_refresh_timeout(timedelta(seconds=3))
        return {"done": await held(ctx, 2_000)}

    hook = hatchet.workflow(name=name("hook"))

    @hook.task(name="fine")
    def fine(input: Input, ctx: Context) -> Output:
        return {"a": 1}

    @hook.task(name="bad", parents=[fine])
    def bad(input: Input, ctx: Context) -> Output:
        if input.model_dump().get("fail"):
            raise RuntimeError("bad news")
        return {"b": 2}

    @hook.task(name="after", parents=[bad])
    def after(input: Input, ctx: Context) -> Output:
        return {"c": 3}

    @hook.on_failure_task(name="on-failure-task")
    def on_failure(input: Input, ctx: Context) -> Output:
        tell_task(ctx, "start")
        return {"input": input.model_dump(), "errors": ctx.task_run_errors}

    return [echo, shape, diamond, flaky, backoff, final, slow, slow_once, refreshes, hook]
