import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HelveError, NonRetryableError, RunFailedError } from "../errors.ts";
import { Fixture } from "../loopback-engine/fixture.ts";
import { CreateTaskWorkflow } from "../workflow/task-declaration.ts";

let fixture: Fixture;

beforeEach(async () => {
  fixture = await Fixture.start();
});
afterEach(() => fixture.end());

describe("running", () => {
  test("a task that stands alone gives its output", async () => {
    const task = fixture.client.task({
      name: "Greet",
      fn: (input: { name: string }) => ({ text: `Hi ${input.name}` }),
    });
    await fixture.worker({ workflows: [task] });
    expect(await task.run({ name: "Ada" })).toEqual({ text: "Hi Ada" });
    expect(await fixture.client.run(task, { name: "Bob" })).toEqual({ text: "Hi Bob" });
    expect(await fixture.client.run("greet", { name: "Cy" })).toEqual({ Greet: { text: "Hi Cy" } });
  });

  test("a graph gives the outputs of its tasks by name", async () => {
    const flow = fixture.client.workflow<{ n: number }>({ name: "flow" });
    const first = flow.task({ name: "first", fn: (input) => ({ n: input.n + 1 }) });
    const second = flow.task({
      name: "second",
      parents: [first],
      fn: async (_input, ctx) => ({ n: (await ctx.parentOutput(first)).n * 2 }),
    });
    flow.task({
      name: "third",
      parents: [first, second],
      fn: async (_input, ctx) => ({ n: (await ctx.parentOutput(first)).n + (await ctx.parentOutput(second)).n }),
    });
    await fixture.worker({ workflows: [flow] });
    expect(await flow.run({ n: 1 })).toEqual({ first: { n: 2 }, second: { n: 4 }, third: { n: 6 } });
  });

  test("many inputs give results in their order", async () => {
    const task = fixture.client.task({ name: "square", fn: async (input: { n: number }) => ({ n: input.n ** 2 }) });
    await fixture.worker({ workflows: [task], slots: 50 });
    const inputs = Array.from({ length: 2_500 }, (_, n) => ({ n }));
    const results = await task.run(inputs);
    expect(results).toEqual(inputs.map(({ n }) => ({ n: n ** 2 })));
  });

  test("references give id, result and the same result again", async () => {
    const task = fixture.client.task({ name: "t", fn: async (input: { n: number }) => ({ n: input.n }) });
    await fixture.worker({ workflows: [task] });
    const refs = await task.runManyNoWait([
      { input: { n: 1 } },
      { input: { n: 2 }, opts: { additionalMetadata: { a: "b" } } },
    ]);
    expect(await Promise.all(refs.map((ref) => ref.output))).toEqual([{ n: 1 }, { n: 2 }]);
    const [ref] = refs;
    expect(await ref?.getWorkflowRunId()).toBe(ref?.workflowRunId);
    expect(await fixture.client.runRef(ref?.workflowRunId ?? "").result()).toEqual({ t: { n: 1 } });
    expect(JSON.stringify(ref)).toBe(JSON.stringify({ workflowRunId: ref?.workflowRunId }));
  });

  test("metadata and priority reach the task", async () => {
    const task = fixture.client.task({
      name: "t",
      fn: (_input, ctx) => ({ tag: ctx.additionalMetadata().tag ?? "", priority: ctx.priority() ?? 0 }),
    });
    await fixture.worker({ workflows: [task] });
    const options = { additionalMetadata: { tag: "blue" }, priority: 3 as const };
    expect(await task.run({}, options)).toEqual({ tag: "blue", priority: 3 });
  });

  test("the worker that a run wants reaches the engine", async () => {
    const task = fixture.client.task({ name: "t", fn: () => ({}) });
    await fixture.worker({ workflows: [task] });
    const asked = () => fixture.engine.clientControls.lastTrigger?.runs.at(-1);
    await task.run(
      {},
      { desiredWorkerLabels: { zone: { value: "b", required: true }, size: { value: 2, weight: 7 } } },
    );
    expect(asked()?.desiredWorkerLabels).toMatchObject({
      zone: { strValue: "b", required: true },
      size: { intValue: 2, weight: 7 },
    });
    await task.run({}, { desiredWorkerId: "w1" });
    expect(asked()).toMatchObject({ desiredWorkerId: "w1", desiredWorkerLabels: {} });
    await task.run({}, { sticky: true });
    expect(asked()?.desiredWorkerId, "there is no task to stick to").toBeUndefined();
  });

  test("names have the namespace of the client", async () => {
    const client = fixture.newClient({ namespace: "Dev" });
    const task = client.task({ name: "T", fn: (_input, ctx) => ({ workflow: ctx.workflowName() }) });
    const worker = await client.worker("w", { workflows: [task], handleKill: false });
    void worker.start();
    expect(worker.name).toBe("dev_w");
    expect(await task.run({})).toEqual({ workflow: "dev_t" });
    await worker.stop();
  });
});

describe("failing", () => {
  test("a run that fails rejects with the task's message, after its retries", async () => {
    let attempts = 0;
    const task = fixture.client.task({
      name: "t",
      retries: 2,
      fn: async (_input, ctx) => {
        attempts += 1;
        throw new Error(`attempt ${ctx.retryCount()}`);
      },
    });
    await fixture.worker({ workflows: [task] });
    const error: unknown = await task.run({}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunFailedError);
    expect(error).toMatchObject({ status: "failed", message: "attempt 2" });
    expect(attempts).toBe(3);
  });

  test("a NonRetryableError is not retried", async () => {
    let attempts = 0;
    const task = fixture.client.task({
      name: "t",
      retries: 5,
      fn: () => {
        attempts += 1;
        throw new NonRetryableError("pointless");
      },
    });
    await fixture.worker({ workflows: [task] });
    await expect(task.run({})).rejects.toThrow("pointless");
    expect(attempts).toBe(1);
  });

  test("of many runs the first failure rejects all, unless errors are wanted as results", async () => {
    const task = fixture.client.task({
      name: "t",
      fn: async (input: { n: number }) => {
        if (input.n === 1) throw new Error("one is wrong");
        return { n: input.n };
      },
    });
    await fixture.worker({ workflows: [task] });
    const inputs = [{ n: 0 }, { n: 1 }, { n: 2 }];
    await expect(task.run(inputs)).rejects.toThrow("one is wrong");
    const results = await task.run(inputs, { returnExceptions: true });
    expect(results[0]).toEqual({ n: 0 });
    expect(results[1]).toBeInstanceOf(RunFailedError);
    expect(results[2]).toEqual({ n: 2 });
  });

  test("a cancelled run rejects and says so", async () => {
    const task = fixture.client.task({
      name: "t",
      fn: async (_input, ctx) => {
        await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
        return {};
      },
    });
    await fixture.worker({ workflows: [task] });
    const ref = await task.runNoWait({});
    await ref.cancel();
    await expect(ref.output).rejects.toMatchObject({ name: "RunFailedError", status: "cancelled" });
    expect(await fixture.client.runs.get_status(ref)).toBe("CANCELLED");
  });

  test("an unknown workflow, an unknown run and an input that is too large are refused", async () => {
    await expect(fixture.client.run("nothing", {})).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(fixture.client.runRef("nothing").output).rejects.toMatchObject({ code: "not_found" });
    await expect(fixture.client.runs.getDetails("nothing")).rejects.toMatchObject({ code: "not_found" });
    const text = "x".repeat(5 * 1024 * 1024);
    await expect(fixture.client.run("nothing", { text })).rejects.toMatchObject({ code: "resource_exhausted" });
  });

  test("what the engine does not serve is said clearly", async () => {
    await expect(fixture.client.events.push("user:created", {})).rejects.toMatchObject({
      code: "unimplemented",
      message: expect.stringContaining("does not serve events yet"),
    });
  });

  test("a cancel of nothing in particular is refused", async () => {
    await expect(fixture.client.runs.cancel({})).rejects.toBeInstanceOf(HelveError);
  });

  test("a declaration without a client cannot be run", async () => {
    const task = CreateTaskWorkflow({ name: "t", fn: () => ({}) });
    await expect(task.run({})).rejects.toThrow("declared without a client");
  });
});

describe("children", () => {
  test("are known by their parent, and found again by another attempt", async () => {
    let calls = 0;
    const child = fixture.client.task({
      name: "child",
      fn: async (_input, ctx) => {
        calls += 1;
        return { parent: ctx.parentWorkflowRunId() ?? "", index: ctx.childIndex() ?? -1, key: ctx.childKey() ?? "" };
      },
    });
    const parent = fixture.client.task({
      name: "parent",
      retries: 1,
      fn: async (_input, ctx) => {
        const plain = await child.run({});
        const keyed = await ctx.runChild(child, {}, { childKey: "k" });
        const [a, b] = await ctx.bulkRunChildren([
          { workflow: child, input: {} },
          { workflow: "child", input: {} },
        ]);
        if (ctx.retryCount() === 0) throw new Error("once more");
        return { me: ctx.taskRunExternalId(), plain, keyed, a, b };
      },
    });
    await fixture.worker({ workflows: [child, parent] });
    const result = await parent.run({});
    const of = (index: number, key = ""): object => ({ parent: result.me, index, key });
    expect(result).toMatchObject({ plain: of(0), keyed: of(1, "k"), a: of(2), b: { child: of(3) } });
    expect(calls).toBe(4);
  });

  test("that are sticky want the worker of their parent, which must know them", async () => {
    const child = fixture.client.task({ name: "child", fn: () => ({}) });
    const strange = fixture.client.task({ name: "strange", fn: () => ({}) });
    let refusal: unknown;
    const parent = fixture.client.task({
      name: "parent",
      fn: async (_input, ctx) => {
        await child.runNoWait({}, { sticky: true });
        const declared = fixture.engine.clientControls.lastTrigger?.runs.at(-1)?.desiredWorkerId;
        const ref = await ctx.runNoWaitChild(child, {}, { sticky: true });
        const spawned = fixture.engine.clientControls.lastTrigger?.runs.at(-1)?.desiredWorkerId;
        refusal = await strange.runNoWait({}, { sticky: true }).catch((error: unknown) => error);
        return { declared: declared ?? "", spawned: spawned ?? "", child: ref.workflowRunId };
      },
    });
    const worker = await fixture.worker({ workflows: [child, parent] });
    const { workerId } = worker;
    expect(await parent.run({})).toMatchObject({ declared: workerId, spawned: workerId });
    expect(refusal).toMatchObject({
      code: "invalid_argument",
      message: "'strange' cannot be sticky: it is not registered on this worker",
    });
  });

  test("are no longer waited for when the parent is cancelled", async () => {
    const child = fixture.client.task({ name: "child", fn: () => new Promise<{ never: true }>(() => {}) });
    let thrown: unknown;
    let started = (): void => {};
    const isWaiting = new Promise<void>((resolve) => {
      started = resolve;
    });
    const parent = fixture.client.task({
      name: "parent",
      fn: async (_input, ctx) => {
        const ref = await ctx.runNoWaitChild(child, {});
        started();
        thrown = await ref.output.catch((error: unknown) => error);
        ctx.rethrowIfCancelled(thrown);
        return {};
      },
    });
    await fixture.worker({ workflows: [child, parent] });
    const ref = await parent.runNoWait({});
    await isWaiting;
    await ref.cancel();
    await expect(ref.output).rejects.toMatchObject({ status: "cancelled" });
    await expect.poll(() => thrown).toMatchObject({ name: "AbortError", message: "cancelled by a test" });
  });
});
