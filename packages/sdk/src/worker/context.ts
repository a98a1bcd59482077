import type { WorkflowRunRef } from "../client/run-ref.ts";
import { HelveError, NonRetryableError, TaskCancelledError } from "../errors.ts";
import type { LogLevel } from "../logging/logger.ts";
import type { BaseWorkflowDeclaration } from "../workflow/base-declaration.ts";
import { type Duration, durationToMs } from "../workflow/duration.ts";
import type { Anything, InputType, OutputType } from "../workflow/json.ts";
import type { Priority } from "../workflow/priority.ts";
import type { CreateWorkflowTaskOpts } from "../workflow/task-options.ts";
import type { RunOpts } from "../workflow/workflow-options.ts";
import type { Attempt } from "./attempt.ts";
import { type ChildRun, runChildren, startChildren } from "./child-runs.ts";
import { logLine, type TaskLogExtra, type TaskLogger, taskLogger } from "./context-logger.ts";
import { ContextWorker } from "./context-worker.ts";

/** How a child is to be started. */
export interface ChildRunOpts extends RunOpts {
  /** The older name of `childKey`. */
  key?: string | undefined;
}

/**
 * What a task knows about its run, and what it can ask for while it runs. It is the second argument of every task.
 *
 * @typeParam T the input
 */
export class Context<T = Anything> {
  readonly input: T;
  readonly #attempt: Attempt;
  #logger: TaskLogger | undefined;
  #parents: Record<string, Anything> | undefined;
  #metadata: Record<string, string> | undefined;

  /** Made by workers, and by `@helve/sdk/testing` for tests. */
  constructor(attempt: Attempt, input: T) {
    this.#attempt = attempt;
    this.input = input;
  }

  // ------------------------------------------------------------------------------------------------- cancellation

  /** Whether this attempt was cancelled, timed out, or taken from this worker. Its outcome no longer counts. */
  get cancelled(): boolean {
    return this.#attempt.isGivenUp;
  }

  /** Aborts when the attempt is given up. Give its signal to whatever can be aborted. */
  get abortController(): AbortController {
    return this.#attempt.controller;
  }

  /** The older name of `abortController`. */
  get controller(): AbortController {
    return this.#attempt.controller;
  }

  /** The signal of `abortController`. */
  get signal(): AbortSignal {
    return this.#attempt.controller.signal;
  }

  /** For a broad `catch`: throws on what says that the task was cancelled, so that it is not swallowed. */
  rethrowIfCancelled(error: unknown): void {
    if (error instanceof TaskCancelledError) throw error;
    this.#attempt.throwIfGivenUp();
  }

  /** Asks the engine to cancel this task run. */
  async cancel(): Promise<void> {
    await this.#attempt.runtime.cancelTask(this.#attempt.taskId);
  }

  // ------------------------------------------------------------------------------------------------------ the run

  /** Id of the run. */
  workflowRunId(): string {
    return this.#attempt.assignment.runId;
  }

  /** Id of this task run; the same for all its attempts. */
  taskRunExternalId(): string {
    return this.#attempt.taskId;
  }

  /** @deprecated the older name of `taskRunExternalId` */
  taskRunId(): string {
    return this.#attempt.taskId;
  }

  taskName(): string {
    return this.#attempt.assignment.taskName;
  }

  /** @deprecated the older name of `taskName` */
  stepName(): string {
    return this.taskName();
  }

  /** Name of the workflow, with its namespace. */
  workflowName(): string {
    const { action } = this.#attempt.assignment;
    return action.slice(0, action.lastIndexOf(":"));
  }

  /** The same as `workflowName`. */
  workflowNameV1(): string {
    return this.workflowName();
  }

  workflowId(): string | undefined {
    return this.#attempt.assignment.workflowId || undefined;
  }

  workflowVersionId(): string | undefined {
    return this.#attempt.assignment.workflowVersionId || undefined;
  }

  /** How many attempts were made before this one, for whatever reason. */
  retryCount(): number {
    return this.#attempt.assignment.retryCount;
  }

  priority(): Priority | undefined {
    return (this.#attempt.assignment.priority || undefined) as Priority | undefined;
  }

  /** What was given to the run to be found by, and what the engine has added. */
  additionalMetadata(): Record<string, string> {
    this.#metadata ??= parseObject(this.#attempt.assignment.metadata);
    return this.#metadata;
  }

  /** Place among the children of the task that started this run. */
  childIndex(): number | undefined {
    return this.#attempt.assignment.childIndex;
  }

  childKey(): string | undefined {
    return this.#attempt.assignment.childKey;
  }

  /** Id of the task run that started this run. */
  parentWorkflowRunId(): string | undefined {
    return this.#attempt.assignment.parentTaskId;
  }

  /** Whether an event started the run. */
  triggeredByEvent(): boolean {
    return this.triggeringEventId() !== undefined;
  }

  triggeringEventId(): string | undefined {
    return this.additionalMetadata().hatchet__event_id;
  }

  triggeringEventKey(): string | undefined {
    return this.additionalMetadata().hatchet__event_key;
  }

  /** The worker this task runs on. */
  get worker(): ContextWorker {
    return new ContextWorker(this.#attempt.runtime);
  }

  // ------------------------------------------------------------------------------------- what other tasks have given

  /**
   * What a parent has returned.
   *
   * @param parentTask the task as it was declared, which gives the type, or its name
   * @throws NonRetryableError when it is not a task that this one waited for
   */
  async parentOutput<L extends OutputType>(parentTask: CreateWorkflowTaskOpts<Anything, L> | string): Promise<L> {
    return this.stepOutput<L>(typeof parentTask === "string" ? parentTask : parentTask.name);
  }

  /** @deprecated use `parentOutput` */
  stepOutput<L = Anything>(step: string): L {
    this.#parents ??= parseObject(this.#attempt.assignment.parents);
    if (Object.hasOwn(this.#parents, step)) return this.#parents[step] as L;
    const known = Object.keys(this.#parents).join(", ") || "none";
    throw new NonRetryableError(
      `there is no output of '${step}' for '${this.taskName()}'; is it a parent? There are: ${known}`,
    );
  }

  /** @deprecated use the first argument of the task */
  workflowInput(): T {
    return this.input;
  }

  /** Errors of failed tasks of the run by name, for the on-failure task. Empty in any other. */
  errors(): Record<string, string> {
    return parseObject(this.#attempt.assignment.stepRunErrors ?? "");
  }

  /** @deprecated use `errors` */
  stepRunErrors(): Record<string, string> {
    return this.errors();
  }

  // ---------------------------------------------------------------------------------------------- while it runs

  /** Writes lines that stay with the task run. */
  get logger(): TaskLogger {
    this.#logger ??= taskLogger(this.#attempt);
    return this.#logger;
  }

  /** Writes a line that stays with the task run. @param level @default "INFO" */
  log(message: string, level?: Exclude<LogLevel, "OFF">, extra?: TaskLogExtra): Promise<void> {
    return logLine(this.#attempt, level ?? "INFO", message, extra);
  }

  /**
   * Sends data to whoever follows the run now; it is not kept.
   *
   * @returns resolves when there is room for more, so that awaiting it keeps a fast task from filling the memory
   */
  async putStream(data: string | Uint8Array): Promise<void> {
    const content = typeof data === "string" ? Buffer.from(data, "utf8") : Buffer.from(data);
    await this.#attempt.runtime.putChunk(this.#attempt.taskId, this.#attempt.takeChunkIndex(), content);
  }

  /**
   * Moves the end of the execution timeout on by so much, from where it is.
   *
   * @throws HelveError not_found when the attempt is over for the engine
   */
  async refreshTimeout(incrementBy: Duration): Promise<void> {
    await this.#attempt.runtime.refreshTimeout(this.#attempt.taskId, durationToMs(incrementBy));
  }

  /** Gives the slot free while the task goes on, for a task that only waits from here. */
  async releaseSlot(): Promise<void> {
    this.#attempt.runtime.releaseSlot(this.#attempt.taskId);
  }

  // ----------------------------------------------------------------------------------------------------- children

  /** Runs a child and waits for its result. */
  async runChild<Q extends InputType, P extends OutputType>(
    workflow: string | BaseWorkflowDeclaration<Q, P>,
    input: Q,
    options?: ChildRunOpts,
  ): Promise<P> {
    const [result] = await runChildren(this.#attempt, [{ workflow, input, options }]);
    return result as P;
  }

  /** Starts a child. */
  async runNoWaitChild<Q extends InputType, P extends OutputType>(
    workflow: string | BaseWorkflowDeclaration<Q, P>,
    input: Q,
    options?: ChildRunOpts,
  ): Promise<WorkflowRunRef<P>> {
    const [ref] = await startChildren(this.#attempt, [{ workflow, input, options }]);
    if (ref === undefined) throw new HelveError("internal", "the engine named no run for the child");
    return ref as WorkflowRunRef<P>;
  }

  /** Runs children side by side and waits for all of them. @returns results in the order given */
  async bulkRunChildren<Q extends InputType = Anything, P extends OutputType = Anything>(
    children: ChildRun<Q, P>[],
  ): Promise<P[]> {
    return (await runChildren(this.#attempt, children)) as P[];
  }

  /** Starts children. @returns references in the order given */
  async bulkRunNoWaitChildren<Q extends InputType = Anything, P extends OutputType = Anything>(
    children: ChildRun<Q, P>[],
  ): Promise<WorkflowRunRef<P>[]> {
    return (await startChildren(this.#attempt, children)) as WorkflowRunRef<P>[];
  }

  /** @deprecated use `runNoWaitChild` */
  spawnWorkflow<Q extends InputType, P extends OutputType>(
    workflow: string | BaseWorkflowDeclaration<Q, P>,
    input: Q,
    options?: ChildRunOpts,
  ): Promise<WorkflowRunRef<P>> {
    return this.runNoWaitChild(workflow, input, options);
  }

  /** @deprecated use `bulkRunNoWaitChildren` */
  spawnWorkflows<Q extends InputType = Anything, P extends OutputType = Anything>(
    workflows: ChildRun<Q, P>[],
  ): Promise<WorkflowRunRef<P>[]> {
    return this.bulkRunNoWaitChildren(workflows);
  }
}

function parseObject(text: string): Record<string, Anything> {
  const value: unknown = text === "" ? {} : JSON.parse(text);
  return typeof value === "object" && value !== null ? (value as Record<string, Anything>) : {};
}
