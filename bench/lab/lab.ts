import pg from "pg";
import type { SdkKind } from "../programs/sdk.ts";
import { type BenchEngine, startEngine } from "./engine.ts";
import type { Options } from "./options.ts";
import { type BenchPostgres, startBenchPostgres } from "./postgres.ts";
import { processorMs, processorMsOfFamily } from "./processor-time.ts";
import { Program } from "./program.ts";
import { withinLimit } from "./within-limit.ts";

/** What sections work with. Whatever they start through it is ended with it. */
export class Lab {
  readonly options: Options;
  readonly postgres: BenchPostgres;
  readonly #closers: (() => Promise<void>)[] = [];
  #cleared: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  static async open(options: Options): Promise<Lab> {
    return new Lab(options, await startBenchPostgres());
  }

  private constructor(options: Options, postgres: BenchPostgres) {
    this.options = options;
    this.postgres = postgres;
  }

  /** Has `close` called when the section is over, the last first. */
  keep<Thing>(thing: Thing, close: (thing: Thing) => Promise<void>): Thing {
    this.#closers.push(() => close(thing));
    return thing;
  }

  async program(file: string): Promise<Program> {
    return this.keep(await Program.start(file), (program) => program.end());
  }

  /** An engine on a fresh database, with processes of workers and a client's connected to it. */
  async stage({ kind = "own", workers = 1, processes = 1, slots }: StageOptions): Promise<Stage> {
    const name = `stage_${this.#closers.length}`;
    const databaseUrl = await this.postgres.createHelveDatabase(name);
    this.keep(name, () => this.postgres.dropDatabase(name));
    const engine = this.keep(await startEngine({ databaseUrl }), (running) => running.stop());
    const db = this.keep(new pg.Client({ connectionString: databaseUrl, application_name: "bench" }), (it) => it.end());
    await db.connect();
    const client = await this.program("client");
    const worker = await this.program("worker");
    const otherWorkers: Program[] = [];
    while (otherWorkers.length < processes - 1) otherWorkers.push(await this.program("worker"));
    const access = { kind, token: engine.token };
    for (const one of [worker, ...otherWorkers]) await one.call("start", { ...access, workers, slots });
    await client.call("connect", access);
    // The first run waits for the worker, compiles what is hot and opens every connection.
    await withinLimit("the first runs of a stage", client.call("oneByOne", { name: "noop", count: 20 }));
    return { engine, worker, otherWorkers, client, db, databaseUrl };
  }

  /** Processor time of every part so far, in ms. */
  processorTimes({ engine, worker, otherWorkers, client }: Stage): ProcessorTimes {
    return {
      client: processorMs(client.pid),
      engine: processorMs(engine.pid),
      worker: [worker, ...otherWorkers].reduce((sum, { pid }) => sum + processorMs(pid), 0),
      postgres: processorMsOfFamily(this.postgres.pid),
    };
  }

  /** Ends what the section has started. One call waits for the other: a signal may come in the middle of it. */
  clear(): Promise<void> {
    this.#cleared = this.#cleared.then(() => this.#closeAll());
    return this.#cleared;
  }

  /** What cannot be ended does not keep the rest from being ended. */
  async #closeAll(): Promise<void> {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      await close().catch((error: Error) => console.error(`could not be ended: ${error.message}`));
    }
  }

  /** Ends everything. May be called twice: by a signal, and by the section that fails because of it. */
  close(): Promise<void> {
    this.#closed ??= this.clear().then(() => this.postgres.stop());
    return this.#closed;
  }
}

export interface StageOptions {
  /** @default "own" */
  kind?: SdkKind;
  /** In each process; @default 1 */
  workers?: number;
  /** @default 1 */
  processes?: number;
  /** Of each worker. */
  slots: number;
}

export interface Stage {
  engine: BenchEngine;
  worker: Program;
  /** Of the processes that work, those after the first. */
  otherWorkers: readonly Program[];
  client: Program;
  db: pg.Client;
  databaseUrl: string;
}

export type ProcessorTimes = Record<"client" | "engine" | "worker" | "postgres", number>;

/** µs of processor time a task, by part. */
export function perTask(before: ProcessorTimes, after: ProcessorTimes, tasks: number): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([part, ms]) => [
      `${part} µs a task`,
      Math.round(((ms - before[part as keyof ProcessorTimes]) * 10_000) / tasks) / 10,
    ]),
  );
}
