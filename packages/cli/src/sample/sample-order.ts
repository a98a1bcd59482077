import { setTimeout as pause } from "node:timers/promises";
import type { HelveClient } from "@helve/sdk";

/** The input of the sample. */
export type Order = { item?: string };

/** The workflow's name, for triggering it. */
export const SAMPLE_WORKFLOW = "sample-order";

type Sample = ReturnType<HelveClient["workflow"]>;

/**
 * A workflow to look at: one task, three that come after it at the same time, and one that waits for all of them.
 * `charge-card` fails the first time, so that a retry can be seen.
 */
export function sampleOrder(client: HelveClient): Sample {
  const workflow = client.workflow<Order>({ name: SAMPLE_WORKFLOW, description: "The sample of helve dev" });

  const checkStock = workflow.task({
    name: "check-stock",
    fn: async ({ item = "kettle" }) => {
      await pause(300);
      return { item, shelf: "B7" };
    },
  });
  const chargeCard = workflow.task({
    name: "charge-card",
    parents: [checkStock],
    retries: 3,
    backoff: { factor: 1, maxSeconds: 1 },
    fn: async (_order, ctx) => {
      await pause(250);
      if (ctx.retryCount() === 0) throw new Error("the card reader was busy");
      return { paid: true };
    },
  });
  const pack = workflow.task({
    name: "pack",
    parents: [checkStock],
    fn: async (_order, ctx) => {
      await pause(700);
      const { shelf } = await ctx.parentOutput(checkStock);
      return { from: shelf, parcels: 1 };
    },
  });
  const printLabel = workflow.task({
    name: "print-label",
    parents: [checkStock],
    fn: async () => {
      await pause(450);
      return { label: "H-001" };
    },
  });
  workflow.task({
    name: "ship",
    parents: [chargeCard, pack, printLabel],
    fn: async (_order, ctx) => {
      await pause(300);
      const [{ item }, { label }] = await Promise.all([ctx.parentOutput(checkStock), ctx.parentOutput(printLabel)]);
      await ctx.logger.info(`${item} goes out with label ${label}`);
      return { shipped: item, label };
    },
  });
  return workflow;
}
