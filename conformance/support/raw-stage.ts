import { randomBytes } from "node:crypto";
import { type AssignedAction, SubscribeToWorkflowEventsRequest, v1, type WorkflowEvent } from "@helve/contracts";
import type { EngineAddress } from "./engine.ts";
import { call, describeEnd, type Ending, type Grpc, openGrpc } from "./grpc.ts";
import { RawWorker } from "./raw-worker.ts";
import { Rest } from "./rest.ts";

/** What a test says of a task, a workflow or a trigger; the rest is filled in. */
export type TaskFields = NonNullable<Parameters<typeof v1.CreateTaskOpts.create>[0]>;
export type WorkflowFields = NonNullable<Parameters<typeof v1.CreateWorkflowVersionRequest.create>[0]>;
export type TriggerFields = NonNullable<Parameters<typeof v1.TriggerWorkflowRequest.create>[0]>;

/** A workflow of its own, and what is needed to run it by hand. Close it in the end. */
export class RawStage {
  readonly engine: EngineAddress;
  readonly grpc: Grpc;
  readonly rest: Rest;
  /** Name of the workflow; its tasks' actions begin with it. */
  readonly name: string;
  private readonly workers: RawWorker[] = [];

  /**
   * Puts a workflow.
   *
   * @param tasks one called `a` unless given; `readableId` is enough, the action follows from it
   */
  static async open(engine: EngineAddress, tasks: TaskFields[] = [{}], label = "raw"): Promise<RawStage> {
    const stage = new RawStage(engine, `${label}-${randomBytes(4).toString("hex")}`);
    await call(stage.grpc, "admin", "putWorkflow", stage.definition(tasks));
    return stage;
  }

  private constructor(engine: EngineAddress, name: string) {
    this.engine = engine;
    this.grpc = openGrpc(engine);
    this.rest = new Rest(engine);
    this.name = name;
  }

  /** The request that puts this stage's workflow with these tasks. */
  definition(tasks: TaskFields[], rest: WorkflowFields = {}): v1.CreateWorkflowVersionRequest {
    const filled = tasks.map((task) => {
      const readableId = task.readableId ?? "a";
      return { readableId, action: this.action(readableId), timeout: "60s", inputs: "{}", ...task };
    });
    return v1.CreateWorkflowVersionRequest.create({ name: this.name, tasks: filled, ...rest });
  }

  action(task = "a"): string {
    return `${this.name}:${task}`;
  }

  /** A listening worker with these slots, for the actions of these tasks. */
  async worker(slots = 10, tasks: string[] = ["a"], name = `${this.name}-worker`): Promise<RawWorker> {
    return (await this.registeredWorker(slots, tasks, name)).listen();
  }

  /** A worker that has not opened its stream. */
  async registeredWorker(slots = 10, tasks: string[] = ["a"], name = `${this.name}-worker`): Promise<RawWorker> {
    const actions = tasks.map((task) => this.action(task));
    return this.keep(
      await RawWorker.register(this.engine, { workerName: name, actions, slotConfig: { default: slots } }),
    );
  }

  /** Closed with the stage. */
  keep(worker: RawWorker): RawWorker {
    this.workers.push(worker);
    return worker;
  }

  /** @returns the run's id, which is the task's too in a workflow of one task */
  async trigger(input: unknown = {}, fields: TriggerFields = {}): Promise<string> {
    const request = v1.TriggerWorkflowRequest.create({ name: this.name, input: JSON.stringify(input), ...fields });
    return (await call(this.grpc, "workflows", "triggerWorkflow", request)).workflowRunId;
  }

  /** Triggers and waits for the action at the worker. */
  async start(worker: RawWorker, input: unknown = {}, fields: TriggerFields = {}): Promise<AssignedAction> {
    const run = await this.trigger(input, fields);
    return worker.action("start", run);
  }

  details(run: string): Promise<v1.GetRunDetailsResponse> {
    return call(this.grpc, "admin", "getRunDetails", { externalId: run });
  }

  /** Status by name, as GetRunDetails tells it. */
  async status(run: string): Promise<string> {
    const { status } = await this.details(run);
    return Object.entries(v1.RunStatus).find(([, value]) => value === status)?.[0] ?? String(status);
  }

  cancel(run: string): Promise<v1.CancelTasksResponse> {
    return call(this.grpc, "admin", "cancelTasks", v1.CancelTasksRequest.create({ externalIds: [run] }));
  }

  replay(run: string): Promise<v1.ReplayTasksResponse> {
    return call(this.grpc, "admin", "replayTasks", v1.ReplayTasksRequest.create({ externalIds: [run] }));
  }

  /** Subscribes to a run's events, or to those of all runs with a metadata pair; resolves when the stream has ended. */
  subscribe(request: Parameters<typeof SubscribeToWorkflowEventsRequest.create>[0]): EventStream {
    const stream = this.grpc.dispatcher.subscribeToWorkflowEvents(
      SubscribeToWorkflowEventsRequest.create(request),
      this.grpc.metadata,
    );
    const events: WorkflowEvent[] = [];
    stream.on("data", (event: WorkflowEvent) => events.push(event));
    const ended = new Promise<Ending>((resolve) => {
      stream.on("error", (error) => resolve(describeEnd(error as never)));
      stream.on("end", () => resolve({ code: "OK", text: "" }));
    });
    return {
      events,
      ended,
      pause: () => void stream.pause(),
      resume: () => void stream.resume(),
      cancel: () => stream.cancel(),
    };
  }

  /** Closes its connections, and those of its workers. */
  close(): void {
    for (const worker of this.workers) worker.close();
    this.grpc.close();
  }
}

export interface EventStream {
  /** What has come so far. */
  events: WorkflowEvent[];
  ended: Promise<Ending>;
  /** Leaves what comes where it is. */
  pause(): void;
  resume(): void;
  cancel(): void;
}
