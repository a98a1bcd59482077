import type { Client } from "./client.ts";
import type { EngineAddress } from "./engine.ts";
import type { Loose } from "./loose.ts";
import { Program } from "./program.ts";

/** What the awaiting program caught, with the text it saw. */
export class CallError extends Error {
  /** The client's own class of error. */
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.name = "CallError";
    this.kind = kind;
  }
}

/** Passed on with a trigger. */
export interface RunOptions {
  additionalMetadata?: Record<string, string>;
  priority?: number;
}

/** The program that triggers and awaits with one client. Its calls run side by side. */
export class Caller {
  readonly program: Program;
  private lastId = 0;

  /** Starts the program; resolves when it takes calls. */
  static async start(client: Client, engine: EngineAddress): Promise<Caller> {
    const program = Program.start({
      title: `${client.title}, caller`,
      ...client.caller,
      env: clientEnvironment(engine),
    });
    await program.waitFor("ready line", 30_000, (line) => line.what === "ready");
    return new Caller(program);
  }

  private constructor(program: Program) {
    this.program = program;
  }

  /**
   * @param verb one of those the client's `caller` program lists
   * @throws CallError with the text the program saw
   */
  async call<T>(verb: string, args: Record<string, unknown>, timeoutMs = 30_000): Promise<T> {
    const id = ++this.lastId;
    const from = this.program.lines.length;
    this.program.write({ id, verb, args });
    const line = await this.program.waitFor(`answer to ${verb}`, timeoutMs, (candidate) => candidate.id === id, from);
    if (line.what === "error") throw new CallError(String(line.name), String(line.message));
    return line.value as T;
  }

  /** Triggers and waits; the output of each task by its name. */
  async run(
    workflow: string,
    input: unknown,
    options?: RunOptions,
    timeoutMs?: number,
  ): Promise<Record<string, Loose>> {
    return byTask(await this.call("run", { workflow, input, options }, timeoutMs));
  }

  /** Triggers; the run's id. */
  start(workflow: string, input: unknown, options?: RunOptions): Promise<string> {
    return this.call("start", { workflow, input, options });
  }

  /** Triggers in one call; the runs' ids in the order of the inputs. */
  startMany(workflow: string, inputs: unknown[]): Promise<string[]> {
    return this.call("startMany", { workflow, inputs });
  }

  /** Waits for a run it may not have triggered. */
  async result(run: string, timeoutMs?: number): Promise<Record<string, Loose>> {
    return byTask(await this.call("result", { run }, timeoutMs));
  }

  /** The chunks a run streams from now until its end. */
  stream(run: string): Promise<string[]> {
    return this.call("stream", { run });
  }
}

/** A standalone task is named like its workflow; tests speak of it without the prefix their stage has given that. */
function byTask(result: Record<string, Loose>): Record<string, Loose> {
  return Object.fromEntries(
    Object.entries(result).map(([task, output]) => {
      const base = /^[a-z0-9]+-[0-9a-f]{8}-(.+)$/.exec(task)?.[1];
      return [base?.toLowerCase() ?? task, output];
    }),
  );
}

/** All a client is told about an engine: a token, and how to connect. Addresses stand in the token. */
export function clientEnvironment(engine: EngineAddress): Record<string, string> {
  return { HATCHET_CLIENT_TOKEN: engine.token, ...(engine.environment ?? { HATCHET_CLIENT_TLS_STRATEGY: "none" }) };
}
