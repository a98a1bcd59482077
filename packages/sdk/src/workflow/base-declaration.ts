import type { WorkflowRunRef } from "../client/run-ref.ts";
import type { WorkflowRunner } from "../client/workflow-runner.ts";
import { HelveError } from "../errors.ts";
import type { InputType, OutputType, UnknownInputType } from "./json.ts";
import type { RunManyOpt, RunOpts, WorkflowDefinition } from "./workflow-options.ts";

/** The client a declaration was made by, as far as it needs one. */
export interface DeclaringClient {
  readonly runner: WorkflowRunner;
}

/**
 * A workflow, or a task that stands alone, as something that can be run.
 *
 * @typeParam I input of a run
 * @typeParam O result of a run
 */
export class BaseWorkflowDeclaration<I extends InputType = UnknownInputType, O extends OutputType = void> {
  readonly definition: WorkflowDefinition;
  /** The only task, when this is a task that stands alone: its output is the result. */
  readonly standaloneTaskName: string | undefined;
  readonly #client: DeclaringClient | undefined;

  constructor(definition: WorkflowDefinition, client: DeclaringClient | undefined, standaloneTaskName?: string) {
    this.definition = definition;
    this.standaloneTaskName = standaloneTaskName;
    this.#client = client;
  }

  get name(): string {
    return this.definition.name;
  }

  /** @deprecated use `name` */
  get id(): string {
    return this.definition.name;
  }

  /**
   * Runs it and waits for the result.
   *
   * Given a list of inputs, it starts a run for each and waits for all; the results are in the order of the inputs. The
   * first failure rejects, unless `returnExceptions` is set. In the code of a task the runs are children of that task.
   *
   * @throws RunFailedError when a run fails or is cancelled
   * @throws HelveError not_found for a workflow that no worker has registered; unavailable without an engine
   */
  run(input: I, options?: RunOpts): Promise<O>;
  run(input: I[], options?: RunOpts): Promise<O[]>;
  async run(input: I | I[], options?: RunOpts): Promise<O | O[]> {
    return this.#runner().run(this.#runnable(), input, options) as Promise<O | O[]>;
  }

  /** The same as `run`. */
  runAndWait(input: I, options?: RunOpts): Promise<O>;
  runAndWait(input: I[], options?: RunOpts): Promise<O[]>;
  runAndWait(input: I | I[], options?: RunOpts): Promise<O | O[]> {
    return this.run(input as I, options);
  }

  /**
   * Starts it, and waits only until the engine has stored the run.
   *
   * A list of more than a thousand inputs goes in several requests: if one of them is refused, the others stand.
   */
  runNoWait(input: I, options?: RunOpts): Promise<WorkflowRunRef<O>>;
  runNoWait(input: I[], options?: RunOpts): Promise<WorkflowRunRef<O>[]>;
  async runNoWait(input: I | I[], options?: RunOpts): Promise<WorkflowRunRef<O> | WorkflowRunRef<O>[]> {
    const refs: Promise<unknown> = this.#runner().runNoWait(this.#runnable(), input, options);
    return refs as Promise<WorkflowRunRef<O> | WorkflowRunRef<O>[]>;
  }

  /** Runs it many times, each with options of its own. @returns results in the order of the runs */
  async runMany(runs: RunManyOpt<I>[]): Promise<O[]> {
    return this.#runner().runMany(this.#runnable(), runs) as Promise<O[]>;
  }

  /** Starts it many times, each with options of its own. @returns references in the order of the runs */
  async runManyNoWait(runs: RunManyOpt<I>[]): Promise<WorkflowRunRef<O>[]> {
    const refs: Promise<unknown> = this.#runner().runManyNoWait(this.#runnable(), runs);
    return refs as Promise<WorkflowRunRef<O>[]>;
  }

  #runner(): WorkflowRunner {
    if (this.#client !== undefined) return this.#client.runner;
    const advice = "declare it with hatchet.workflow(…) or hatchet.task(…)";
    throw new HelveError(
      "failed_precondition",
      `'${this.name}' was declared without a client and cannot be run; ${advice}`,
    );
  }

  #runnable(): { name: string; standaloneTask: string | undefined } {
    return { name: this.name, standaloneTask: this.standaloneTaskName };
  }
}
