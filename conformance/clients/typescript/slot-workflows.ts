import type { Context } from "@hatchet-dev/typescript-sdk/v1/client/worker/context.js";
import type { HatchetClient } from "@hatchet-dev/typescript-sdk/v1/index.js";
import type { Loose } from "../../support/loose.ts";
import { tellTask } from "./lines.ts";
import { type Declaration, held } from "./workflows.ts";

type Ctx = Context<Loose>;

/** Workflows about workers and slots, children, logs and streams. The other clients declare the same ones. */
export function slotWorkflows(hatchet: HatchetClient, name: (base: string) => string, worker: string): Declaration[] {
  /** Takes its time, another time on a second attempt; fails once when told to. */
  const hold = hatchet.task({
    name: name("hold"),
    retries: 1,
    fn: async (input: Loose, ctx: Ctx): Promise<Loose> => {
      tellTask(ctx, "start", { tag: input.tag });
      const whole = await held(ctx, ctx.retryCount() === 0 ? input.ms : (input.again ?? input.ms));
      tellTask(ctx, "end", { tag: input.tag, whole });
      if (input.failOn === ctx.retryCount()) throw new Error(`attempt ${ctx.retryCount()} fails`);
      return { by: worker, retry: ctx.retryCount(), whole };
    },
  });

  const releases = hatchet.task({
    name: name("releases"),
    fn: async (input: Loose, ctx: Ctx): Promise<Loose> => {
      tellTask(ctx, "start", { tag: input.tag });
      await ctx.releaseSlot();
      tellTask(ctx, "released", { tag: input.tag });
      await held(ctx, input.ms);
      tellTask(ctx, "end", { tag: input.tag });
      return { by: worker };
    },
  });

  const impatient = hatchet.workflow<Loose, Loose>({ name: name("impatient") });
  impatient.task({
    name: "impatient",
    scheduleTimeout: "2s",
    retries: 2,
    fn: async (_input: Loose, ctx: Ctx): Promise<Loose> => {
      tellTask(ctx, "start");
      return {};
    },
  });
  impatient.onFailure({
    fn: async (_input: Loose, ctx: Ctx): Promise<Loose> => {
      tellTask(ctx, "hook");
      return {};
    },
  });

  const relabel = hatchet.task({
    name: name("relabel"),
    fn: async (input: Loose, ctx: Ctx): Promise<Loose> => {
      await ctx.worker.upsertLabels(input.labels);
      return { labels: ctx.worker.labels(), worker: ctx.worker.id() ?? null };
    },
  });

  const child = hatchet.task({
    name: name("child"),
    fn: async (input: Loose, ctx: Ctx): Promise<Loose> => {
      tellTask(ctx, "start", { n: input.n });
      if (input.fail) throw new Error("child breaks");
      return {
        n: input.n,
        index: ctx.childIndex() ?? null,
        key: ctx.childKey() ?? null,
        parent: ctx.parentWorkflowRunId() ?? null,
        metadata: ctx.additionalMetadata(),
      };
    },
  });
  const family = hatchet.task({
    name: name("family"),
    fn: async (_input: Loose, ctx: Ctx): Promise<Loose> => {
      const one = await ctx.runChild<Loose, Loose>(child, { n: 0 });
      const many = await ctx.bulkRunChildren<Loose, Loose>(
        [1, 2, 3].map((n) => ({ workflow: child as Loose, input: { n } })),
      );
      const first = await ctx.runNoWaitChild<Loose, Loose>(child as Loose, { n: 4 }, { key: "same" });
      const second = await ctx.runNoWaitChild<Loose, Loose>(child as Loose, { n: 5 }, { key: "same" });
      const same = (await first.runId) === (await second.runId);
      const shared = await second.output;
      const caught = await ctx
        .runChild<Loose, Loose>(child, { n: 6, fail: true })
        .catch((error: unknown) => String(error));
      return { self: ctx.taskRunExternalId(), one, many, same, shared, caught };
    },
  });

  const chatter = hatchet.task({
    name: name("chatter"),
    fn: async (_input: Loose, ctx: Ctx): Promise<Loose> => {
      await ctx.logger.info("first line");
      await ctx.logger.warn("second line");
      await held(ctx, 1_000);
      for (let index = 0; index < 4; index++) {
        await ctx.putStream(`chunk ${index}`);
        await held(ctx, 50);
      }
      return { said: 4 };
    },
  });

  return [hold, releases, impatient, relabel, child, family, chatter] as Declaration[];
}
