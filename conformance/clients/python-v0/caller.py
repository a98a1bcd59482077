"""The program that triggers and awaits, with the Python 0.x client.

Reads `{id, verb, args}` lines from its standard input and answers each with an `answer` or an `error` line of the same
id; calls run side by side. Cancel, replay, details and logs are not among them: the routes this client knows for them
are gone.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

from hatchet_sdk import Hatchet  # noqa: E402
from hatchet_sdk.clients.rest.models.update_worker_request import UpdateWorkerRequest  # noqa: E402
from hatchet_sdk.clients.run_event_listener import StepRunEventType  # noqa: E402
from telling import end_process_group, tell  # noqa: E402

# Made in main(): this client's calls belong to the loop that runs when it is made.
hatchet: Hatchet


def trigger_options(args: dict[str, Any]) -> dict[str, Any]:
    options = args.get("options") or {}
    named = {"additional_metadata": options.get("additionalMetadata"), "priority": options.get("priority")}
    return {key: value for key, value in named.items() if value is not None}


def input_of(args: dict[str, Any]) -> dict[str, Any]:
    """The input, or what its `$json` spells: the test itself cannot write down a large integer."""
    given: dict[str, Any] = args["input"]
    return json.loads(given["$json"]) if "$json" in given else given


async def start(args: dict[str, Any]) -> Any:
    # Not hatchet.admin.aio: it has a listener for results of its own, and two of them confuse each other's subscriptions.
    return hatchet.admin.run_workflow(args["workflow"], input_of(args), trigger_options(args))


async def run(args: dict[str, Any]) -> Any:
    return await (await start(args)).result()


async def start_id(args: dict[str, Any]) -> Any:
    return (await start(args)).workflow_run_id


async def start_many(args: dict[str, Any]) -> Any:
    runs = [{"workflow_name": args["workflow"], "input": value, "options": {}} for value in args["inputs"]]
    return [ref.workflow_run_id for ref in hatchet.admin.run_workflows(runs)]


async def result(args: dict[str, Any]) -> Any:
    return await hatchet.admin.get_workflow_run(args["run"]).result()


async def stream(args: dict[str, Any]) -> Any:
    events = [event async for event in hatchet.listener.stream(args["run"])]
    return [event.payload for event in events if event.type == StepRunEventType.STEP_RUN_EVENT_TYPE_STREAM]


async def rest(call: Callable[[], Awaitable[Any]]) -> Any:
    """REST calls, and what they are made of, belong on the loop of the client's own thread.

    Answers come back as the API spelled them.
    """

    async def on_that_loop() -> Any:
        return await call()

    answer = await asyncio.to_thread(hatchet.rest._run_coroutine, on_that_loop())
    return json.loads(answer.model_dump_json(by_alias=True))


async def workers(_: dict[str, Any]) -> Any:
    return await rest(lambda: hatchet.rest.aio.worker_api.worker_list(hatchet.tenant_id))


async def worker(args: dict[str, Any]) -> Any:
    return await rest(lambda: hatchet.rest.aio.worker_api.worker_get(args["worker"]))


async def pause(args: dict[str, Any]) -> Any:
    request = UpdateWorkerRequest(isPaused=True)
    return await rest(lambda: hatchet.rest.aio.worker_api.worker_update(args["worker"], request))


async def unpause(args: dict[str, Any]) -> Any:
    request = UpdateWorkerRequest(isPaused=False)
    return await rest(lambda: hatchet.rest.aio.worker_api.worker_update(args["worker"], request))


async def workflows(args: dict[str, Any]) -> Any:
    return await rest(
        lambda: hatchet.rest.aio.workflow_api.workflow_list(hatchet.tenant_id, name=args["name"])
    )


VERBS: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = {
    "run": run,
    "start": start_id,
    "startMany": start_many,
    "result": result,
    "stream": stream,
    "workers": workers,
    "worker": worker,
    "pause": pause,
    "unpause": unpause,
    "workflows": workflows,
}


async def answer(call: dict[str, Any]) -> None:
    try:
        tell("answer", id=call["id"], value=await VERBS[call["verb"]](call["args"]))
    except Exception as error:
        tell("error", id=call["id"], name=type(error).__name__, message=str(error))


async def main() -> None:
    global hatchet
    hatchet = Hatchet()
    tell("ready")
    calls = set()
    while text := await asyncio.to_thread(sys.stdin.readline):
        call = asyncio.create_task(answer(json.loads(text)))
        calls.add(call)
        call.add_done_callback(calls.discard)
    end_process_group()


if __name__ == "__main__":
    asyncio.run(main())
