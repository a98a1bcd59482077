import { randomUUID } from "node:crypto";
import type { helve } from "@helve/contracts";
import type { Launcher, RunRequest } from "../client/run-launcher.ts";
import type { RunAccess } from "../client/run-ref.ts";
import { HelveError } from "../errors.ts";
import type { Logger, LogLevel } from "../logging/logger.ts";
import type { TaskRuntime, WorkerLabels } from "../worker/task-runtime.ts";
import type { RunOpts } from "../workflow/workflow-options.ts";

/** A run that a task under test has started. */
export interface StartedChild {
  /** As the engine would know it. */
  workflow: string;
  input: unknown;
  options: RunOpts | undefined;
}

/** A line that a task under test has written. */
export interface WrittenLine {
  level: Exclude<LogLevel, "OFF">;
  message: string;
  metadata: unknown;
}

/** Says what a child gives. What it throws is what the task gets. */
export type ChildAnswer = (child: StartedChild) => unknown;

const silent: Logger = {
  debug() {},
  info() {},
  green() {},
  warn() {},
  error() {},
};

/** Takes down what a task under test does, and answers in the place of an engine. */
export class TestRuntime implements TaskRuntime {
  readonly standsIn = true;
  readonly engine = "test";
  readonly namespace = "";
  readonly logger: Logger = silent;
  readonly lines: WrittenLine[] = [];
  readonly chunks: Buffer[] = [];
  readonly children: StartedChild[] = [];
  refreshedMs = 0;
  isSlotReleased = false;
  isCancelled = false;
  readonly #answer: ChildAnswer | undefined;
  readonly #labels: WorkerLabels;
  readonly #results = new Map<string, Promise<unknown>>();

  constructor(answer: ChildAnswer | undefined, labels: WorkerLabels) {
    this.#answer = answer;
    this.#labels = { ...labels };
  }

  readonly launcher: Launcher = {
    start: async (requests) => requests.map((request) => this.#start(request)),
    startAndWait: async (requests, returnsErrors) => {
      const results = requests.map((request) => this.#result(this.#start(request)));
      if (!returnsErrors) return Promise.all(results);
      return Promise.all(results.map((result) => result.catch((error: unknown) => error)));
    },
    resultOf: (runId) => this.#result(runId),
  };

  readonly runs: RunAccess = {
    resultOf: (runId) => this.#result(runId),
    cancel: async () => {},
    replay: async () => {},
    events: async function* () {},
  };

  putLog(_task: helve.Attempt, level: Exclude<LogLevel, "OFF">, message: string, metadata: string): undefined {
    this.lines.push({ level, message, metadata: metadata === "" ? undefined : JSON.parse(metadata) });
  }

  putChunk(_taskId: string, _index: number, content: Buffer): undefined {
    this.chunks.push(content);
  }

  async refreshTimeout(_taskId: string, incrementMs: number): Promise<void> {
    this.refreshedMs += incrementMs;
  }

  releaseSlot(): void {
    this.isSlotReleased = true;
  }

  async cancelTask(): Promise<void> {
    this.isCancelled = true;
  }

  workerId(): string {
    return "00000000-0000-7000-8000-000000000001";
  }

  hasWorkflow(): boolean {
    return true;
  }

  workerLabels(): WorkerLabels {
    return this.#labels;
  }

  upsertWorkerLabels(labels: WorkerLabels): void {
    Object.assign(this.#labels, labels);
  }

  #start({ workflow, input, options }: RunRequest): string {
    const child = { workflow, input, options };
    this.children.push(child);
    const runId = randomUUID();
    const result = this.#resultOf(child);
    // A child that nobody waits for may fail without anybody noticing.
    result.catch(() => {});
    this.#results.set(runId, result);
    return runId;
  }

  async #resultOf(child: StartedChild): Promise<unknown> {
    if (this.#answer !== undefined) return this.#answer(child);
    const text = `the task started '${child.workflow}'; say with { children } what that gives`;
    throw new HelveError("failed_precondition", text);
  }

  #result(runId: string): Promise<unknown> {
    return this.#results.get(runId) ?? Promise.reject(new HelveError("not_found", `there is no run ${runId}`));
  }
}
