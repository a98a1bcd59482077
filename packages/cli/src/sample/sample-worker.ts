import { HelveClient } from "@helve/sdk";
import { sampleOrder } from "./sample-order.ts";

/**
 * The sample worker, a process of its own as any worker would be. Its parent starts it while the engine still starts, says
 * over the channel between them where to connect once that is known, and is told when the worker is ready. When the parent
 * dies the channel closes, and the worker ends as well.
 */
export interface ConnectMessage {
  readonly token: string;
}

/** Runs of a stopping worker are given back after this; the sample's tasks are shorter. */
const GRACE_MS = 3000;

process.once("message", ({ token }: ConnectMessage) => {
  run(token).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
});
process.once("disconnect", () => process.exit(0));

async function run(token: string): Promise<void> {
  const client = HelveClient.init({ token, tls_config: { tls_strategy: "none" }, log_level: "WARN" });
  const workflows = [sampleOrder(client)];
  const worker = await client.worker("sample-worker", { workflows, slots: 10, gracePeriodMs: GRACE_MS });
  const running = worker.start();
  await worker.waitUntilReady();
  process.send?.("ready");
  await running;
}
