import type { helve } from "@helve/contracts";
import { HelveError } from "../errors.ts";
import { Attempt } from "../worker/attempt.ts";
import { runHandler } from "../worker/run-handler.ts";
import type { WorkerLabels } from "../worker/task-runtime.ts";
import type { Anything, InputType, OutputType } from "../workflow/json.ts";
import type { Priority } from "../workflow/priority.ts";
import type { StandardSchemaV1 } from "../workflow/standard-schema.ts";
import { TaskWorkflowDeclaration } from "../workflow/task-declaration.ts";
import type { CreateWorkflowTaskOpts } from "../workflow/task-options.ts";
import { type ChildAnswer, type StartedChild, TestRuntime, type WrittenLine } from "./test-runtime.ts";

/** The world around a task under test. */
export interface RunTaskOptions {
  /** What its parents have returned, by name. */
  parentOutputs?: Record<string, unknown> | undefined;
  /** Attempts before this one. @default 0 */
  retryCount?: number | undefined;
  additionalMetadata?: Record<string, string> | undefined;
  /** Errors of failed tasks by name, for an on-failure task. */
  errors?: Record<string, string> | undefined;
  priority?: Priority | undefined;
  childIndex?: number | undefined;
  childKey?: string | undefined;
  /** Cancels the task when it aborts. */
  signal?: AbortSignal | undefined;
  /** What runs give that the task starts. Without it a task that starts one fails. */
  children?: ChildAnswer | undefined;
  workerLabels?: WorkerLabels | undefined;
}

/** What a task under test has done. */
export interface TaskRunReport<O> {
  output: O;
  logs: WrittenLine[];
  /** What it put into the stream, as text. */
  stream: string[];
  /** Runs that it started, in this order. */
  children: StartedChild[];
  /** By how many ms it moved its timeout. */
  refreshedMs: number;
  isSlotReleased: boolean;
  /** Whether it asked to be cancelled. */
  isCancelled: boolean;
}

/**
 * Runs the code of a task as a worker would, without an engine: the input goes through JSON and the schema, the output
 * through JSON.
 *
 * @returns what it gave and did
 * @throws what the task throws; NonRetryableError for an input that does not fit the schema
 */
export async function runTask<I extends InputType, O extends OutputType>(
  task: TaskWorkflowDeclaration<I, O> | CreateWorkflowTaskOpts<I, O>,
  input: I,
  options: RunTaskOptions = {},
): Promise<TaskRunReport<O>> {
  const runtime = new TestRuntime(options.children, options.workerLabels ?? {});
  const { name, fn, schema } = codeOf(task);
  if (fn === undefined) throw new HelveError("failed_precondition", `the task '${name}' has no code`);
  const attempt = new Attempt(assignmentOf(name, input, options), runtime);
  const cancel = (): void => attempt.giveUp("cancelled by the test");
  options.signal?.addEventListener("abort", cancel);
  if (options.signal?.aborted) cancel();
  try {
    const output: unknown = await runHandler({ fn, schema }, attempt);
    return { ...reportOf(runtime), output: throughJson(output) as O };
  } finally {
    options.signal?.removeEventListener("abort", cancel);
  }
}

function codeOf(task: TaskWorkflowDeclaration<Anything, Anything> | CreateWorkflowTaskOpts<Anything, Anything>): {
  name: string;
  fn: CreateWorkflowTaskOpts<Anything, Anything>["fn"];
  schema: StandardSchemaV1 | undefined;
} {
  if (!(task instanceof TaskWorkflowDeclaration)) return { name: task.name, fn: task.fn, schema: undefined };
  return { name: task.name, fn: task.taskDef.fn, schema: task.definition.inputValidator };
}

function assignmentOf(name: string, input: unknown, options: RunTaskOptions): helve.Assignment {
  const retryCount = options.retryCount ?? 0;
  const id = "00000000-0000-7000-8000-000000000002";
  return {
    taskId: id,
    attempt: retryCount + 1,
    runId: id,
    action: `${name}:${name}`.toLowerCase(),
    taskName: name,
    input: JSON.stringify(input ?? {}),
    parents: JSON.stringify(options.parentOutputs ?? {}),
    metadata: JSON.stringify(options.additionalMetadata ?? {}),
    priority: options.priority ?? 1,
    workflowId: id,
    workflowVersionId: id,
    childIndex: options.childIndex,
    childKey: options.childKey,
    stepRunErrors: options.errors && JSON.stringify(options.errors),
    retryCount,
    executionTimeoutMs: 60_000,
  };
}

function reportOf(runtime: TestRuntime): Omit<TaskRunReport<never>, "output"> {
  const { lines, chunks, children, refreshedMs, isSlotReleased, isCancelled } = runtime;
  const stream = chunks.map((chunk) => chunk.toString("utf8"));
  return { logs: lines, stream, children, refreshedMs, isSlotReleased, isCancelled };
}

function throughJson(output: unknown): unknown {
  return output === undefined ? undefined : JSON.parse(JSON.stringify(output));
}
