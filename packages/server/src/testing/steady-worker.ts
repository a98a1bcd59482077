import { status } from "@grpc/grpc-js";
import { DispatcherService, HeartbeatRequest, StepActionEventType } from "@helve/contracts";
import { call, type TestClient } from "./test-client.ts";
import { startWorker } from "./test-worker.ts";

const BEAT_MS = 1_000;
const REPEAT_MS = 100;

/** A worker that ends every task with success, whatever happens to its reports, and says so. */
export interface SteadyWorker {
  /** Ids of the runs whose end it was told is durable. */
  readonly done: ReadonlySet<string>;
  /** What its reports were answered otherwise than with OK or UNAVAILABLE. */
  readonly refusals: readonly unknown[];
  /** Whether its stream has not ended since it began. */
  isListening(): boolean;
  stop(): void;
}

/** Starts such a worker: like published clients it sends heartbeats, and repeats a report until it is answered OK. */
export async function steadyWorker(client: TestClient, action: string, slots: number): Promise<SteadyWorker> {
  const worker = await startWorker(client, action, slots);
  const done = new Set<string>();
  const refusals: unknown[] = [];
  let isListening = true;
  let isStopped = false;
  worker.stream.once("close", () => {
    isListening = false;
  });
  const beating = setInterval(() => {
    const beat = HeartbeatRequest.create({ workerId: worker.id, heartbeatAt: new Date() });
    call(client, DispatcherService.heartbeat, beat).catch(() => {});
  }, BEAT_MS);

  async function work(): Promise<void> {
    for (;;) {
      const action = await worker.next();
      finish(action).then(
        () => done.add(action.workflowRunId),
        (error: unknown) => isStopped || refusals.push(error),
      );
    }
  }
  async function finish(action: Awaited<ReturnType<typeof worker.next>>): Promise<void> {
    for (;;) {
      try {
        return await worker.report(action, StepActionEventType.STEP_EVENT_TYPE_COMPLETED, "{}");
      } catch (error) {
        const { code } = error as { code?: status };
        if (isStopped || (code !== status.UNAVAILABLE && code !== status.DEADLINE_EXCEEDED)) throw error;
        await new Promise((resolve) => setTimeout(resolve, REPEAT_MS));
      }
    }
  }
  void work().catch(() => {});
  return {
    done,
    refusals,
    isListening: () => isListening,
    stop() {
      isStopped = true;
      clearInterval(beating);
      worker.stream.cancel();
    },
  };
}
