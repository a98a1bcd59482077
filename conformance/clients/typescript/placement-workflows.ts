import type { Context } from "@hatchet-dev/typescript-sdk/v1/client/worker/context.js";
import { type HatchetClient, StickyStrategy, WorkerLabelComparator } from "@hatchet-dev/typescript-sdk/v1/index.js";
import type { Loose } from "../../support/loose.ts";
import { tellTask } from "./lines.ts";
import { type Declaration, held } from "./workflows.ts";

type Ctx = Context<Loose>;

/** Workflows that choose their worker: by its labels, or because another task ran there. */
export function placementWorkflows(
  hatchet: HatchetClient,
  name: (base: string) => string,
  worker: string,
): Declaration[] {
  const here = async (_input: Loose, ctx: Ctx): Promise<Loose> => {
    tellTask(ctx, "start");
    return { by: worker, labels: ctx.worker.labels() };
  };

  const needsGpu = hatchet.task({
    name: name("needs-gpu"),
    desiredWorkerLabels: {
      gpu: { value: "h", required: true },
      memory: { value: 100, comparator: WorkerLabelComparator.GREATER_THAN, weight: 50 },
    },
    fn: here,
  });
  const prefers = hatchet.task({
    name: name("prefers"),
    desiredWorkerLabels: { gpu: { value: "none", weight: 10 }, rank: { value: 1, weight: 20 } },
    fn: here,
  });
  const lonely = hatchet.task({
    name: name("lonely"),
    scheduleTimeout: "3s",
    desiredWorkerLabels: { gpu: { value: "nobody has this", required: true } },
    fn: here,
  });

  const soft = hatchet.workflow<Loose, Loose>({ name: name("soft"), sticky: StickyStrategy.SOFT });
  soft.task({ name: "soft", fn: here });
  const hard = hatchet.workflow<Loose, Loose>({ name: name("hard"), sticky: StickyStrategy.HARD });
  hard.task({ name: "hard", fn: here });
  /** Waits for a child of each kind beside it. */
  const parent = hatchet.task({
    name: name("parent"),
    fn: async (_input: Loose, ctx: Ctx): Promise<Loose> => ({
      by: worker,
      soft: (await ctx.runChild<Loose, Loose>(soft, {}, { sticky: true })).soft.by,
      hard: (await ctx.runChild<Loose, Loose>(hard, {}, { sticky: true })).hard.by,
    }),
  });
  /** Keeps its slot while a soft child runs, leaves a hard one behind and keeps the slot for a while longer. */
  const tight = hatchet.task({
    name: name("tight"),
    fn: async (input: Loose, ctx: Ctx): Promise<Loose> => {
      const { by } = (await ctx.runChild<Loose, Loose>(soft, {}, { sticky: true })).soft;
      const left = await ctx.runNoWaitChild<Loose, Loose>(hard as Loose, {}, { sticky: true });
      const child = await left.runId;
      await held(ctx, input.ms);
      tellTask(ctx, "end");
      return { by: worker, soft: by, child };
    },
  });

  const chain = hatchet.workflow<Loose, Loose>({ name: name("chain"), sticky: StickyStrategy.SOFT });
  const first = chain.task({ name: "first", fn: here });
  const second = chain.task({ name: "second", parents: [first], fn: here });
  chain.task({ name: "third", parents: [second], fn: here });

  return [needsGpu, prefers, lonely, soft, hard, parent, tight, chain] as Declaration[];
}
