/** What the compiler knows about declared tasks; checked by `tsc`, the assertions do nothing at run time. */
import { describe, expectTypeOf, test } from "vitest";
import {
  type Context,
  type Duration,
  type Hatchet,
  Helve,
  type StandardSchemaV1,
  type WorkflowRunRef,
} from "./index.ts";
import { TEST_TOKEN } from "./testing/index.ts";

const helve = Helve.init({ token: TEST_TOKEN });

/** As a schema library would type it: a text goes in, a date comes out. */
const dateSchema = schema<{ at: string; note?: string | undefined }, { at: Date; note: string }>();
const userSchema = schema<{ name: string }, { name: string; age: number }>();

function schema<Input, Output>(): StandardSchemaV1<Input, Output> {
  return { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: value as Output }) } };
}

describe("types", () => {
  test("Hatchet and Helve are the same client", () => {
    expectTypeOf<Hatchet>().toEqualTypeOf<Helve>();
  });

  test("of a task follow from its code", () => {
    const task = helve.task({ name: "t", fn: async (input: { name: string }) => ({ length: input.name.length }) });
    expectTypeOf(() => task.run({ name: "x" })).returns.resolves.toEqualTypeOf<{ length: number }>();
    expectTypeOf(() => task.run([{ name: "x" }])).returns.resolves.toEqualTypeOf<{ length: number }[]>();
    expectTypeOf(() => task.runNoWait({ name: "x" })).returns.resolves.toEqualTypeOf<
      WorkflowRunRef<{ length: number }>
    >();
    // @ts-expect-error the name is missing
    void (() => task.run({}));
  });

  test("of a task can be named, and its code must fit", () => {
    const task = helve.task<{ n: number }, { ok: boolean }>({ name: "t", fn: (input) => ({ ok: input.n > 0 }) });
    expectTypeOf(() => task.run({ n: 1 })).returns.resolves.toEqualTypeOf<{ ok: boolean }>();
    // @ts-expect-error ok is no text
    helve.task<{ n: number }, { ok: boolean }>({ name: "t", fn: () => ({ ok: "yes" }) });
  });

  test("of a context are those of the input", () => {
    helve.task({
      name: "t",
      fn: async (input: { n: number }, ctx) => {
        expectTypeOf(ctx).toEqualTypeOf<Context<{ n: number }>>();
        expectTypeOf(ctx.input).toEqualTypeOf<{ n: number }>();
        return { n: input.n };
      },
    });
  });

  test("of a task with a schema follow from the schema: input before, code after", () => {
    const task = helve.task({
      name: "t",
      inputValidator: userSchema,
      fn: (input) => {
        expectTypeOf(input).toEqualTypeOf<{ name: string; age: number }>();
        return { greeting: `${input.name} ${input.age}` };
      },
    });
    expectTypeOf(() => task.run({ name: "x" })).returns.resolves.toEqualTypeOf<{ greeting: string }>();
    // @ts-expect-error the schema wants a name
    void (() => task.run({}));
  });

  test("of outputs of parents are what the parents return", () => {
    const flow = helve.workflow<{ n: number }>({ name: "flow" });
    const first = flow.task({ name: "first", fn: async (input) => ({ doubled: input.n * 2 }) });
    flow.task({
      name: "second",
      parents: [first],
      fn: async (_input, ctx) => {
        const output = await ctx.parentOutput(first);
        expectTypeOf(output).toEqualTypeOf<{ doubled: number }>();
        return {};
      },
    });
  });

  test("of tasks are what the workflow says of them", () => {
    type Output = { first: { a: number }; second: { b: string } };
    const flow = helve.workflow<{ n: number }, Output>({ name: "flow" });
    const first = flow.task({ name: "first", fn: (input) => ({ a: input.n }) });
    // @ts-expect-error the workflow says that b is a text
    flow.task({ name: "second", parents: [first], fn: () => ({ b: 1 }) });
    flow.task({ name: "extra", fn: () => ({ anything: true }) });
    expectTypeOf(() => flow.run({ n: 1 })).returns.resolves.toEqualTypeOf<Output>();
  });

  test("of a workflow with a schema follow from the schema", () => {
    const flow = helve.workflow({ name: "flow", inputValidator: userSchema });
    flow.task({
      name: "first",
      fn: (input) => {
        expectTypeOf(input).toEqualTypeOf<{ name: string; age: number }>();
        return {};
      },
    });
    void (() => flow.run({ name: "x" }));
    // @ts-expect-error the schema wants a name
    void (() => flow.run({}));
  });

  test("of children are those of the declaration", () => {
    const child = helve.task({ name: "child", fn: (input: { n: number }) => ({ square: input.n ** 2 }) });
    helve.task({
      name: "parent",
      fn: async (_input: { n: number }, ctx) => {
        expectTypeOf(await ctx.runChild(child, { n: 1 })).toEqualTypeOf<{ square: number }>();
        // @ts-expect-error n is a number
        void (() => ctx.runChild(child, { n: "1" }));
        return {};
      },
    });
  });

  test("of a task without a result are void", () => {
    const task = helve.task({ name: "t", fn: async (_input: { n: number }) => {} });
    expectTypeOf(() => task.run({ n: 1 })).returns.resolves.toEqualTypeOf<void>();
  });

  test("a schema may transform into what JSON cannot say", () => {
    const task = helve.task({
      name: "t",
      inputValidator: dateSchema,
      fn: (input) => {
        expectTypeOf(input.at).toEqualTypeOf<Date>();
        return { year: input.at.getFullYear() };
      },
    });
    expectTypeOf(() => task.run({ at: "2026-01-01" })).returns.resolves.toEqualTypeOf<{ year: number }>();
  });

  test("durations are checked where they are written", () => {
    expectTypeOf<"1h30m">().toExtend<Duration>();
    expectTypeOf<"soon">().not.toExtend<Duration>();
  });
});
