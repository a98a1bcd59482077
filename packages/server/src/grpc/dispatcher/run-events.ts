import type { ServerWritableStream } from "@grpc/grpc-js";
import type { SubscribeToWorkflowEventsRequest, WorkflowEvent } from "@helve/contracts";
import { HelveError, invalidArgument, isUuid, notFound, type RunId } from "@helve/core";
import type { RunEvent, RunEventFilter } from "@helve/engine";
import { failStream } from "../calls.ts";
import type { CallContext, Edge } from "../edge.ts";
import { uuidProblem } from "../ids.ts";
import { MAX_UNREAD } from "../limits.ts";
import { ChunkOrder } from "./chunk-order.ts";
import { workflowEvent } from "./workflow-event.ts";

type EventStream = ServerWritableStream<SubscribeToWorkflowEventsRequest, WorkflowEvent>;

/** How long a chunk of a task's output waits for those before it. */
const HOLD_MS = 5_000;

/**
 * SubscribeToWorkflowEvents: what happens from now on in one run, or in all runs with a metadata value. The stream ends
 * with the run; of a run that has already ended nothing is told.
 */
export async function subscribeToWorkflowEvents(edge: Edge, caller: CallContext, call: EventStream): Promise<void> {
  const filter = readFilter(call.request);
  const feed = new Feed(call, () => failStream(edge, call, new HelveError("resource_exhausted", TOO_SLOW)));
  call.once(
    "close",
    edge.openCalls.watch(() => feed.unread),
  );
  // Before the look at the run, so that its end cannot fall between the two.
  const stop = edge.engine.onRunEvents(caller.tenantId, filter, (event) => feed.add(event));
  call.once("close", () => {
    stop();
    feed.close();
  });
  if ("runId" in filter && (await isDone(edge, caller, filter.runId))) call.end();
  else feed.open();
}

const TOO_SLOW = `the events of this stream are not read: more than ${MAX_UNREAD / 2 ** 20} MiB wait for its listener`;

function readFilter(request: SubscribeToWorkflowEventsRequest): RunEventFilter {
  const { workflowRunId, additionalMetaKey, additionalMetaValue } = request;
  if (workflowRunId) {
    if (isUuid(workflowRunId)) return { runId: workflowRunId.toLowerCase() };
    throw invalidArgument(`invalid workflow run id ${workflowRunId}: ${uuidProblem(workflowRunId)}`);
  }
  if (additionalMetaKey !== undefined && additionalMetaValue !== undefined) {
    return { metadataKey: additionalMetaKey, metadataValue: additionalMetaValue };
  }
  throw invalidArgument("either workflow run id or additional meta key-value must be provided");
}

async function isDone({ engine }: Edge, { tenantId }: CallContext, runId: RunId): Promise<boolean> {
  try {
    return (await engine.getRun(tenantId, runId)).isDone;
  } catch (error) {
    if (error instanceof HelveError && error.code === "not_found") throw notFound(`workflow run ${runId} not found`);
    throw error;
  }
}

type StreamEvent = RunEvent & { index: number | undefined };
interface Attempt {
  retryCount: number;
  chunks: ChunkOrder<StreamEvent>;
}

/** Brings events into order and onto the stream. Until it is opened it keeps them. */
class Feed {
  readonly #call: EventStream;
  /** By task; a task that shows no chunks has none. */
  readonly #attempts = new Map<string, Attempt>();
  readonly #activeRuns = new Set<RunId>();
  readonly #giveUp: () => void;
  #kept: RunEvent[] | undefined = [];
  /** Characters that wait because the listener has not read what was written before. */
  unread = 0;
  #isGivenUp = false;

  constructor(call: EventStream, giveUp: () => void) {
    this.#call = call;
    this.#giveUp = giveUp;
  }

  open(): void {
    const kept = this.#kept ?? [];
    this.#kept = undefined;
    for (const event of kept) this.add(event);
  }

  add(event: RunEvent): void {
    if (this.#kept) this.#kept.push(event);
    else if (event.kind.type === "stream") this.#addChunk({ ...event, index: event.kind.index });
    else if (event.kind.type === "run_ended") this.#endRun(event);
    else this.#addTaskEvent(event);
  }

  close(): void {
    for (const { chunks } of this.#attempts.values()) chunks.discard();
    this.#attempts.clear();
  }

  #addChunk(event: StreamEvent): void {
    this.#activeRuns.add(event.runId);
    let attempt = this.#attempts.get(event.taskId);
    // A new attempt counts its chunks from 0 again; the other one's are complete or never will be.
    if (attempt === undefined || attempt.retryCount < event.retryCount) {
      attempt?.chunks.flush();
      const chunks = new ChunkOrder<StreamEvent>({ send: (chunk) => this.#send(chunk, false), holdMs: HOLD_MS });
      attempt = { retryCount: event.retryCount, chunks };
      this.#attempts.set(event.taskId, attempt);
    }
    attempt.chunks.add(event);
  }

  #addTaskEvent(event: RunEvent): void {
    this.#activeRuns.add(event.runId);
    const { type } = event.kind;
    if (type !== "task_queued" && type !== "task_started") {
      this.#attempts.get(event.taskId)?.chunks.flush();
      this.#attempts.delete(event.taskId);
    }
    this.#send(event, false);
  }

  /** The stream ends when none of the runs seen on it is active any more. */
  #endRun(event: RunEvent): void {
    for (const { chunks } of this.#attemptsOf(event.runId)) chunks.flush();
    this.#activeRuns.delete(event.runId);
    const isLast = this.#activeRuns.size === 0;
    this.#send(event, isLast);
    if (isLast) this.#call.end();
  }

  /** The tasks of a run have its id but for the last four digits. */
  #attemptsOf(runId: RunId): Attempt[] {
    const prefix = runId.slice(0, 32);
    return [...this.#attempts].flatMap(([taskId, attempt]) => (taskId.startsWith(prefix) ? [attempt] : []));
  }

  #send(event: RunEvent, hangup: boolean): void {
    const message = workflowEvent(event, hangup);
    if (!message || !this.#call.writable || this.#isGivenUp) return;
    const characters = message.eventPayload.length;
    this.unread += characters;
    this.#call.write(message, () => {
      this.unread -= characters;
    });
    // What is told here is for whoever listens, and is not kept.
    if (this.unread <= MAX_UNREAD) return;
    this.#isGivenUp = true;
    this.#giveUp();
  }
}
