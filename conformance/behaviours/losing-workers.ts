import { beforeAll, describe, expect, inject, test } from "vitest";
import type { Client } from "../support/client.ts";
import { Stage, type WorkerProgram } from "../support/stage.ts";

/** What a worker that is going to die is asked to hold: longer than any of these tests. */
const LONG_MS = 300_000;
/** The start of a Python program takes seconds of a small machine. */
const TIMEOUT_MS = 120_000;

/** Workers that are frozen, killed, restarted or told to go while they have work. One test after the other. */
export function describeLosingWorkers(client: Client): void {
  describe(`${client.title}: losing workers`, { timeout: TIMEOUT_MS }, () => {
    let stage: Stage;
    let workers: WorkerProgram[] = [];
    let started = 0;
    beforeAll(async () => {
      stage = await Stage.open(client, inject("engine"));
    });

    /** As many workers of one slot, all at work; those an earlier test has left are among them. */
    async function crew(size: number): Promise<WorkerProgram[]> {
      workers = workers.filter((worker) => worker.program.isRunning);
      while (workers.length > size) await workers.pop()?.program.end();
      const missing = Array.from({ length: size - workers.length }, () => `no-${++started}`);
      workers.push(...(await Promise.all(missing.map((tag) => stage.registerWorker(tag, { slots: 1 })))));
      for (const worker of workers) await stage.serving(worker, size + 1);
      return workers;
    }

    /** Two workers with a run between them: whichever takes it is the first, the other is there to take it over. */
    async function pair(input: Record<string, unknown>): Promise<Pair> {
      const [one, other] = (await crew(2)) as [WorkerProgram, WorkerProgram];
      const run = await stage.caller.start(stage.workflow("hold"), input);
      await Promise.race([one.says("start", run), other.says("start", run)]);
      const [first, second] = one.said("start", run).length > 0 ? [one, other] : [other, one];
      return { first, second, run };
    }

    test("a task whose worker is frozen runs elsewhere within 12 s, and the late report changes nothing", async () => {
      const { first, second, run } = await pair({ ms: 4_000, again: 3_000 });
      const frozenAt = Date.now();
      first.program.signalAll("SIGSTOP");
      const again = await second.says("start", run, 30_000, (line) => line.retry === 1);
      expect(again.at - frozenAt).toBeLessThan(12_500);
      // Its time is up: the first worker reports its output as soon as it is let go, while the second still works.
      first.program.signalAll("SIGCONT");
      await first.says("end", run);
      await second.says("end", run);
      expect(await stage.caller.result(run)).toMatchObject({ hold: { by: second.name, retry: 1 } });
      expect(await stage.rest.status(run)).toBe("COMPLETED");
      expect(second.said("start", run)).toHaveLength(1);
    });

    test("a task whose worker is killed runs elsewhere within 2 s, and its own retry is unspent", async () => {
      // The second attempt is lost work made good; it fails, and the user's one retry pays for the third.
      const { first, second, run } = await pair({ ms: LONG_MS, again: 100, failOn: 1 });
      const diedAt = Date.now();
      await first.program.end();
      const again = await second.says("start", run, 15_000, (line) => line.retry === 1);
      expect(again.at - diedAt).toBeLessThan(2_000);
      expect(await stage.caller.result(run)).toMatchObject({ hold: { by: second.name, retry: 2 } });
    });

    test("a worker told to stop ends its task first; it is not run twice", async () => {
      const { first, second, run } = await pair({ ms: 3_000 });
      first.program.signal("SIGTERM");
      expect(await stage.caller.result(run)).toMatchObject({ hold: { by: first.name, retry: 0, whole: true } });
      expect(await first.program.endedWithin(20_000)).toBe(true);
      expect(second.said("start", run)).toEqual([]);
      const after = await stage.caller.run(stage.workflow("echo"), {});
      expect(after.echo).toMatchObject({ worker: second.name, retry: 0 });
    });

    test("a task whose worker is killed runs on the worker that is started instead", async () => {
      const [only] = (await crew(1)) as [WorkerProgram];
      const run = await stage.caller.start(stage.workflow("hold"), { ms: LONG_MS, again: 100 });
      await only.says("start", run);
      await only.program.end();
      const next = await stage.registerWorker("next", { slots: 1 });
      await next.says("start", run, 30_000, (line) => line.retry === 1);
      expect(await stage.caller.result(run)).toMatchObject({ hold: { by: next.name, retry: 1 } });
    });
  });
}

interface Pair {
  first: WorkerProgram;
  second: WorkerProgram;
  run: string;
}
