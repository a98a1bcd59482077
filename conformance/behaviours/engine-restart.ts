import type { AssignedAction } from "@helve/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, OURS, PYTHON_V0, PYTHON_V1, TYPESCRIPT } from "../support/client.ts";
import { type RunningEngine, startEngine } from "../support/engine.ts";
import { eventually } from "../support/eventually.ts";
import type { Loose } from "../support/loose.ts";
import { RawStage } from "../support/raw-stage.ts";
import { RawWorker } from "../support/raw-worker.ts";
import { Stage, type WorkerProgram } from "../support/stage.ts";

const CLIENTS = [TYPESCRIPT, OURS, PYTHON_V1, PYTHON_V0];
/** Longer than an engine may take from its end to its return. */
const HOLD_MS = 12_000;

/** One client with a task that runs while the engine is away. */
interface Cast {
  stage: Stage;
  worker: WorkerProgram;
  workerId: string;
  run: string;
  /** What the program that awaited the run all along saw in the end. */
  awaited: Promise<unknown>;
}

/** An engine that ends by the signal and starts again on the same ports, with every client connected and at work. */
export function describeEngineRestart(signal: "SIGTERM" | "SIGKILL"): void {
  describe.concurrent(`an engine that ends by ${signal} and starts again`, () => {
    let engine: RunningEngine;
    let raw: RawStage;
    let rawWorker: RawWorker;
    let rawRunning: AssignedAction;
    let waiting: string;
    let firstDispatchMs: number;
    let stopMs: number;
    const casts = new Map<Client, Cast>();

    beforeAll(async () => {
      engine = await startEngine();
      const entered = await Promise.all(CLIENTS.map((client) => enter(client, engine)));
      await Promise.all(entered.map(async (one) => casts.set(one.stage.client, await begin(one))));
      raw = await RawStage.open(engine.address, [{ timeout: "5m" }], "raw-restart");
      rawWorker = await raw.worker(2);
      rawRunning = await raw.start(rawWorker);
      await rawWorker.report(rawRunning, "started");
      const nobody = await RawStage.open(engine.address, undefined, "raw-waiting");
      waiting = await nobody.trigger({ n: 1 });

      if (signal === "SIGTERM") stopMs = await engine.stop();
      else await engine.kill();
      engine = await engine.startAgain();

      // A worker that comes back as soon as it can, and a run triggered as soon as that is possible.
      const back = raw.keep(RawWorker.again(engine.address, rawWorker.id));
      await eventually("the worker's return", 10_000, () => back.listen());
      const action = await back.action("start", await raw.trigger());
      firstDispatchMs = Date.now() - engine.readyAt;
      await back.complete(action);
      rawWorker = back;

      const late = nobody.keep(await nobody.worker(1));
      await late.complete(await late.action("start", waiting), { late: true });
      expect(await nobody.status(waiting)).toBe("COMPLETED");
      nobody.close();
    }, 180_000);

    afterAll(async () => {
      raw?.close();
      await engine?.dispose();
    });

    test("hands out a new run within 2 s", () => {
      expect(firstDispatchMs).toBeLessThan(2_000);
    });

    if (signal === "SIGTERM") {
      test("is gone within 10 s, though tasks are running", () => {
        expect(stopMs).toBeLessThan(10_000);
      });
    }

    test("takes the report of a task it had handed out before", async () => {
      await rawWorker.complete(rawRunning, { ok: 1 });
      expect(await raw.status(rawRunning.workflowRunId)).toBe("COMPLETED");
      const starts = rawWorker.actions.filter((action) => action.taskRunExternalId === rawRunning.taskRunExternalId);
      expect(starts).toEqual([]);
    });

    describe.each(CLIENTS.map((client) => [client.title, client] as const))("%s", (_, client) => {
      const cast = (): Cast => casts.get(client) as Cast;

      // The 0.x client may not survive the loss of its stream of results: that program asks again.
      const asksAgain = client === PYTHON_V0;
      const story = `the task that ran meanwhile is not run again, and the program ${asksAgain ? "asking" : "waiting"} has its result`;
      test(story, async () => {
        const { stage, worker, run, awaited } = cast();
        await worker.says("end", run, 30_000);
        expect(await (asksAgain ? stage.caller.result(run, 40_000) : awaited)).toEqual({
          hold: { by: worker.name, retry: 0, whole: true },
        });
        expect(worker.said("start", run)).toHaveLength(1);
      });

      test("its worker comes back by itself, as the same worker, and takes new runs", async () => {
        const { stage, worker, workerId } = cast();
        const { echo } = await stage.caller.run(stage.workflow("echo"), {}, undefined, 40_000);
        expect(echo).toMatchObject({ worker: worker.name, retry: 0 });
        const { rows } = await stage.rest.get<Loose>(`/api/v1/tenants/${engine.address.tenantId}/worker`);
        const ids = rows.filter((row: Loose) => row.name === worker.name).map((row: Loose) => row.metadata.id);
        expect(ids).toEqual([workerId]);
      });
    });
  });
}

type Entered = Pick<Cast, "stage" | "worker" | "workerId">;

async function enter(client: Client, engine: RunningEngine): Promise<Entered> {
  const stage = await Stage.open(client, engine.address);
  const worker = await stage.worker("main");
  return { stage, worker, workerId: await stage.workerId(worker) };
}

async function begin({ stage, worker, workerId }: Entered): Promise<Cast> {
  const run = await stage.caller.start(stage.workflow("hold"), { ms: HOLD_MS });
  await worker.says("start", run);
  const awaited = stage.caller.result(run, 60_000);
  // Looked at by one test only; until then a failure is nobody's surprise.
  awaited.catch(() => undefined);
  return { stage, worker, workerId, run, awaited };
}
