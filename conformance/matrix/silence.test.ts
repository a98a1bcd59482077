import { setTimeout as pause } from "node:timers/promises";
import { v1 } from "@helve/contracts";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Client, OURS, PYTHON_V0, PYTHON_V1, TYPESCRIPT } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { call, type Grpc, openGrpc } from "../support/grpc.ts";
import { Stage, type WorkerProgram } from "../support/stage.ts";
import { SwallowingProxy } from "../support/swallowing-proxy.ts";

const CLIENTS = [TYPESCRIPT, OURS, PYTHON_V1, PYTHON_V0];

/** A worker that is not gone and cannot be heard, for longer than the engine waits, and then is back. */
interface Silence {
  title: string;
  lastsMs: number;
  begin(worker: WorkerProgram, proxy: SwallowingProxy): void;
  end(worker: WorkerProgram, proxy: SwallowingProxy): void;
}

const FROZEN: Pick<Silence, "begin" | "end"> = {
  begin: (worker) => worker.program.signalAll("SIGSTOP"),
  end: (worker) => worker.program.signalAll("SIGCONT"),
};
const SILENCES: readonly Silence[] = [
  { title: "SIGSTOP for 20 s", lastsMs: 20_000, ...FROZEN },
  { title: "SIGSTOP for 60 s", lastsMs: 60_000, ...FROZEN },
  {
    title: "a half-open connection for 20 s",
    lastsMs: 20_000,
    begin: (_worker, proxy) => proxy.swallow(),
    end: (_worker, proxy) => proxy.heal(),
  },
];

const engine = inject("engine");

/** Cells of the fault matrix; the README has the whole of it. All of them at the same time. */
describe.concurrent.each(CLIENTS.map((client) => [client.title, client] as const))("%s", (_title, client) => {
  let cast: Cast;
  beforeAll(async () => {
    cast = await Cast.enter(client);
  }, 180_000);
  afterAll(() => cast?.close());

  test.each(SILENCES.map((silence) => [silence.title, silence] as const))(
    "%s: its task runs elsewhere within 12 s, its late report changes nothing, and it is given work again",
    async (_name, silence) => {
      const { stage, rescuer } = cast;
      const { worker, proxy } = cast.victimOf(silence);
      const run = await cast.trigger(silence, { ms: 4_000, again: 100 }, false);
      await worker.says("start", run);
      const silentAt = Date.now();
      silence.begin(worker, proxy);
      const again = await rescuer.says("start", run, 30_000, (line) => line.retry === 1);
      expect(again.at - silentAt).toBeLessThan(12_500);
      await stage.rest.statusBecomes(run, "COMPLETED", 10_000);

      await pause(silentAt + silence.lastsMs - Date.now());
      silence.end(worker, proxy);
      await worker.says("end", run, 30_000);
      const next = await cast.trigger(silence, { ms: 0 }, true);
      await worker.says("end", next, 60_000).catch(async (error: Error) => {
        const waits = await stage.rest.get(`/api/v1/stable/workflow-runs/${next}/waits`);
        throw new Error(`${error.message}\nthe engine says: ${JSON.stringify(waits)}`);
      });
      expect(await stage.caller.result(run)).toMatchObject({ hold: { by: rescuer.name, retry: 1 } });
      expect(await stage.rest.status(run)).toBe("COMPLETED");
      expect(rescuer.said("start", run)).toHaveLength(1);
      expect(worker.said("start", run)).toHaveLength(1);
    },
    180_000,
  );
});

/** The programs of one client: for each cell a worker that falls silent, and one for all that takes their tasks over. */
class Cast {
  readonly stage: Stage;
  readonly rescuer: WorkerProgram;
  private readonly grpc: Grpc;
  private readonly victims = new Map<Silence, { worker: WorkerProgram; proxy: SwallowingProxy }>();

  static async enter(client: Client): Promise<Cast> {
    const stage = await Stage.open(client, engine);
    const cast = new Cast(stage, await stage.registerWorker("rescuer"));
    for (const silence of SILENCES) {
      const proxy = await SwallowingProxy.start(engine.grpcAddress);
      const labels = { cell: silence.title };
      const worker = await stage.registerWorker(`cell${cast.victims.size}`, { labels, hostPort: proxy.address });
      cast.victims.set(silence, { worker, proxy });
    }
    for (const silence of SILENCES) {
      const run = await cast.trigger(silence, { ms: 0 }, true);
      await eventually(`work for ${silence.title}`, 45_000, async () => {
        return (await stage.rest.status(run)) === "COMPLETED" || undefined;
      });
    }
    return cast;
  }

  private constructor(stage: Stage, rescuer: WorkerProgram) {
    this.stage = stage;
    this.rescuer = rescuer;
    this.grpc = openGrpc(engine);
  }

  victimOf(silence: Silence): { worker: WorkerProgram; proxy: SwallowingProxy } {
    const victim = this.victims.get(silence);
    if (!victim) throw new Error(`there is no worker for ${silence.title}`);
    return victim;
  }

  /** Starts a run that the worker of a cell takes, it alone or before all others. @returns its id */
  async trigger({ title }: Silence, input: object, required: boolean): Promise<string> {
    const request = v1.TriggerWorkflowRequest.create({
      name: this.stage.workflow("hold"),
      input: JSON.stringify(input),
      desiredWorkerLabels: { cell: v1.DesiredWorkerLabels.create({ strValue: title, required }) },
    });
    return (await call(this.grpc, "workflows", "triggerWorkflow", request)).workflowRunId;
  }

  close(): void {
    this.grpc.close();
    for (const { proxy } of this.victims.values()) proxy.close();
  }
}
