import type { helve } from "@helve/contracts";
import { HelveError } from "../errors.ts";
import type { ClientSession } from "../session/client-session.ts";
import { MAX_FRAME_CHARS } from "../session/frame-limits.ts";
import { newRunId } from "../session/new-run-id.ts";
import { triggerSize } from "../session/pending-trigger.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { Attempt } from "../worker/attempt.ts";
import { currentTask } from "../worker/current-task.ts";
import { desiredLabelsToWire } from "../workflow/registration.ts";
import type { RunOpts } from "../workflow/workflow-options.ts";
import { RunResults } from "./run-results.ts";

/** A run to be started. */
export interface RunRequest {
  /** The workflow's name as the engine knows it. */
  workflow: string;
  input: unknown;
  options?: RunOpts | undefined;
  /** The task whose output is the result, for a task that stands alone. */
  standaloneTask?: string | undefined;
}

/** Starts runs. In a test of a task it is one that starts nothing. */
export interface Launcher {
  /** @returns ids in the order of the requests */
  start(requests: readonly RunRequest[], parent?: Attempt): Promise<string[]>;
  /** @returns results in the order of the requests */
  startAndWait(requests: readonly RunRequest[], returnsErrors: boolean, parent?: Attempt): Promise<unknown[]>;
  resultOf(runId: string, standaloneTask: string | undefined): Promise<unknown>;
}

export interface RunLauncherOptions {
  session: ClientSession;
  /** Largest message the engine takes. */
  maxBytes: number;
  /** Names engine and tenant. */
  engine: string;
  tracing: Tracing | undefined;
}

/** Runs in one request to the engine, which starts all of them or none. */
const MAX_RUNS_PER_REQUEST = 1_000;

/**
 * Starts runs and waits for them. Called in the code of a task, the runs are children of that task: they are found again
 * by another attempt, and waiting for them ends when the task is given up.
 */
export class RunLauncher implements Launcher {
  readonly #session: ClientSession;
  readonly #maxBytes: number;
  readonly #tracing: Tracing | undefined;
  /** Names engine and tenant; clients of the same one know each other's tasks as parents. */
  readonly engine: string;

  constructor({ session, maxBytes, engine, tracing }: RunLauncherOptions) {
    this.#session = session;
    this.#maxBytes = maxBytes;
    this.#tracing = tracing;
    this.engine = engine;
  }

  /**
   * Starts runs. More than a thousand go in several requests: if one of them is refused, the others stand.
   *
   * @returns ids in the order of the requests
   */
  async start(requests: readonly RunRequest[], parent: Attempt | undefined = this.#parent()): Promise<string[]> {
    const chunks = this.#chunks(requests, parent);
    if (chunks.length === 1) return this.#startChunk((chunks[0] as Chunk).triggers);
    const ids = await Promise.all(chunks.map((chunk) => this.#startChunk(chunk.triggers)));
    return ids.flat();
  }

  /**
   * Starts runs and waits until all of them have ended.
   *
   * @param returnsErrors whether the error of a run stands in its place instead of rejecting the whole
   * @returns results in the order of the requests
   */
  startAndWait(
    requests: readonly RunRequest[],
    returnsErrors: boolean,
    parent: Attempt | undefined = this.#parent(),
  ): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      const chunks = this.#chunks(requests, parent);
      const results = new RunResults(requests, returnsErrors, resolve, reject);
      for (const chunk of chunks) this.#startAndWaitForChunk(chunk, results);
      if (parent !== undefined) results.endWith(parent.controller.signal);
    });
  }

  /** Waits for a run that was started by anyone. */
  resultOf(runId: string, standaloneTask: string | undefined): Promise<unknown> {
    const parent = this.#parent();
    return new Promise((resolve, reject) => {
      const results = new RunResults([{ standaloneTask }], false, ([result]) => resolve(result), reject);
      const waiter = results.waiter(0);
      this.#session.waitFor(runId, waiter);
      if (parent === undefined) return;
      results.endWith(parent.controller.signal, () => this.#session.stopWaiting(runId, waiter));
    });
  }

  /** The task this code belongs to. One of another engine or tenant is no parent here. */
  #parent(): Attempt | undefined {
    const attempt = currentTask.getStore();
    return attempt?.runtime.engine === this.engine ? attempt : undefined;
  }

  #startChunk(runs: helve.Trigger[]): Promise<string[]> {
    return new Promise((started, refused) => this.#session.trigger({ runs, wait: false, started, refused }));
  }

  #startAndWaitForChunk({ triggers, first }: Chunk, results: RunResults): void {
    this.#session.trigger({
      runs: triggers,
      wait: true,
      started: (runIds) => {
        for (let at = 0; at < runIds.length; at += 1) {
          this.#session.waitForStarted(runIds[at] as string, results.waiter(first + at));
        }
      },
      refused: (error) => results.refuse(error),
    });
  }

  #chunks(requests: readonly RunRequest[], parent: Attempt | undefined): Chunk[] {
    parent?.throwIfGivenUp();
    const traceparent = this.#tracing?.traceparent();
    const chunks: Chunk[] = [];
    let current: Chunk | undefined;
    let chars = 0;
    for (let at = 0; at < requests.length; at += 1) {
      const trigger = toTrigger(requests[at] as RunRequest, parent, traceparent);
      const size = this.#checkedSize(trigger);
      const isFull = current === undefined || current.triggers.length >= MAX_RUNS_PER_REQUEST;
      if (isFull || chars + size > MAX_FRAME_CHARS) {
        current = { triggers: [], first: at };
        chunks.push(current);
        chars = 0;
      }
      chars += size;
      (current as Chunk).triggers.push(trigger);
    }
    return chunks;
  }

  #checkedSize(trigger: helve.Trigger): number {
    const size = triggerSize(trigger);
    // Only where it could be too large are bytes counted; a message has some of its own around the texts.
    if (size > this.#maxBytes / 4) {
      const bytes = Buffer.byteLength(trigger.input) + Buffer.byteLength(trigger.metadata) + 4096;
      if (bytes > this.#maxBytes) {
        const limit = `the engine takes ${this.#maxBytes}`;
        throw new HelveError("resource_exhausted", `the input for '${trigger.workflow}' has ${bytes} bytes; ${limit}`);
      }
    }
    return size;
  }
}

interface Chunk {
  triggers: helve.Trigger[];
  /** Place of its first run among all. */
  first: number;
}

function toTrigger(
  { workflow, input, options }: RunRequest,
  parent: Attempt | undefined,
  traceparent: string | undefined,
): helve.Trigger {
  const given = options?.additionalMetadata;
  // What the program says itself stands.
  const metadata = traceparent === undefined ? given : { traceparent, ...given };
  const trigger: helve.Trigger = {
    workflow,
    input: JSON.stringify(input ?? {}),
    metadata: metadata === undefined ? "" : JSON.stringify(metadata),
    priority: options?.priority,
    desiredWorkerId: options?.desiredWorkerId,
    desiredWorkerLabels: options?.desiredWorkerLabels ? desiredLabelsToWire(options.desiredWorkerLabels) : NO_LABELS,
  };
  if (parent === undefined) {
    trigger.runId = newRunId();
  } else {
    if (options?.sticky) trigger.desiredWorkerId = workerOf(parent, workflow);
    trigger.parentTaskId = parent.taskId;
    trigger.childIndex = parent.takeChildIndex();
    trigger.childKey = options?.childKey;
  }
  return trigger;
}

const NO_LABELS: helve.Trigger["desiredWorkerLabels"] = {};

/** The worker that a sticky child is to run on. */
function workerOf({ runtime }: Attempt, workflow: string): string | undefined {
  if (runtime.hasWorkflow(workflow)) return runtime.workerId();
  throw new HelveError("invalid_argument", `'${workflow}' cannot be sticky: it is not registered on this worker`);
}
