import { describe, expect, test } from "vitest";
import { Helve } from "../index.ts";
import { runTask, TEST_TOKEN } from "./index.ts";

const helve = Helve.init({ token: TEST_TOKEN });

describe("runTask", () => {
  test("gives what the task gives, as JSON would carry it", async () => {
    const task = helve.task({ name: "t", fn: (input: { at: string }) => ({ at: new Date(input.at).toISOString() }) });
    const { output } = await runTask(task, { at: "2026-01-01" });
    expect(output).toEqual({ at: "2026-01-01T00:00:00.000Z" });
  });

  test("shows what the task wrote and asked for", async () => {
    const task = helve.task({
      name: "t",
      fn: async (_input, ctx) => {
        await ctx.logger.info("begun", { n: 1 });
        await ctx.logger.error("odd", { error: new Error("cause") });
        await ctx.putStream("a");
        await ctx.putStream(new Uint8Array([98]));
        await ctx.refreshTimeout("5s");
        await ctx.releaseSlot();
        return { name: ctx.taskName(), retry: ctx.retryCount(), tag: ctx.additionalMetadata().tag ?? "" };
      },
    });
    const report = await runTask(task, {}, { retryCount: 2, additionalMetadata: { tag: "x" } });
    expect(report.output).toEqual({ name: "t", retry: 2, tag: "x" });
    expect(report.logs[0]).toEqual({ level: "INFO", message: "begun", metadata: { n: 1 } });
    expect(report.logs[1]).toMatchObject({ level: "ERROR", metadata: { error: expect.stringContaining("cause") } });
    expect(report).toMatchObject({ stream: ["a", "b"], refreshedMs: 5_000, isSlotReleased: true });
  });

  test("gives the task its parents' outputs", async () => {
    const flow = helve.workflow<{ n: number }>({ name: "flow" });
    const first = flow.task({ name: "first", fn: (input) => ({ n: input.n }) });
    const second = flow.task({
      name: "second",
      parents: [first],
      fn: async (_input, ctx) => ({ twice: (await ctx.parentOutput(first)).n * 2 }),
    });
    const { output } = await runTask(second, { n: 0 }, { parentOutputs: { first: { n: 4 } } });
    expect(output).toEqual({ twice: 8 });
    await expect(runTask(second, { n: 0 })).rejects.toThrow("no output of 'first'");
  });

  test("answers for children, however the task starts them", async () => {
    const child = helve.task({ name: "child", fn: (input: { n: number }) => ({ square: input.n ** 2 }) });
    const parent = helve.task({
      name: "parent",
      fn: async (input: { n: number }, ctx) => {
        const one = await child.run({ n: input.n });
        const two = await ctx.runChild(child, { n: input.n + 1 }, { key: "two" });
        const [three] = await ctx.bulkRunNoWaitChildren([{ workflow: "child", input: { n: input.n + 2 } }]);
        return { sum: one.square + two.square + (await three?.output)?.square };
      },
    });
    const report = await runTask(
      parent,
      { n: 1 },
      { children: ({ input }) => ({ square: (input as { n: number }).n ** 2 }) },
    );
    expect(report.output).toEqual({ sum: 1 + 4 + 9 });
    expect(report.children.map(({ workflow, options }) => [workflow, options?.childKey])).toEqual([
      ["child", undefined],
      ["child", "two"],
      ["child", undefined],
    ]);
    await expect(runTask(parent, { n: 1 })).rejects.toThrow("say with { children } what that gives");
  });

  test("cancels the task with the signal", async () => {
    const task = helve.task({
      name: "t",
      fn: async (_input, ctx) => {
        ctx.signal.throwIfAborted();
        return {};
      },
    });
    await expect(runTask(task, {}, { signal: AbortSignal.abort() })).rejects.toThrow("cancelled by the test");
  });
});
