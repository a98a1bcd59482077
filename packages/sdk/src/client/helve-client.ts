import type { ChannelCredentials } from "@grpc/grpc-js";
import type { ClientConfig, ClientOptions } from "../config/client-config.ts";
import { withNamespace } from "../config/namespace.ts";
import { resolveConfig } from "../config/resolve-config.ts";
import type { Logger } from "../logging/logger.ts";
import { ClientSession } from "../session/client-session.ts";
import { EngineConnection } from "../transport/engine-connection.ts";
import { callUnary } from "../transport/unary-call.ts";
import { Worker } from "../worker/worker.ts";
import { type CreateWorkerOpts, workerSettings } from "../worker/worker-options.ts";
import type { BaseWorkflowDeclaration, DeclaringClient } from "../workflow/base-declaration.ts";
import type { Anything, InputType, OutputType, UnknownInputType } from "../workflow/json.ts";
import { type LegacyWorkflow, toDeclaration } from "../workflow/legacy-workflow.ts";
import { toRegistration } from "../workflow/registration.ts";
import type { SchemaInput, SchemaOutput, StandardSchemaV1 } from "../workflow/standard-schema.ts";
import { TaskWorkflowDeclaration } from "../workflow/task-declaration.ts";
import type { TaskFn } from "../workflow/task-options.ts";
import { WorkflowDeclaration } from "../workflow/workflow-declaration.ts";
import type { CreateTaskWorkflowOpts, CreateWorkflowOpts, RunOpts } from "../workflow/workflow-options.ts";
import { AdminClient } from "./admin-client.ts";
import { EventsClient } from "./events-client.ts";
import { LogsClient } from "./logs-client.ts";
import { RestClient } from "./rest.ts";
import { RunLauncher } from "./run-launcher.ts";
import type { WorkflowRunRef } from "./run-ref.ts";
import { RunsClient } from "./runs-client.ts";
import { WorkersClient } from "./workers-client.ts";
import { type Runnable, WorkflowRunner } from "./workflow-runner.ts";
import { WorkflowsClient } from "./workflows-client.ts";

/** What can only be said in code. */
export interface HelveClientOptions {
  /** How to secure the connection, instead of `tls_config`. */
  credentials?: ChannelCredentials | undefined;
}

/** Long enough for the next call of a program that works, short enough for one that is done to end. */
const IDLE_MS = 500;

/** The output of a workflow that says nothing about it. */
// biome-ignore lint/complexity/noBannedTypes: an object of which nothing is known.
type UnknownOutput = {};

/** Something that can be run: a declaration, a workflow in its older form, or a name. */
type Workflowlike<I extends InputType, O extends OutputType> = BaseWorkflowDeclaration<I, O> | LegacyWorkflow | string;

/**
 * The door to the engine: declares tasks and workflows, runs them, makes workers.
 *
 * It connects when it is first used. A program that has nothing more to wait for ends by itself.
 */
export class HelveClient implements DeclaringClient {
  readonly config: ClientConfig;
  readonly tenantId: string;
  readonly logger: Logger;
  readonly runs: RunsClient;
  readonly events: EventsClient;
  readonly workflows: WorkflowsClient;
  readonly workers: WorkersClient;
  readonly logs: LogsClient;
  readonly admin: AdminClient;
  /** Used by declarations. */
  readonly runner: WorkflowRunner;
  readonly #options: HelveClientOptions;
  readonly #connection: EngineConnection;
  readonly #session: ClientSession;
  readonly #launcher: RunLauncher;

  /** Made by `init`. */
  constructor(config: ClientOptions = {}, options: HelveClientOptions = {}) {
    this.config = resolveConfig(config, process.env);
    this.tenantId = this.config.tenant_id;
    this.logger = this.config.logger("Helve", this.config.log_level);
    this.#options = options;
    this.#connection = new EngineConnection(this.config, options.credentials);
    const {
      namespace,
      request_timeout: requestTimeoutMs,
      grpc_max_send_message_length: maxBytes,
      tracing,
    } = this.config;
    const connection = this.#connection;
    this.#session = new ClientSession({ connection, logger: this.logger, requestTimeoutMs, idleMs: IDLE_MS });
    const engine = `${this.config.host_port} ${this.tenantId}`;
    this.#launcher = new RunLauncher({ session: this.#session, maxBytes, engine, tracing });
    const rest = new RestClient(this.config);
    this.workflows = new WorkflowsClient(rest, namespace);
    const { workflows } = this;
    this.runs = new RunsClient({ connection, rest, launcher: this.#launcher, workflows, requestTimeoutMs });
    this.events = new EventsClient(connection, namespace, requestTimeoutMs);
    this.workers = new WorkersClient(rest);
    this.logs = new LogsClient(rest);
    this.admin = new AdminClient(this.#launcher, this.runs, namespace);
    this.runner = new WorkflowRunner(this.#launcher, this.runs, namespace);
  }

  /**
   * Makes a client.
   *
   * @param config what is not given comes from the environment (`HELVE_CLIENT_…`, `HATCHET_CLIENT_…`), then the token
   * @throws HelveError invalid_argument for a setting that is missing or wrong
   */
  static init(config: ClientOptions = {}, options: HelveClientOptions = {}): HelveClient {
    return new HelveClient(config, options);
  }

  /** @deprecated use `events` */
  get event(): EventsClient {
    return this.events;
  }

  /** Declares a task that stands alone. With a schema, the types of input and run follow from it. */
  task<const S extends StandardSchemaV1, O extends OutputType>(
    options: Omit<CreateTaskWorkflowOpts<Anything, O>, "fn" | "inputValidator"> & {
      inputValidator: S;
      fn?: TaskFn<SchemaOutput<S>, O>;
    },
  ): TaskWorkflowDeclaration<Extract<SchemaInput<S>, InputType>, O>;
  /** Declares a task that stands alone. Its types can be named, or follow from its code. */
  task<I extends InputType = UnknownInputType, O extends OutputType = void>(
    options: CreateTaskWorkflowOpts<I, O>,
  ): TaskWorkflowDeclaration<I, O>;
  task(options: CreateTaskWorkflowOpts<Anything, Anything>): Anything {
    return new TaskWorkflowDeclaration(options, this);
  }

  /** Declares a workflow, whose tasks are added to it. With a schema, the types of its input follow from it. */
  workflow<const S extends StandardSchemaV1, O extends OutputType = UnknownOutput>(
    options: Omit<CreateWorkflowOpts, "inputValidator"> & { inputValidator: S },
  ): WorkflowDeclaration<Extract<SchemaInput<S>, InputType>, O, SchemaOutput<S>>;
  /** Declares a workflow, whose tasks are added to it. */
  workflow<I extends InputType = UnknownInputType, O extends OutputType = UnknownOutput>(
    options: CreateWorkflowOpts,
  ): WorkflowDeclaration<I, O>;
  workflow(options: CreateWorkflowOpts): Anything {
    return new WorkflowDeclaration(options, this);
  }

  /** Runs a workflow and waits for its result; as the `run` of a declaration. */
  run<I extends InputType = UnknownInputType, O extends OutputType = Anything>(
    workflow: Workflowlike<I, O>,
    input: I,
    options?: RunOpts,
  ): Promise<O> {
    return this.runner.run(runnable(workflow), input, options) as Promise<O>;
  }

  /** The same as `run`. */
  runAndWait<I extends InputType = UnknownInputType, O extends OutputType = Anything>(
    workflow: Workflowlike<I, O>,
    input: I,
    options?: RunOpts,
  ): Promise<O> {
    return this.run(workflow, input, options);
  }

  /** Starts a workflow; as the `runNoWait` of a declaration. */
  runNoWait<I extends InputType = UnknownInputType, O extends OutputType = Anything>(
    workflow: Workflowlike<I, O>,
    input: I,
    options?: RunOpts,
  ): Promise<WorkflowRunRef<O>> {
    return this.runner.runNoWait(runnable(workflow), input, options) as Promise<WorkflowRunRef<O>>;
  }

  /** A reference to a run by its id; nothing is asked for yet. */
  runRef<T = Anything>(id: string): WorkflowRunRef<T> {
    return this.runs.runRef<T>(id);
  }

  /**
   * Makes a worker and stores its workflows with the engine; waits for an engine that cannot be reached.
   *
   * @param options a number says how many slots it has
   * @throws HelveError for what the engine refuses
   */
  async worker(name: string, options: CreateWorkerOpts | number = {}): Promise<Worker> {
    const given = typeof options === "number" ? { slots: options } : options;
    const fullName = withNamespace(name, this.config.namespace);
    const worker = new Worker(fullName, workerSettings(given, process.env), {
      launcher: this.#launcher,
      runs: this.runs,
      namespace: this.config.namespace,
      tracing: this.config.tracing,
      healthcheck: this.config.healthcheck,
      connection: new EngineConnection(this.config, this.#options.credentials),
      logger: this.config.logger(`Worker/${fullName}`, this.config.log_level),
      maxBytes: this.config.grpc_max_send_message_length,
      cancellationWarningMs: this.config.cancellation_warning_threshold,
      cancellationGraceMs: this.config.cancellation_grace_period,
      putWorkflow: (workflow) => this.#putWorkflow(workflow),
      setPaused: async (workerId, isPaused) => {
        await (isPaused ? this.workers.pause(workerId) : this.workers.unpause(workerId));
      },
    });
    await worker.registerWorkflows(given.workflows);
    return worker;
  }

  /** Ends the connection; whatever is still waited for fails. Workers have their own. Idempotent. */
  close(): void {
    this.#session.close();
    this.#connection.close();
  }

  async #putWorkflow(workflow: BaseWorkflowDeclaration<Anything, Anything>): Promise<void> {
    const request = toRegistration(workflow.definition, this.config.namespace);
    const { admin, metadata, address } = this.#connection;
    await callUnary(admin.putWorkflow.bind(admin), request, {
      what: `registering '${request.name}'`,
      metadata,
      patienceMs: Number.POSITIVE_INFINITY,
      onUnavailable: (error) => this.logger.warn(`waiting for the engine at ${address}: ${error.message}`),
    });
  }
}

function runnable(workflow: Workflowlike<Anything, Anything>): Runnable {
  if (typeof workflow === "string") return { name: workflow, standaloneTask: undefined };
  const { name, standaloneTaskName } = toDeclaration(workflow);
  return { name, standaloneTask: standaloneTaskName };
}
