import { setTimeout as pause } from "node:timers/promises";
import type { JournalWriter } from "./journal-writer.ts";
import type { Declared, Loose, Sdk } from "./sdk.ts";

/** Far beyond any round: on a busy machine a task may be held up for long, and only `stuck` is to run out of time. */
const LIMITS = { scheduleTimeout: "30m", executionTimeout: "15m" } as const;
const CHILDREN = 3;

/**
 * The workflows of a round; `load/kinds.ts` says how a run of each must end.
 *
 * @param by what the worker is called, which stands in every output
 */
export function declareWorkload(sdk: Sdk, by: string, journal: JournalWriter): Declared[] {
  /** Every task tells the journal that it starts, that it was given up, and how it ends. */
  const code = (work: (input: Loose, ctx: Loose) => Promise<unknown>) => async (input: Loose, ctx: Loose) => {
    journal.note("started", ctx);
    ctx.abortController.signal.addEventListener("abort", () => journal.note("given up", ctx), { once: true });
    try {
      await work(input, ctx);
    } catch (error) {
      journal.note("threw", ctx);
      throw error;
    }
    journal.note("returned", ctx);
    return { by, attempt: ctx.retryCount() + 1 };
  };
  const wait = (ms: number, ctx: Loose): Promise<unknown> =>
    pause(ms, undefined, { signal: ctx.abortController.signal });
  const failAtFirst = code(async (input, ctx) => {
    await wait(input.ms, ctx);
    if (ctx.retryCount() === 0) throw new Error("the first attempt fails");
  });

  const quick = sdk.task({ name: "quick", retries: 2, ...LIMITS, fn: code((input, ctx) => wait(input.ms, ctx)) });
  const patient = sdk.task({ name: "patient", ...LIMITS, fn: code((input, ctx) => wait(input.ms, ctx)) });
  const flaky = sdk.task({
    name: "flaky",
    retries: 3,
    backoff: { factor: 1.5, maxSeconds: 2 },
    ...LIMITS,
    fn: failAtFirst,
  });
  const doomed = sdk.task({
    name: "doomed",
    retries: 1,
    ...LIMITS,
    fn: code(async () => {
      throw new Error("it always fails");
    }),
  });
  const stuck = sdk.task({
    name: "stuck",
    ...LIMITS,
    executionTimeout: "2s",
    fn: code((_input, ctx) => wait(600_000, ctx)),
  });
  const family = sdk.task({
    name: "family",
    retries: 2,
    ...LIMITS,
    fn: code((input) => quick.run(Array.from({ length: CHILDREN }, () => ({ ms: input.ms })))),
  });
  return [quick, patient, flaky, doomed, stuck, family, diamond(sdk, code, wait, failAtFirst)];
}

function diamond(sdk: Sdk, code: Loose, wait: Loose, failAtFirst: Loose): Declared {
  const workflow = sdk.workflow({ name: "diamond" });
  const step = code((input: Loose, ctx: Loose) => wait(input.ms, ctx));
  const a = workflow.task({ name: "a", retries: 2, ...LIMITS, fn: step });
  const b = workflow.task({ name: "b", retries: 2, ...LIMITS, parents: [a], fn: failAtFirst });
  const c = workflow.task({ name: "c", retries: 2, ...LIMITS, parents: [a], fn: step });
  workflow.task({ name: "d", retries: 2, ...LIMITS, parents: [b, c], fn: step });
  return workflow;
}
