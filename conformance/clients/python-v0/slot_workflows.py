"""Workflows about workers and slots, children, logs and streams, in the class style of the Python 0.x client."""

from collections.abc import Callable
from typing import Any

import asyncio

from hatchet_sdk import Context, Hatchet
from run_workflows import held, tell_step


def slot_workflows(hatchet: Hatchet, name: Callable[[str], str], worker: str) -> list[Any]:
    @hatchet.workflow(name=name("hold"))
    class Hold:
        """Takes its time, another time on a second attempt; fails once when told to."""

        @hatchet.step(retries=1)
        async def hold(self, context: Context) -> Any:
            order, retry = context.workflow_input(), context.retry_count()
            tell_step(context, "start", tag=order.get("tag"))
            whole = await held(context, order["ms"] if retry == 0 else order.get("again", order["ms"]))
            tell_step(context, "end", tag=order.get("tag"), whole=whole)
            if order.get("failOn") == retry:
                raise RuntimeError(f"attempt {retry} fails")
            return {"by": worker, "retry": retry, "whole": whole}

    @hatchet.workflow(name=name("releases"))
    class Releases:
        @hatchet.step()
        async def releases(self, context: Context) -> Any:
            order = context.workflow_input()
            tell_step(context, "start", tag=order.get("tag"))
            await asyncio.to_thread(context.release_slot)
            tell_step(context, "released", tag=order.get("tag"))
            await held(context, order["ms"])
            tell_step(context, "end", tag=order.get("tag"))
            return {"by": worker}

    @hatchet.workflow(name=name("impatient"), schedule_timeout="2s")
    class Impatient:
        @hatchet.step(retries=2)
        def impatient(self, context: Context) -> Any:
            tell_step(context, "start")
            return {}

        @hatchet.on_failure_step(name="on-failure-task")
        def on_failure(self, context: Context) -> Any:
            tell_step(context, "hook")
            return {}

    @hatchet.workflow(name=name("relabel"))
    class Relabel:
        @hatchet.step()
        async def relabel(self, context: Context) -> Any:
            await context.worker.async_upsert_labels(context.workflow_input()["labels"])
            return {"labels": context.worker.labels(), "worker": context.worker.id()}

    @hatchet.workflow(name=name("child"))
    class Child:
        @hatchet.step()
        def child(self, context: Context) -> Any:
            order = context.workflow_input()
            tell_step(context, "start", n=order["n"])
            if order.get("fail"):
                raise RuntimeError("child breaks")
            return {
                "n": order["n"],
                "index": context.child_index(),
                "key": context.child_key(),
                "parent": context.parent_workflow_run_id(),
                "metadata": context.additional_metadata(),
            }

    @hatchet.workflow(name=name("family"))
    class Family:
        @hatchet.step()
        async def family(self, context: Context) -> Any:
            kind, spawn = name("child"), context.aio.spawn_workflow
            one = await (await spawn(kind, {"n": 0}, key="one")).result()
            refs = await context.aio.spawn_workflows(
                [{"workflow_name": kind, "input": {"n": n}, "key": f"many-{n}", "options": {}} for n in (1, 2, 3)]
            )
            many = [await ref.result() for ref in refs]
            first = await spawn(kind, {"n": 4}, key="same")
            second = await spawn(kind, {"n": 5}, key="same")
            shared = await second.result()
            try:
                caught = str(await (await spawn(kind, {"n": 6, "fail": True}, key="broken")).result())
            except Exception as error:
                caught = str(error)
            return {
                "self": context.stepRunId,
                "one": one["child"],
                "many": [result["child"] for result in many],
                "same": first.workflow_run_id == second.workflow_run_id,
                "shared": shared["child"],
                "caught": caught,
            }

    @hatchet.workflow(name=name("chatter"))
    class Chatter:
        @hatchet.step()
        async def chatter(self, context: Context) -> Any:
            context.log("first line")
            context.log("second line")
            await held(context, 1_000)
            for index in range(4):
                # The client hands chunks to a pool of threads: only their distance keeps them in order.
                context.put_stream(f"chunk {index}")
                await held(context, 100)
            return {"said": 4}

    return [workflow() for workflow in [Hold, Releases, Impatient, Relabel, Child, Family, Chatter]]
