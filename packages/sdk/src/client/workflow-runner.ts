import { currentTask } from "../worker/current-task.ts";
import type { Anything } from "../workflow/json.ts";
import { workflowNameOnWire } from "../workflow/registration.ts";
import type { RunManyOpt, RunOpts } from "../workflow/workflow-options.ts";
import type { Launcher, RunRequest } from "./run-launcher.ts";
import { type RunAccess, WorkflowRunRef } from "./run-ref.ts";

/** What runs are wanted of, by its declared name. */
export interface Runnable {
  name: string;
  standaloneTask: string | undefined;
}

/** Starts runs of workflows by their declared names, for declarations and for the client. */
export class WorkflowRunner {
  readonly #ownLauncher: Launcher;
  readonly #access: RunAccess;
  readonly #namespace: string;

  constructor(launcher: Launcher, access: RunAccess, namespace: string) {
    this.#ownLauncher = launcher;
    this.#access = access;
    this.#namespace = namespace;
  }

  /** A single input gives a single result, a list of them a list in the same order. */
  run(what: Runnable, input: unknown, options: RunOpts | undefined): Promise<unknown> {
    if (!Array.isArray(input)) return this.#runMany(what, [{ input, opts: options }], false).then(first);
    return this.#runMany(what, withOptions(input, options), options?.returnExceptions === true);
  }

  runMany(what: Runnable, runs: readonly RunManyOpt<Anything>[]): Promise<unknown[]> {
    const returnsErrors = runs.length > 0 && runs.every((run) => run.opts?.returnExceptions === true);
    return this.#runMany(what, runs, returnsErrors);
  }

  /** A single input gives a single reference, a list of them a list in the same order. */
  async runNoWait(
    what: Runnable,
    input: unknown,
    options: RunOpts | undefined,
  ): Promise<WorkflowRunRef<unknown> | WorkflowRunRef<unknown>[]> {
    if (Array.isArray(input)) return this.runManyNoWait(what, withOptions(input, options));
    const refs = await this.runManyNoWait(what, [{ input, opts: options }]);
    return first(refs);
  }

  async runManyNoWait(what: Runnable, runs: readonly RunManyOpt<Anything>[]): Promise<WorkflowRunRef<unknown>[]> {
    const runIds = await this.#launcher.start(this.#requests(what, runs));
    return runIds.map((runId) => new WorkflowRunRef(runId, this.#access, what.standaloneTask));
  }

  get #launcher(): Launcher {
    const runtime = currentTask.getStore()?.runtime;
    return runtime?.standsIn ? runtime.launcher : this.#ownLauncher;
  }

  #runMany(what: Runnable, runs: readonly RunManyOpt<Anything>[], returnsErrors: boolean): Promise<unknown[]> {
    return this.#launcher.startAndWait(this.#requests(what, runs), returnsErrors);
  }

  #requests(what: Runnable, runs: readonly RunManyOpt<Anything>[]): RunRequest[] {
    const workflow = workflowNameOnWire(what.name, this.#namespace);
    return runs.map(({ input, opts }) => ({ workflow, input, options: opts, standaloneTask: what.standaloneTask }));
  }
}

function withOptions(inputs: Anything[], opts: RunOpts | undefined): RunManyOpt<Anything>[] {
  return inputs.map((input) => ({ input, opts }));
}

function first<Item>(items: Item[]): Item {
  return items[0] as Item;
}
