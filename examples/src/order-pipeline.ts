/**
 * A workflow as a graph: two tasks side by side, one that waits for both, retries with a pause, and a task that runs when
 * everything has failed.
 *
 *   reserve ─┐
 *            ├─► ship
 *   charge ──┘
 */
import { Helve, NonRetryableError, RunFailedError } from "@helve/sdk";

const helve = Helve.init();

type Order = { item: string; cents: number };
type Shipped = { reserve: { shelf: string }; charge: { receipt: string; attempts: number }; ship: { label: string } };

const order = helve.workflow<Order, Shipped>({ name: "order-pipeline" });

const reserve = order.task({
  name: "reserve",
  fn: async (input) => ({ shelf: `shelf of ${input.item}` }),
});

const charge = order.task({
  name: "charge",
  retries: 3,
  // Waits 1 s before the first retry, never more than 5 s.
  backoff: { factor: 1, maxSeconds: 5 },
  executionTimeout: "30s",
  fn: async (input, ctx) => {
    // What cannot succeed is not tried again.
    if (input.cents < 0) throw new NonRetryableError("a price below zero");
    // The payment service is busy at first; any other error than that one is worth another try.
    if (ctx.retryCount() === 0) throw new Error("payment service is busy");
    return { receipt: `r-${input.cents}`, attempts: ctx.retryCount() + 1 };
  },
});

order.task({
  name: "ship",
  parents: [reserve, charge],
  fn: async (_input, ctx) => {
    const { shelf } = await ctx.parentOutput(reserve);
    const { receipt } = await ctx.parentOutput(charge);
    return { label: `from ${shelf}, paid with ${receipt}` };
  },
});

order.onFailure({
  fn: async (input, ctx) => {
    console.log(`order of ${input.item} failed in: ${Object.keys(ctx.errors()).join(", ")}`);
  },
});

const worker = await helve.worker("order-worker", { workflows: [order] });
const stopped = worker.start();

const shipped = await order.run({ item: "lamp", cents: 4200 });
console.log(`shipped ${shipped.ship.label} after ${shipped.charge.attempts} attempts to charge`);

try {
  await order.run({ item: "gift", cents: -1 });
} catch (error) {
  if (error instanceof RunFailedError) console.log(`${error.status}: ${error.message}`);
}

await worker.stop();
await stopped;
