import { setTimeout as pause } from "node:timers/promises";
import type { Context } from "@hatchet-dev/typescript-sdk/v1/client/worker/context.js";
import type { BaseWorkflowDeclaration } from "@hatchet-dev/typescript-sdk/v1/declaration.js";
import type { HatchetClient } from "@hatchet-dev/typescript-sdk/v1/index.js";
import type { Loose } from "../../support/loose.ts";
import { tellTask } from "./lines.ts";
import { NonRetryableError } from "./sdk.ts";

export type Declaration = BaseWorkflowDeclaration<Loose, Loose>;
type Ctx = Context<Loose>;

/** Waits, and tells whether it was a cancel that ended the wait. */
export async function held(ctx: Ctx, ms: number): Promise<boolean> {
  try {
    await pause(ms, undefined, { signal: ctx.abortController.signal });
    return true;
  } catch {
    tellTask(ctx, "aborted");
    return false;
  }
}

/** Workflows about one run: values, order, failures, deadlines. The other clients declare the same ones. */
export function runWorkflows(hatchet: HatchetClient, name: (base: string) => string, worker: string): Declaration[] {
  const echo = hatchet.task({
    name: name("echo"),
    fn: async (input: Loose, ctx: Ctx): Promise<Loose> => {
      tellTask(ctx, "start");
      return {
        input,
        keys: Object.keys(input ?? {}),
        metadata: ctx.additionalMetadata(),
        retry: ctx.retryCount(),
        run: ctx.workflowRunId(),
        taskRun: ctx.taskRunExternalId(),
        worker,
      };
    },
  });

  const shape = hatchet.task({
    name: name("shape"),
    fn: async (input: Loose): Promise<Loose> => outputOf(input.kind),
  });

  const diamond = hatchet.workflow<Loose, Loose>({ name: name("diamond") });
  const a = diamond.task({ name: "a", fn: async (input: Loose) => ({ va: input.n + 1 }) });
  const b = diamond.task({
    name: "b",
    parents: [a],
    fn: async (_input: Loose, ctx: Ctx) => ({ vb: (await ctx.parentOutput<Loose>(a)).va * 10 }),
  });
  const c = diamond.task({
    name: "c",
    parents: [a],
    fn: async (_input: Loose, ctx: Ctx) => ({ vc: (await ctx.parentOutput<Loose>(a)).va * 100 }),
  });
  diamond.task({
    name: "d",
    parents: [b, c],
    fn: async (_input: Loose, ctx: Ctx) => {
      const { vb } = await ctx.parentOutput<Loose>(b);
      const { vc } = await ctx.parentOutput<Loose>(c);
      const { va } = await ctx.parentOutput<Loose>("a");
      return { sum: vb + vc, grandparent: va, run: ctx.workflowRunId(), taskRun: ctx.taskRunExternalId() };
    },
  });

  /** Fails as often as it is told, then succeeds. */
  const stumble = async (input: Loose, ctx: Ctx): Promise<Loose> => {
    tellTask(ctx, "start");
    if (ctx.retryCount() < input.failures) {
      tellTask(ctx, "fail");
      throw new Error(`attempt ${ctx.retryCount()} fails`);
    }
    return { ok: ctx.retryCount() };
  };
  const flaky = hatchet.task({ name: name("flaky"), retries: 2, fn: stumble });
  const backoff = hatchet.task({
    name: name("backoff"),
    retries: 3,
    backoff: { factor: 2, maxSeconds: 3 },
    fn: stumble,
  });
  const final = hatchet.task({
    name: name("final"),
    retries: 3,
    fn: async (_input: Loose, ctx: Ctx): Promise<Loose> => {
      tellTask(ctx, "start");
      throw new NonRetryableError("give up");
    },
  });

  const slow = hatchet.task({ name: name("slow"), executionTimeout: "1s", fn: overstay });
  const slowOnce = hatchet.task({
    name: name("slowonce"),
    executionTimeout: "2s",
    retries: 1,
    fn: async (input: Loose, ctx: Ctx): Promise<Loose> => {
      if (ctx.retryCount() === 0) return overstay(input, ctx);
      tellTask(ctx, "start");
      return { ok: ctx.retryCount() };
    },
  });
  const refreshes = hatchet.task({
    name: name("refreshes"),
    executionTimeout: "1s",
    fn: async (_input: Loose, ctx: Ctx): Promise<Loose> => {
      tellTask(ctx, "start");
      await ctx.refreshTimeout("3s");
      return { done: await held(ctx, 2_000) };
    },
  });

  const hook = hatchet.workflow<Loose, Loose>({ name: name("hook") });
  const fine = hook.task({ name: "fine", fn: async () => ({ a: 1 }) });
  const bad = hook.task({
    name: "bad",
    parents: [fine],
    fn: async (input: Loose): Promise<Loose> => {
      if (input.fail) throw new Error("bad news");
      return { b: 2 };
    },
  });
  hook.task({ name: "after", parents: [bad], fn: async () => ({ c: 3 }) });
  hook.onFailure({
    fn: async (input: Loose, ctx: Ctx): Promise<Loose> => {
      tellTask(ctx, "start");
      return { input, errors: ctx.errors() };
    },
  });

  return [echo, shape, diamond, flaky, backoff, final, slow, slowOnce, refreshes, hook] as Declaration[];
}

/** Stays beyond its execution timeout; tells the cancel that ends it. */
async function overstay(_input: Loose, ctx: Ctx): Promise<Loose> {
  tellTask(ctx, "start");
  await held(ctx, 20_000);
  return { late: true };
}

function outputOf(kind: string): Loose {
  switch (kind) {
    case "array":
      return [1, 2, { a: 1 }];
    case "number":
      return 42;
    case "string":
      return "plain";
    case "null":
      return null;
    case "nothing":
      return undefined;
    case "boolean":
      return true;
    case "empty":
      return {};
    case "nul":
      return { a: "x\u0000y" };
    case "large":
      return { text: "y".repeat(1_048_576) };
    default:
      throw new Error(`no output called ${kind}`);
  }
}
