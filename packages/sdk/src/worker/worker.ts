import { helve } from "@helve/contracts";
import type { ClientConfig } from "../config/client-config.ts";
import { HelveError } from "../errors.ts";
import type { Logger } from "../logging/logger.ts";
import { WorkerSession } from "../session/worker-session.ts";
import type { EngineConnection } from "../transport/engine-connection.ts";
import { SDK_VERSION } from "../version.ts";
import type { BaseWorkflowDeclaration } from "../workflow/base-declaration.ts";
import type { Anything } from "../workflow/json.ts";
import { type LegacyWorkflow, toDeclaration } from "../workflow/legacy-workflow.ts";
import { type Vitals, WorkerHealth } from "./health/health.ts";
import { labelsToWire, SessionRuntime } from "./session-runtime.ts";
import { type Stoppable, stopOnSignals } from "./signals.ts";
import { TaskHandlers } from "./task-handlers.ts";
import { TaskRunner } from "./task-runner.ts";
import type { WorkerLabels } from "./task-runtime.ts";
import type { WorkerSettings } from "./worker-options.ts";

/** What a worker needs of the client it was made by. */
export interface WorkerDeps extends Pick<SessionRuntime, "launcher" | "runs" | "namespace" | "tracing"> {
  connection: EngineConnection;
  logger: Logger;
  maxBytes: number;
  cancellationWarningMs: number;
  cancellationGraceMs: number;
  healthcheck: ClientConfig["healthcheck"];
  /** Stores a workflow with the engine. */
  putWorkflow(workflow: BaseWorkflowDeclaration<Anything, Anything>): Promise<void>;
  /** Pauses or resumes a worker by its id. */
  setPaused(workerId: string, isPaused: boolean): Promise<void>;
}

/** How long a stopping worker tries to make its last reports durable when the engine cannot be reached. */
const FINISH_MS = 10_000;

/**
 * A worker: takes tasks from the engine, runs them, tells what came of them.
 *
 *   made ──start──► running ──stop, signal, or drained by the engine──► stopping ──► stopped
 *
 * Stopping: nothing new is taken, what runs may end within the grace period, the rest is given back without spending a
 * retry, everything told is made durable, and the stream ends.
 */
export class Worker implements Stoppable {
  /** With the namespace. */
  readonly name: string;
  readonly #deps: WorkerDeps;
  readonly #settings: WorkerSettings;
  readonly #handlers = new TaskHandlers();
  readonly #runtime: SessionRuntime;
  readonly #runner: TaskRunner;
  readonly #session: WorkerSession;
  #state: "made" | "running" | "stopping" | "stopped" = "made";
  #isPaused = false;
  #stopped: Promise<void> | undefined;
  /** Of the promise that `start` gave. */
  #settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  #running: Promise<void> | undefined;
  #readyWaiters: (() => void)[] = [];
  readonly #health: WorkerHealth | undefined;

  /** Made by `hatchet.worker(…)`. */
  constructor(name: string, settings: WorkerSettings, deps: WorkerDeps) {
    this.name = name;
    this.#settings = settings;
    this.#deps = deps;
    this.#runtime = new SessionRuntime({ ...deps, handlers: this.#handlers, labels: settings.labels });
    this.#session = new WorkerSession({ connection: deps.connection, logger: deps.logger, owner: this.#owner() });
    this.#runtime.session = this.#session;
    this.#runner = new TaskRunner({
      handlers: this.#handlers,
      runtime: this.#runtime,
      reporter: this.#session,
      logger: deps.logger,
      maxBytes: deps.maxBytes,
      cancellationWarningMs: deps.cancellationWarningMs,
      cancellationGraceMs: deps.cancellationGraceMs,
    });
    if (deps.healthcheck.enabled) this.#health = new WorkerHealth(deps.healthcheck, this.#vitals(), deps.logger);
  }

  /** Whether signals end the process. */
  get endsProcess(): boolean {
    return this.#settings.handleKill;
  }

  /** Where `/health` and `/metrics` are; undefined while they are nowhere. */
  get healthPort(): number | undefined {
    return this.#health?.port;
  }

  /** The id the engine gave; undefined before it has registered. */
  get workerId(): string | undefined {
    return this.#session.workerId;
  }

  /**
   * Adds workflows and stores them with the engine; waits for an engine that cannot be reached.
   *
   * @throws HelveError failed_precondition when the worker runs already; invalid_argument for what the engine refuses
   */
  async registerWorkflows(
    workflows: (BaseWorkflowDeclaration<Anything, Anything> | LegacyWorkflow)[] = [],
  ): Promise<void> {
    if (this.#state !== "made") {
      throw new HelveError(
        "failed_precondition",
        "register workflows before the worker starts: it tells then what it can do",
      );
    }
    for (const workflow of workflows.map(toDeclaration)) {
      await this.#deps.putWorkflow(workflow);
      this.#handlers.add(workflow, this.#deps.namespace);
    }
  }

  /** @deprecated use `registerWorkflows` */
  registerWorkflow(workflow: BaseWorkflowDeclaration<Anything, Anything> | LegacyWorkflow): Promise<void> {
    return this.registerWorkflows([workflow]);
  }

  /**
   * Runs the worker. An engine that cannot be reached, now or later, is tried again for ever.
   *
   * @returns resolves when the worker has stopped
   * @throws HelveError when the engine refuses the worker: unauthenticated, permission_denied, invalid_argument
   */
  start(): Promise<void> {
    this.#running ??= new Promise<void>((resolve, reject) => {
      if (this.#state !== "made") return resolve();
      this.#state = "running";
      const takeOut = stopOnSignals(this);
      this.#settle = {
        resolve: () => {
          takeOut();
          resolve();
        },
        reject: (error) => {
          takeOut();
          reject(error);
        },
      };
      void this.#health?.start();
      this.#session.start();
    });
    return this.#running;
  }

  /** Stops the worker in order. @returns resolves when it has stopped; may be called first, twice, or while it starts */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop(this.#settings.gracePeriodMs);
    return this.#stopped;
  }

  /** Resolves when the engine has taken the worker. @param timeoutMs @default 10000 */
  waitUntilReady(timeoutMs = 10_000): Promise<void> {
    if (this.workerId !== undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const text = `worker '${this.name}' has not registered at ${this.#deps.connection.address} within ${timeoutMs} ms`;
        reject(new HelveError("unavailable", text));
      }, timeoutMs);
      this.#readyWaiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Sets labels; others stay. @returns all labels */
  async upsertLabels(labels: WorkerLabels): Promise<WorkerLabels> {
    this.#runtime.upsertWorkerLabels(labels);
    return this.getLabels();
  }

  getLabels(): WorkerLabels {
    return { ...this.#runtime.workerLabels() };
  }

  /** Whether the engine has told this worker that it gets nothing for now. */
  async isPaused(): Promise<boolean> {
    return this.#isPaused;
  }

  /** Asks the engine to give this worker nothing new. What runs goes on. */
  pause(): Promise<void> {
    return this.#deps.setPaused(this.#registeredId(), true);
  }

  unpause(): Promise<void> {
    return this.#deps.setPaused(this.#registeredId(), false);
  }

  #registeredId(): string {
    if (this.workerId !== undefined) return this.workerId;
    throw new HelveError("failed_precondition", `worker '${this.name}' has not registered yet`);
  }

  async #stop(graceMs: number): Promise<void> {
    const wasRunning = this.#state === "running";
    this.#state = "stopping";
    if (wasRunning) {
      const { logger } = this.#deps;
      this.#session.drain();
      if (this.#runner.size > 0) logger.info(`stopping; ${this.#runner.size} tasks may go on for ${graceMs} ms`);
      if (!(await this.#runner.idle(graceMs))) logger.warn(`stopping; ${this.#runner.size} tasks are given back`);
      this.#runner.returnAll("the worker stops");
      if (!(await this.#session.finish(FINISH_MS))) {
        logger.error(
          "stopped without being able to tell the engine everything; it will run again what it does not know of",
        );
      }
    }
    this.#state = "stopped";
    await this.#health?.stop();
    this.#deps.connection.close();
    this.#settle?.resolve();
  }

  /** What is asked of the worker when somebody asks for its health. */
  #vitals(): Vitals {
    return {
      name: this.name,
      state: () => this.#state,
      session: this.#session,
      running: () => this.#runner.size,
      ended: this.#runner.ended,
      slots: this.#settings.slots,
      actions: () => this.#handlers.actions(),
      labels: () => this.getLabels(),
      isPaused: () => this.#isPaused,
    };
  }

  #owner(): ConstructorParameters<typeof WorkerSession>[0]["owner"] {
    return {
      registration: () => this.#registration(),
      holding: () => this.#runner.holding(),
      registered: (workerId) => this.#registered(workerId),
      assigned: (assignments) => this.#assigned(assignments),
      cancelled: (cancel) => this.#runner.cancelled(cancel),
      lost: (attempts) => this.#runner.lost(attempts),
      commanded: (command) => this.#commanded(command),
      refused: (error) => this.#refused(error),
    };
  }

  #registration(): Omit<helve.Register, "protocol" | "workerId" | "holding"> {
    return {
      name: this.name,
      actions: this.#handlers.actions(),
      slots: { default: this.#settings.slots },
      labels: labelsToWire(this.#runtime.workerLabels()),
      runtime: {
        sdkVersion: SDK_VERSION,
        language: "TYPESCRIPT",
        languageVersion: process.version,
        os: process.platform,
      },
    };
  }

  #registered(workerId: string): void {
    this.#deps.logger.debug(`registered as ${workerId} with ${this.#settings.slots} slots`);
    const waiting = this.#readyWaiters;
    this.#readyWaiters = [];
    for (const resolve of waiting) resolve();
  }

  #assigned(assignments: helve.Assignment[]): void {
    if (this.#state === "running") this.#runner.assigned(assignments);
    // Sent before the engine knew that this worker takes nothing more.
    else this.#runner.refuse(assignments);
  }

  #commanded(command: helve.Command): void {
    if (command === helve.Command.COMMAND_DRAIN) {
      this.#deps.logger.info("the engine asks this worker to finish what it has and to leave");
      this.#stopped ??= this.#stop(Number.POSITIVE_INFINITY);
      return;
    }
    this.#isPaused = command === helve.Command.COMMAND_PAUSE;
    this.#deps.logger.info(this.#isPaused ? "paused by the engine" : "resumed by the engine");
  }

  #refused(error: HelveError): void {
    this.#state = "stopped";
    this.#stopped ??= this.#health?.stop() ?? Promise.resolve();
    this.#deps.connection.close();
    this.#settle?.reject(error);
  }
}
