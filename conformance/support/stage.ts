import { randomBytes } from "node:crypto";
import { Caller, clientEnvironment } from "./caller.ts";
import type { Client } from "./client.ts";
import type { EngineAddress } from "./engine.ts";
import { eventually } from "./eventually.ts";
import { type Line, Program } from "./program.ts";
import { Rest } from "./rest.ts";

interface WorkerOptions {
  slots?: number;
  labels?: Record<string, string | number>;
  /** Where it reaches the engine's gRPC side, instead of the address in its token. */
  hostPort?: string;
  /** Laid over what it is told about the engine. */
  environment?: Record<string, string>;
}

/** One client at work on an engine: a caller, and workers that serve workflows nobody else serves. */
export class Stage {
  readonly client: Client;
  readonly engine: EngineAddress;
  readonly caller: Caller;
  readonly rest: Rest;
  /** Begins the names of this stage's workflows and workers; unique. */
  readonly prefix: string;

  /** Starts the caller. Workers are started by name. */
  static async open(client: Client, engine: EngineAddress, caller?: Caller): Promise<Stage> {
    return new Stage(client, engine, caller ?? (await Caller.start(client, engine)));
  }

  private constructor(client: Client, engine: EngineAddress, caller: Caller) {
    this.client = client;
    this.engine = engine;
    this.caller = caller;
    this.rest = new Rest(engine);
    this.prefix = `${client.tag}-${randomBytes(4).toString("hex")}`;
  }

  /** The engine's name of one of the workflows our programs declare. */
  workflow(base: string): string {
    return this.client.workflowName(this.prefix, base);
  }

  /** Starts a worker; resolves when it has registered its workflows and has answered a run. */
  async worker(tag: string, options: WorkerOptions = {}): Promise<WorkerProgram> {
    const worker = await this.registerWorker(tag, options);
    await this.serving(worker, Math.min(options.slots ?? 20, 3) + 1);
    return worker;
  }

  /** Starts a worker; resolves when its workflows are known, whether or not it takes work yet. */
  async registerWorker(tag: string, options: WorkerOptions = {}): Promise<WorkerProgram> {
    const name = `${this.prefix}-${tag}`;
    const config = { prefix: this.prefix, name, slots: options.slots ?? 20, labels: options.labels };
    const program = Program.start({
      title: `${this.client.title}, worker ${tag}`,
      command: this.client.worker.command,
      args: [...this.client.worker.args, JSON.stringify(config)],
      env: {
        ...clientEnvironment(this.engine),
        ...(options.hostPort !== undefined && { HATCHET_CLIENT_HOST_PORT: options.hostPort }),
        ...options.environment,
      },
    });
    await program.waitFor("registered line", 45_000, (line) => line.what === "registered");
    return new WorkerProgram(program, name);
  }

  /**
   * Waits until this very worker has answered a run: it is registered, listens and has a slot free.
   *
   * @param width runs at once; more than the slots of the others, so that it cannot be passed over
   */
  async serving(worker: WorkerProgram, width: number): Promise<void> {
    const workflow = this.workflow("hold");
    await eventually(`a run served by ${worker.name}`, 30_000, async () => {
      worker.program.assertAlive();
      const results = await Promise.all(Array.from({ length: width }, () => this.caller.run(workflow, { ms: 100 })));
      return results.some(({ hold }) => hold.by === worker.name) || undefined;
    });
  }

  /** The engine's id of a worker, looked up by its name. */
  async workerId(worker: WorkerProgram): Promise<string> {
    const { rows } = await this.rest.get<{ rows: { name: string; metadata: { id: string } }[] }>(
      `/api/v1/tenants/${this.engine.tenantId}/worker`,
    );
    const row = rows.find((candidate) => candidate.name === worker.name);
    if (!row) throw new Error(`no worker ${worker.name} among ${rows.map((other) => other.name).join(", ")}`);
    return row.metadata.id;
  }
}

/** A worker process and what its tasks say. */
export class WorkerProgram {
  readonly program: Program;
  readonly name: string;

  constructor(program: Program, name: string) {
    this.program = program;
    this.name = name;
  }

  /** The line a task of this run says; `what` is one of start, end, aborted, fail, released, hook. */
  says(what: string, run: string, timeoutMs = 15_000, fits: (line: Line) => boolean = () => true): Promise<TaskLine> {
    return this.program.waitFor(`"${what}" of run ${run}`, timeoutMs, (line) => {
      return line.what === what && line.run === run && fits(line);
    }) as Promise<TaskLine>;
  }

  /** The attempts of a run whose code has started, once there are as many. Its lines may come later than its result. */
  async attempts(run: string, count: number): Promise<TaskLine[]> {
    await this.program.waitFor(`${count} starts of run ${run}`, 5_000, () => this.said("start", run).length >= count);
    return this.said("start", run);
  }

  /** What has been said about a run so far. */
  said(what: string, run: string): TaskLine[] {
    return this.program.lines.filter((line) => line.what === what && line.run === run) as TaskLine[];
  }
}

/** A line about one attempt. */
export interface TaskLine extends Line {
  /** Epoch ms, by the clock all programs of a test share. */
  readonly at: number;
  readonly task: string;
  readonly run: string;
  readonly taskRun: string;
  readonly retry: number;
}
