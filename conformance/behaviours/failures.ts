import { beforeAll, describe, expect, inject, test } from "vitest";
import type { Client } from "../support/client.ts";
import { call, openGrpc } from "../support/grpc.ts";
import { Stage, type WorkerProgram } from "../support/stage.ts";

/** Failing, trying again, giving up, and running out of time. */
export function describeFailures(client: Client): void {
  describe.concurrent(`${client.title}: failures`, () => {
    let stage: Stage;
    let worker: WorkerProgram;
    beforeAll(async () => {
      stage = await Stage.open(client, inject("engine"));
      worker = await stage.worker("main");
    });

    /** Between the end of one attempt and the assignment of the next, by the engine's clock. */
    async function pauseBefore(taskRun: string, retry: number): Promise<number> {
      const failed = await stage.rest.taskEvent(taskRun, "FAILED", retry - 1);
      return (await stage.rest.taskEvent(taskRun, "ASSIGNED", retry)).at - failed.at;
    }

    test("tries again at once, and ends with the attempt that succeeds", async () => {
      const run = await stage.caller.start(stage.workflow("flaky"), { failures: 2 });
      expect(await stage.caller.result(run)).toEqual({ flaky: { ok: 2 } });
      expect((await worker.attempts(run, 3)).map((line) => line.retry)).toEqual([0, 1, 2]);
      for (const retry of [1, 2]) expect(await pauseBefore(run, retry)).toBeLessThanOrEqual(250);
    });

    test("fails for good when the retries are used up, with the text of the last attempt", async () => {
      const run = await stage.caller.start(stage.workflow("flaky"), { failures: 9 });
      await expect(stage.caller.result(run)).rejects.toThrow(/attempt 2 fails/);
      expect(await worker.attempts(run, 3)).toHaveLength(3);
      await stage.rest.statusBecomes(run, "FAILED");
    });

    test("waits as long as the back-off says: never less, and hardly more", async () => {
      const run = await stage.caller.start(stage.workflow("backoff"), { failures: 2 });
      expect(await stage.caller.result(run)).toEqual({ backoff: { ok: 2 } });
      const starts = await worker.attempts(run, 3);
      const fails = worker.said("fail", run);
      for (const [retry, due] of [
        [1, 2_000],
        [2, 3_000],
      ] as const) {
        expect((starts[retry]?.at ?? 0) - (fails[retry - 1]?.at ?? 0)).toBeGreaterThanOrEqual(due);
        const pause = await pauseBefore(run, retry);
        expect(pause).toBeGreaterThanOrEqual(due);
        expect(pause).toBeLessThanOrEqual(due + 100);
      }
    });

    if (client.can.has("non-retryable")) {
      test("does not try again after an error that says so", async () => {
        const run = await stage.caller.start(stage.workflow("final"), {});
        await expect(stage.caller.result(run)).rejects.toThrow(/give up/);
        expect(await worker.attempts(run, 1)).toHaveLength(1);
      });
    }

    test("ends a task at its execution timeout and cancels it at the worker", async () => {
      const run = await stage.caller.start(stage.workflow("slow"), {});
      await expect(stage.caller.result(run)).rejects.toThrow(/exceeded timeout/);
      const assigned = await stage.rest.taskEvent(run, "ASSIGNED");
      const timedOut = await stage.rest.taskEvent(run, "TIMED_OUT");
      expect(timedOut.at - assigned.at).toBeGreaterThanOrEqual(1_000);
      expect(timedOut.at - assigned.at).toBeLessThanOrEqual(1_100);
      expect((await worker.says("aborted", run)).at - timedOut.at).toBeLessThanOrEqual(1_000);
      await stage.rest.statusBecomes(run, "FAILED");
    });

    test("spends a retry on an execution timeout", async () => {
      const run = await stage.caller.start(stage.workflow("slowonce"), {});
      expect(await stage.caller.result(run)).toEqual({ slowonce: { ok: 1 } });
      expect((await worker.attempts(run, 2)).map((line) => line.retry)).toEqual([0, 1]);
    });

    test("lets a task move its deadline", async () => {
      const run = await stage.caller.start(stage.workflow("refreshes"), {});
      expect(await stage.caller.result(run)).toEqual({ refreshes: { done: true } });
      const events = await stage.rest.taskEvents(run);
      expect(events.map((event) => event.type)).toContain("TIMEOUT_REFRESHED");
      expect(events.map((event) => event.type)).not.toContain("TIMED_OUT");
    });

    test("runs the on-failure task once, with the input and the error, and cancels what came after", async () => {
      const run = await stage.caller.start(stage.workflow("hook"), { fail: true });
      await expect(stage.caller.result(run)).rejects.toThrow(/bad news/);
      await stage.rest.statusBecomes(run, "FAILED");
      expect(await worker.attempts(run, 1)).toHaveLength(1);
      const tasks = await taskRuns(run);
      expect(tasks.hook).toMatchObject({ input: { fail: true }, errors: { bad: expect.stringContaining("bad news") } });
      expect(tasks.after).toBeUndefined();
    });

    test("skips the on-failure task of a run that succeeds", async () => {
      const run = await stage.caller.start(stage.workflow("hook"), {});
      const result = await stage.caller.result(run);
      expect(result).toMatchObject({ fine: { a: 1 }, bad: { b: 2 }, after: { c: 3 } });
      expect(worker.said("start", run)).toEqual([]);
      expect((await taskRuns(run)).hook).toEqual({ skipped: true });
      await stage.rest.statusBecomes(run, "COMPLETED");
    });

    /** Outputs by task; clients name the on-failure task differently, so it stands under `hook`. */
    async function taskRuns(run: string): Promise<Record<string, unknown>> {
      const grpc = openGrpc(stage.engine);
      const details = await call(grpc, "admin", "getRunDetails", { externalId: run });
      grpc.close();
      const outputs = Object.entries(details.taskRuns).map(([name, task]) => [
        /on.failure/.test(name) ? "hook" : name,
        task.output?.length ? (JSON.parse(task.output.toString()) as unknown) : undefined,
      ]);
      return Object.fromEntries(outputs) as Record<string, unknown>;
    }
  });
}
