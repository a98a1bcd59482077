import { beforeAll, describe, expect, inject, test } from "vitest";
import type { Client } from "../support/client.ts";
import type { Loose } from "../support/loose.ts";
import { Stage, type WorkerProgram } from "../support/stage.ts";

/** What a release at the end of the supported range must do: a sample of the other behaviours, in half a minute. */
export function describeCore(client: Client, release: string): void {
  describe(`${client.title}: the core`, () => {
    let stage: Stage;
    let worker: WorkerProgram;
    beforeAll(async () => {
      stage = await Stage.open(client, inject("engine"));
      worker = await stage.worker("main");
    });

    test("registers, with a version that the engine is made for", async () => {
      const shown = await stage.rest.get<Loose>(`/api/v1/workers/${await stage.workerId(worker)}`);
      expect(shown).toMatchObject({ status: "ACTIVE", runtimeInfo: { sdkVersion: release } });
      expect(shown.versionProblem).toBeUndefined();
      const { rows } = await stage.caller.call<Loose>("workflows", { name: stage.workflow("diamond") });
      expect(rows.map((row: Loose) => row.name)).toContain(stage.workflow("diamond"));
    });

    test("gives a task its input and metadata, and its output to the program that waits", async () => {
      const input = { text: "grüße \u{1f600}", list: [1, null, { x: true }] };
      const { echo } = await stage.caller.run(stage.workflow("echo"), input, { additionalMetadata: { customer: "c" } });
      expect(echo).toMatchObject({ input, retry: 0, worker: worker.name, metadata: { customer: "c" } });
    });

    test("starts many runs in one call", async () => {
      const inputs = Array.from({ length: 20 }, (_, n) => ({ n }));
      const runs = await stage.caller.startMany(stage.workflow("echo"), inputs);
      const results = await Promise.all(runs.map((run) => stage.caller.result(run)));
      expect(results.map((result) => result.echo.input)).toEqual(inputs);
    });

    test("runs the tasks of a diamond in order, each with the outputs of those before it", async () => {
      const result = await stage.caller.run(stage.workflow("diamond"), { n: 1 });
      expect(result).toMatchObject({ a: { va: 2 }, b: { vb: 20 }, c: { vc: 200 }, d: { sum: 220, grandparent: 2 } });
    });

    test("runs children, the same key once, and tells a child's failure to its parent", async () => {
      const { family } = await stage.caller.run(stage.workflow("family"), {});
      expect(family.many.map((child: Loose) => child.n)).toEqual([1, 2, 3]);
      expect(family).toMatchObject({ one: { n: 0 }, same: true, caught: expect.stringContaining("child breaks") });
    });

    test("tries again after a failure, and not after an error that says so", async () => {
      const flaky = await stage.caller.start(stage.workflow("flaky"), { failures: 2 });
      expect(await stage.caller.result(flaky)).toEqual({ flaky: { ok: 2 } });
      const final = await stage.caller.start(stage.workflow("final"), {});
      await expect(stage.caller.result(final)).rejects.toThrow(/give up/);
      expect(await worker.attempts(final, 1)).toHaveLength(1);
    });

    test("runs the on-failure task of a run that failed", async () => {
      const run = await stage.caller.start(stage.workflow("hook"), { fail: true });
      await expect(stage.caller.result(run)).rejects.toThrow(/bad news/);
      await stage.rest.statusBecomes(run, "FAILED");
      await worker.says("start", run);
    });

    test("ends a task at its execution timeout and cancels it at the worker", async () => {
      const run = await stage.caller.start(stage.workflow("slow"), {});
      await expect(stage.caller.result(run)).rejects.toThrow(/exceeded timeout/);
      await worker.says("aborted", run);
    });

    test("cancels a run that runs, and replays it", async () => {
      const run = await stage.caller.start(stage.workflow("hold"), { ms: 20_000, again: 50 });
      await worker.says("start", run);
      await stage.caller.call("cancel", { runs: [run] });
      await worker.says("aborted", run);
      await stage.rest.statusBecomes(run, "CANCELLED");
      await worker.says("end", run);
      await stage.caller.call("replay", { runs: [run] });
      await stage.rest.statusBecomes(run, "COMPLETED", 10_000);
      expect(await stage.caller.result(run)).toMatchObject({ hold: { retry: 1, whole: true } });
    });

    test("streams a task's chunks in order, and lists what it logged", async () => {
      const run = await stage.caller.start(stage.workflow("chatter"), {});
      expect(await stage.caller.stream(run)).toEqual(["chunk 0", "chunk 1", "chunk 2", "chunk 3"]);
      const { rows } = await stage.caller.call<Loose>("logs", { taskRun: run });
      expect(rows.map((row: Loose) => row.message)).toContain("first line");
    });

    test("a task whose worker is killed runs on another one, and its own retry is unspent", async () => {
      const run = await stage.caller.start(stage.workflow("hold"), { ms: 300_000, again: 100, failOn: 1 });
      await worker.says("start", run);
      const next = await stage.registerWorker("next");
      await worker.program.end();
      await next.says("start", run, 30_000, (line) => line.retry === 1);
      expect(await stage.caller.result(run)).toMatchObject({ hold: { by: next.name, retry: 2 } });
    });
  });
}
