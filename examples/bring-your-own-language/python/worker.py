"""A worker without an SDK: it registers one task, `shout`, and runs it until it is told to end."""

import base64
import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc

sys.path.insert(0, os.environ.get("STUBS", os.path.join(os.path.dirname(os.path.abspath(__file__)), "gen")))
from hatchet import dispatcher_pb2 as wire  # noqa: E402
from hatchet import dispatcher_pb2_grpc as dispatcher_stubs  # noqa: E402
from hatchet.v1 import workflows_pb2 as workflows  # noqa: E402
from hatchet.v1 import workflows_pb2_grpc as workflow_stubs  # noqa: E402

WORKFLOW = "shout-python"
ACTION = f"{WORKFLOW}:shout"
SLOTS = 10
HEARTBEAT_S = 4


class BadInput(Exception):
    """Another attempt would not help."""


def shout(data):
    """The task: an object in, an object out."""
    if not isinstance(data.get("text"), str):
        raise BadInput("text is missing")
    return {"text": data["text"].upper()}


class Worker:
    def __init__(self, token):
        # The address stands in the middle part of the token.
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        address = os.environ.get("HELVE_CLIENT_HOST_PORT") or claims["grpc_broadcast_address"]
        plain = os.environ.get("HELVE_CLIENT_TLS_STRATEGY") == "none"
        options = [("grpc.keepalive_time_ms", 10_000), ("grpc.keepalive_permit_without_calls", 1)]
        channel = (
            grpc.insecure_channel(address, options)
            if plain
            else grpc.secure_channel(address, grpc.ssl_channel_credentials(), options)
        )
        self.auth = [("authorization", f"bearer {token}")]
        self.engine = dispatcher_stubs.DispatcherStub(channel)
        self.admin = workflow_stubs.AdminServiceStub(channel)
        self.pool = ThreadPoolExecutor(SLOTS)
        self.stopping = threading.Event()
        self.cancelled = set()

    def register(self):
        task = workflows.CreateTaskOpts(readable_id="shout", action=ACTION, timeout="60s", retries=2)
        self.admin.PutWorkflow(
            workflows.CreateWorkflowVersionRequest(name=WORKFLOW, tasks=[task]), metadata=self.auth, timeout=30
        )
        labels = {}
        if os.environ.get("HELVE_COPY"):
            # By this a supervisor recognises us.
            labels["helve-copy"] = wire.WorkerLabels(str_value=os.environ["HELVE_COPY"])
        request = wire.WorkerRegisterRequest(
            worker_name=WORKFLOW,
            actions=[ACTION],
            slot_config={"default": SLOTS},
            labels=labels,
            runtime_info=wire.RuntimeInfo(language=wire.PYTHON, language_version=sys.version.split()[0], os=sys.platform),
        )
        self.worker_id = self.engine.Register(request, metadata=self.auth, timeout=30).worker_id

    def beat(self):
        while not self.stopping.wait(HEARTBEAT_S):
            try:
                self.engine.Heartbeat(wire.HeartbeatRequest(worker_id=self.worker_id), metadata=self.auth, timeout=5)
            except grpc.RpcError as error:
                print(f"heartbeat: {error.code().name}", file=sys.stderr)

    def listen(self):
        """Takes actions until told to stop; comes back under the same id when the stream breaks."""
        while not self.stopping.is_set():
            try:
                request = wire.WorkerListenRequest(worker_id=self.worker_id)
                self.stream = self.engine.ListenV2(request, metadata=self.auth)
                for action in self.stream:
                    if action.action_type == wire.START_STEP_RUN:
                        self.pool.submit(self.run, action)
                    elif action.action_type == wire.CANCEL_STEP_RUN:
                        self.cancelled.add((action.task_run_external_id, action.retry_count))
            except grpc.RpcError as error:
                if not self.stopping.is_set():
                    print(f"stream: {error.code().name}", file=sys.stderr)
            self.stopping.wait(0.5)

    def run(self, action):
        self.report(action, wire.STEP_EVENT_TYPE_STARTED, "")
        try:
            output = shout(json.loads(action.action_payload)["input"] or {})
            kind, text, final = wire.STEP_EVENT_TYPE_COMPLETED, json.dumps(output), False
        except Exception as error:
            kind, text, final = wire.STEP_EVENT_TYPE_FAILED, str(error), isinstance(error, BadInput)
        attempt = (action.task_run_external_id, action.retry_count)
        if attempt not in self.cancelled:
            self.report(action, kind, text, final)
        self.cancelled.discard(attempt)

    def report(self, action, kind, text, final=False):
        """Repeated until the engine has it: a repeated report changes nothing."""
        event = wire.StepActionEvent(
            worker_id=self.worker_id,
            task_id=action.task_id,
            task_run_external_id=action.task_run_external_id,
            action_id=action.action_id,
            event_type=kind,
            event_payload=text,
            retry_count=action.retry_count,
            should_not_retry=final,
        )
        event.event_timestamp.GetCurrentTime()
        for attempt in range(8):
            try:
                self.engine.SendStepActionEvent(event, metadata=self.auth, timeout=10)
                return
            except grpc.RpcError as error:
                if error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNAUTHENTICATED):
                    raise
                time.sleep(0.1 * 2**attempt)

    def stop(self, *_signal):
        """Says goodbye, so that nothing new comes; what runs is finished and reported."""
        self.stopping.set()
        threading.Thread(target=self.leave).start()

    def leave(self):
        request = wire.WorkerUnsubscribeRequest(worker_id=self.worker_id)
        self.engine.Unsubscribe(request, metadata=self.auth, timeout=5)
        self.pool.shutdown(wait=True)
        self.stream.cancel()


worker = Worker(os.environ.get("HELVE_CLIENT_TOKEN") or os.environ["HATCHET_CLIENT_TOKEN"])
worker.register()
for name in (signal.SIGTERM, signal.SIGINT):
    signal.signal(name, worker.stop)
threading.Thread(target=worker.beat, daemon=True).start()
print("ready", flush=True)
worker.listen()
