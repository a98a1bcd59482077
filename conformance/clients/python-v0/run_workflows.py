"""Workflows about one run, in the class style of the Python 0.x client: values, order, failures, deadlines."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from hatchet_sdk import Context, Hatchet
from telling import tell

Output = dict[str, Any]


def tell_step(context: Context, what: str, **facts: Any) -> None:
    """A line about the running attempt."""
    tell(
        what,
        task=context.action.action_id.split(":")[-1],
        run=context.workflow_run_id(),
        taskRun=context.stepRunId,
        retry=context.retry_count(),
        **facts,
    )


async def held(context: Context, ms: float) -> bool:
    """Waits, and tells whether the time passed without a cancel."""
    ends_at = asyncio.get_running_loop().time() + ms / 1000
    while asyncio.get_running_loop().time() < ends_at:
        if context.done():
            tell_step(context, "aborted")
            return False
        await asyncio.sleep(0.02)
    return True


def stumble(context: Context) -> Output:
    """Fails as often as it is told, then succeeds."""
    tell_step(context, "start")
    if context.retry_count() < context.workflow_input()["failures"]:
        tell_step(context, "fail")
        raise RuntimeError(f"attempt {context.retry_count()} fails")
    return {"ok": context.retry_count()}


async def overstay(context: Context) -> Output:
    """Stays beyond its execution timeout; tells the cancel that ends it."""
    tell_step(context, "start")
    await held(context, 20_000)
    return {"late": True}


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
    @hatchet.workflow(name=name("echo"))
    class Echo:
        @hatchet.step()
        def echo(self, context: Context) -> Any:
            tell_step(context, "start")
            sent = context.workflow_input()
            return {
                "input": sent,
                "keys": list(sent),
                "text": json.dumps(sent),
                "metadata": context.additional_metadata(),
                "retry": context.retry_count(),
                "run": context.workflow_run_id(),
                "taskRun": context.stepRunId,
                "worker": worker,
            }

    @hatchet.workflow(name=name("shape"))
    class Shape:
        @hatchet.step()
        def shape(self, context: Context) -> Any:
            return output_of(context.workflow_input()["kind"])

    @hatchet.workflow(name=name("diamond"))
    class Diamond:
        @hatchet.step()
        def a(self, context: Context) -> Any:
            return {"va": context.workflow_input()["n"] + 1}

        @hatchet.step(parents=["a"])
        def b(self, context: Context) -> Any:
            return {"vb": context.step_output("a")["va"] * 10}

        @hatchet.step(parents=["a"])
        def c(self, context: Context) -> Any:
            return {"vc": context.step_output("a")["va"] * 100}

        @hatchet.step(parents=["b", "c"])
        def d(self, context: Context) -> Any:
            return {
                "sum": context.step_output("b")["vb"] + context.step_output("c")["vc"],
                "grandparent": context.step_output("a")["va"],
                "run": context.workflow_run_id(),
                "taskRun": context.stepRunId,
            }

    @hatchet.workflow(name=name("flaky"))
    class Flaky:
        @hatchet.step(retries=2)
        def flaky(self, context: Context) -> Any:
            return stumble(context)

    @hatchet.workflow(name=name("backoff"))
    class Backoff:
        @hatchet.step(retries=3, backoff_factor=2, backoff_max_seconds=3)
        def backoff(self, context: Context) -> Any:
            return stumble(context)

    @hatchet.workflow(name=name("slow"))
    class Slow:
        @hatchet.step(timeout="1s")
        async def slow(self, context: Context) -> Any:
            return await overstay(context)

    @hatchet.workflow(name=name("slowonce"))
    class SlowOnce:
        @hatchet.step(timeout="2s", retries=1)
        async def slowonce(self, context: Context) -> Any:
            if context.retry_count() == 0:
                return await overstay(context)
            tell_step(context, "start")
            return {"ok": context.retry_count()}

    @hatchet.workflow(name=name("refreshes"))
    class Refreshes:
        @hatchet.step(timeout="1s")
        async def refreshes(self, context: Context) -> Any:
            tell_step(context, "start")
            await asyncio.to_thread(context.refresh_timeout, "3s")
            return {"done": await held(context, 2_000)}

    @hatchet.workflow(name=name("hook"))
    class Hook:
        @hatchet.step()
        def fine(self, context: Context) -> Any:
            return {"a": 1}

        @hatchet.step(parents=["fine"])
        def bad(self, context: Context) -> Any:
            if context.workflow_input().get("fail"):
                raise RuntimeError("bad news")
            return {"b": 2}

        @hatchet.step(parents=["bad"])
        def after(self, context: Context) -> Any:
            return {"c": 3}

        @hatchet.on_failure_step(name="on-failure-task")
        def on_failure(self, context: Context) -> Any:
            tell_step(context, "start")
            return {"input": context.workflow_input(), "errors": context.step_run_errors()}

    classes = [Echo, Shape, Diamond, Flaky, Backoff, Slow, SlowOnce, Refreshes, Hook]
    return [workflow() for workflow in classes]
