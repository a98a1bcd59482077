"""The program that triggers and awaits, with the Python 1.x client.

Reads `{id, verb, args}` lines from its standard input and answers each with an `answer` or an `error` line of the same
id; calls run side by side.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

from hatchet_sdk import EmptyModel, Hatchet  # noqa: E402
from newest_words import teach_newest_words  # noqa: E402
from telling import end_process_group, tell  # noqa: E402

teach_newest_words()
hatchet = Hatchet()


def declared(workflow: str) -> Any:
    return hatchet.stubs.workflow(name=workflow)


def trigger_options(args: dict[str, Any]) -> dict[str, Any]:
    options = args.get("options") or {}
    named = {"additional_metadata": options.get("additionalMetadata"), "priority": options.get("priority")}
    return {key: value for key, value in named.items() if value is not None}


def input_of(args: dict[str, Any]) -> dict[str, Any]:
    """The input, or what its `$json` spells: the test itself cannot write down a large integer."""
    given: dict[str, Any] = args["input"]
    return json.loads(given["$json"]) if "$json" in given else given


async def start(args: dict[str, Any]) -> Any:
    return await declared(args["workflow"]).aio_run(
        EmptyModel(**input_of(args)), wait_for_result=False, **trigger_options(args)
    )


async def run(args: dict[str, Any]) -> Any:
    return await (await start(args)).aio_result()


async def start_id(args: dict[str, Any]) -> Any:
    return (await start(args)).workflow_run_id


async def start_many(args: dict[str, Any]) -> Any:
    workflow = declared(args["workflow"])
    items = [workflow.create_bulk_run_item(input=EmptyModel(**value)) for value in args["inputs"]]
    return [ref.workflow_run_id for ref in await workflow.aio_run_many(items, wait_for_result=False)]


async def run_task(args: dict[str, Any]) -> Any:
    """The way of a program that holds the declaration of a standalone task: no task name around the output."""
    return (await hatchet.stubs.task(name=args["workflow"]).aio_run(EmptyModel(**args["input"]))).model_dump()


async def result(args: dict[str, Any]) -> Any:
    return await hatchet.runs.get_run_ref(args["run"]).aio_result()


async def polled_result(args: dict[str, Any]) -> Any:
    """The blocking way, which asks for the run's details once a second."""
    return await asyncio.to_thread(hatchet.runs.get_run_ref(args["run"]).result)


async def stream(args: dict[str, Any]) -> Any:
    return [chunk async for chunk in hatchet.runs.subscribe_to_stream(args["run"])]


async def details(args: dict[str, Any]) -> Any:
    found = await hatchet.runs.aio_get_details(args["run"])
    return {
        "status": str(found.status.value),
        "done": found.done,
        "taskRuns": {task: {"output": run.output, "error": run.error} for task, run in found.task_runs.items()},
    }


async def list_runs(args: dict[str, Any]) -> Any:
    rows = (await hatchet.workflows.aio_list(workflow_name=args["workflow"])).rows or []
    workflow = next(row for row in rows if row.name == args["workflow"])
    return plain(await hatchet.runs.aio_list(workflow_ids=[workflow.metadata.id], only_tasks=False))


async def each(args: dict[str, Any], act: Callable[[str], Awaitable[Any]]) -> None:
    for run_id in args["runs"]:
        await act(run_id)


def plain(model: Any) -> Any:
    """A REST answer as the API spelled it."""
    return json.loads(model.model_dump_json(by_alias=True))


async def get(args: dict[str, Any]) -> Any:
    return plain(await hatchet.runs.aio_get(args["run"]))


async def status(args: dict[str, Any]) -> Any:
    return (await hatchet.runs.aio_get_status(args["run"])).value


async def logs(args: dict[str, Any]) -> Any:
    return plain(await hatchet.logs.aio_list(args["taskRun"]))


async def workers(_: dict[str, Any]) -> Any:
    return plain(await hatchet.workers.aio_list())


async def worker(args: dict[str, Any]) -> Any:
    return plain(await hatchet.workers.aio_get(args["worker"]))


async def pause(args: dict[str, Any]) -> Any:
    return plain(await hatchet.workers.aio_pause(args["worker"]))


async def unpause(args: dict[str, Any]) -> Any:
    return plain(await hatchet.workers.aio_unpause(args["worker"]))


async def workflows(args: dict[str, Any]) -> Any:
    return plain(await hatchet.workflows.aio_list(workflow_name=args["name"]))


async def pause_workflow(args: dict[str, Any]) -> Any:
    return plain(await hatchet.workflows.aio_pause(args["workflow"], timedelta(hours=args["hours"])))


async def unpause_workflow(args: dict[str, Any]) -> Any:
    return plain(await hatchet.workflows.aio_unpause(args["workflow"]))


VERBS: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = {
    "run": run,
    "start": start_id,
    "startMany": start_many,
    "runTask": run_task,
    "result": result,
    "polledResult": polled_result,
    "stream": stream,
    "get": get,
    "status": status,
    "details": details,
    "list": list_runs,
    "cancel": lambda args: each(args, hatchet.runs.aio_cancel),
    "replay": lambda args: each(args, hatchet.runs.aio_replay),
    "logs": logs,
    "workers": workers,
    "worker": worker,
    "pause": pause,
    "unpause": unpause,
    "workflows": workflows,
    "pauseWorkflow": pause_workflow,
    "unpauseWorkflow": unpause_workflow,
}


async def answer(call: dict[str, Any]) -> None:
    try:
        tell("answer", id=call["id"], value=await VERBS[call["verb"]](call["args"]))
    except Exception as error:
        tell("error", id=call["id"], name=type(error).__name__, message=str(error))


async def main() -> None:
    tell("ready")
    calls = set()
    while text := await asyncio.to_thread(sys.stdin.readline):
        call = asyncio.create_task(answer(json.loads(text)))
        calls.add(call)
        call.add_done_callback(calls.discard)
    end_process_group()


if __name__ == "__main__":
    asyncio.run(main())
