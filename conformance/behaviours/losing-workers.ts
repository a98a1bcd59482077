import { beforeAll, describe, expect, inject, test } from "vitest";
import { Caller } from "../support/caller.ts";
import type { Client } from "../support/client.ts";
import { Stage, type WorkerProgram } from "../support/stage.ts";

/** What the first worker is asked to hold: longer than any of these tests. */
const LONG_MS = 120_000;

/** Workers that are killed, frozen, restarted or told to go while they have work. */
export function describeLosingWorkers(client: Client): void {
  describe.concurrent(`${client.title}: losing workers`, () => {
    let caller: Caller;
    beforeAll(async () => {
      caller = await Caller.start(client, inject("engine"));
    });

    /** Two workers of one slot: whichever takes the run is the first, the other is there to take it over. */
    async function pair(input: Record<string, unknown>): Promise<Pair> {
      const stage = await Stage.open(client, inject("engine"), caller);
      const [one, other] = await Promise.all(["one", "other"].map((tag) => stage.worker(tag, { slots: 1 })));
      if (!one || !other) throw new Error("two workers were asked for");
      const run = await caller.start(stage.workflow("hold"), input);
      await Promise.race([one.says("start", run), other.says("start", run)]);
      const [first, second] = one.said("start", run).length > 0 ? [one, other] : [other, one];
      return { stage, first, second, run };
    }

    test("a task whose worker is killed runs elsewhere within 2 s, and its own retry is unspent", async () => {
      // The second attempt is lost work made good; it fails, and the user's one retry pays for the third.
      const { first, second, run } = await pair({ ms: LONG_MS, again: 100, failOn: 1 });
      const diedAt = Date.now();
      await first.program.end();
      const again = await second.says("start", run, 15_000, (line) => line.retry === 1);
      expect(again.at - diedAt).toBeLessThan(2_000);
      expect(await caller.result(run)).toMatchObject({ hold: { by: second.name, retry: 2 } });
    });

    test("a task whose worker is killed runs on the worker that is started instead", async () => {
      const stage = await Stage.open(client, inject("engine"), caller);
      const first = await stage.worker("main", { slots: 1 });
      const run = await caller.start(stage.workflow("hold"), { ms: LONG_MS, again: 100 });
      await first.says("start", run);
      await first.program.end();
      const next = await stage.registerWorker("main", { slots: 1 });
      await next.says("start", run, 45_000, (line) => line.retry === 1);
      expect(await caller.result(run)).toMatchObject({ hold: { by: next.name, retry: 1 } });
    });

    test("a task whose worker is frozen runs elsewhere within 12 s, and the late report changes nothing", async () => {
      const { stage, first, second, run } = await pair({ ms: 4_000, again: 3_000 });
      const frozenAt = Date.now();
      first.program.signalAll("SIGSTOP");
      const again = await second.says("start", run, 30_000, (line) => line.retry === 1);
      expect(again.at - frozenAt).toBeLessThan(12_500);
      // Its time is up: the first worker reports its output as soon as it is let go, while the second still works.
      first.program.signalAll("SIGCONT");
      await first.says("end", run);
      await second.says("end", run);
      expect(await caller.result(run)).toMatchObject({ hold: { by: second.name, retry: 1 } });
      expect(await stage.rest.status(run)).toBe("COMPLETED");
      expect(second.said("start", run)).toHaveLength(1);
    });

    test("a worker told to stop ends its task first; it is not run twice, and nothing new comes", async () => {
      const stage = await Stage.open(client, inject("engine"), caller);
      const leaving = await stage.worker("leaving", { slots: 2 });
      const run = await caller.start(stage.workflow("hold"), { ms: 3_000 });
      await leaving.says("start", run);
      const staying = await stage.worker("staying", { slots: 2 });
      leaving.program.signal("SIGTERM");
      expect(await caller.result(run)).toMatchObject({ hold: { by: leaving.name, retry: 0, whole: true } });
      const after = await caller.run(stage.workflow("echo"), {});
      expect(after.echo).toMatchObject({ worker: staying.name, retry: 0 });
      expect(staying.said("start", run)).toEqual([]);
      expect(await leaving.program.endedWithin(20_000)).toBe(true);
    });
  });
}

interface Pair {
  stage: Stage;
  first: WorkerProgram;
  second: WorkerProgram;
  run: string;
}
