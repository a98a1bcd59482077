import { beforeAll, describe, expect, inject, test } from "vitest";
import type { Client } from "../support/client.ts";
import type { Loose } from "../support/loose.ts";
import { Stage } from "../support/stage.ts";

/** Awaiting runs, many at once, children, what a run says while it lives, and what can be read of it afterwards. */
export function describeResults(client: Client): void {
  describe.concurrent(`${client.title}: results`, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await Stage.open(client, inject("engine"));
      await stage.worker("main", { slots: 30 });
    });

    test("answers a program that waits before the end, and one that asks after it", async () => {
      const run = await stage.caller.start(stage.workflow("hold"), { ms: 700 });
      const first = await stage.caller.result(run);
      expect(first.hold.whole).toBe(true);
      const askedAt = performance.now();
      expect(await stage.caller.result(run)).toEqual(first);
      expect(performance.now() - askedAt).toBeLessThan(500);
    });

    test("tells an error again to whoever asks after the end", async () => {
      const run = await stage.caller.start(stage.workflow("flaky"), { failures: 9 });
      await expect(stage.caller.result(run)).rejects.toThrow(/attempt 2 fails/);
      await expect(stage.caller.result(run)).rejects.toThrow(/attempt 2 fails/);
    });

    if (client.can.has("polling")) {
      test("serves a program that polls for the result", async () => {
        const run = await stage.caller.start(stage.workflow("echo"), { n: 1 });
        const outputs = await stage.caller.call<Record<string, Loose>>("polledResult", { run });
        expect(Object.values(outputs)).toEqual([expect.objectContaining({ input: { n: 1 } })]);
      });
    }

    test("starts many runs in one call, with their ids in the order of the inputs", async () => {
      const inputs = Array.from({ length: 100 }, (_, n) => ({ n }));
      const runs = await stage.caller.startMany(stage.workflow("echo"), inputs);
      expect(new Set(runs).size).toBe(100);
      const results = await Promise.all(runs.map((run) => stage.caller.result(run)));
      expect(results.map((result) => result.echo.input)).toEqual(inputs);
      expect(results.map((result) => result.echo.run)).toEqual(runs);
    });

    test("runs children alone and in bulk, the same key once, and tells a child's failure to its parent", async () => {
      const options = { additionalMetadata: { customer: "c-2" } };
      const { family } = await stage.caller.run(stage.workflow("family"), {}, options);
      expect(family.one).toMatchObject({ n: 0, parent: family.self });
      expect(family.many.map((child: Loose) => child.n)).toEqual([1, 2, 3]);
      expect(new Set(family.many.map((child: Loose) => child.index)).size).toBe(3);
      for (const child of family.many) expect(child.parent).toBe(family.self);
      expect(family.same).toBe(true);
      expect(family.shared).toMatchObject({ n: 4, key: "same" });
      expect(family.caught).toMatch(/child breaks/);
      expect(family.one.metadata).toMatchObject({
        customer: "c-2",
        hatchet__parent_step_run_id: family.self,
        hatchet__parent_workflow_run_id: family.self,
      });
    });

    test("lists what a task logged, over REST", async () => {
      const run = await stage.caller.start(stage.workflow("chatter"), {});
      await stage.caller.result(run);
      const { rows } = client.can.has("run-routes")
        ? await stage.caller.call<Loose>("logs", { taskRun: run })
        : await stage.rest.get<Loose>(`/api/v1/stable/tasks/${run}/logs`);
      const messages = rows.map((row: Loose) => row.message);
      expect(messages).toContain("first line");
      expect(messages).toContain("second line");
      expect(rows[0]).toMatchObject({ retryCount: 0, attempt: 1 });
    });

    test("streams a task's chunks in order to a subscriber, and ends with the run", async () => {
      const run = await stage.caller.start(stage.workflow("chatter"), {});
      expect(await stage.caller.stream(run)).toEqual(["chunk 0", "chunk 1", "chunk 2", "chunk 3"]);
      expect(await stage.caller.stream(run)).toEqual([]);
    });

    if (client.can.has("run-routes")) {
      test("reads a run's status, details and place in the list through the client's own calls", async () => {
        const { caller } = stage;
        const options = { additionalMetadata: { shelf: "4" } };
        const run = await caller.start(stage.workflow("diamond"), { n: 2 }, options);
        await caller.result(run);
        expect(await caller.call("status", { run })).toBe("COMPLETED");
        const got = await caller.call<Loose>("get", { run });
        expect(got.run).toMatchObject({ status: "COMPLETED", input: { n: 2 }, additionalMetadata: { shelf: "4" } });
        expect(got.tasks).toHaveLength(4);
        expect(got.run.metadata.id).toBe(run);
        const details = await caller.call<Loose>("details", { run });
        expect(details).toMatchObject({ status: "COMPLETED", done: true });
        expect(details.taskRuns.d.output).toMatchObject({ sum: 330, grandparent: 3 });
        const list = await caller.call<Loose>("list", { workflow: stage.workflow("diamond") });
        expect(list.rows.map((row: Loose) => row.metadata.id)).toContain(run);
      });
    }

    test("lists the workflows the worker registered, under their own names", async () => {
      const name = stage.workflow("diamond");
      const { rows } = await stage.caller.call<Loose>("workflows", { name });
      expect(rows.map((row: Loose) => row.name)).toContain(name);
    });
  });
}
