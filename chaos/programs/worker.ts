/** A worker's process of a round: runs the workload and writes down what its tasks do. Its orders are in CHAOS_WORKER. */
import type { WorkerOrders } from "../stage/worker.ts";
import { openJournal } from "./journal-writer.ts";
import { openSdk } from "./sdk.ts";
import { declareWorkload } from "./workload.ts";

const orders = JSON.parse(process.env.CHAOS_WORKER ?? "{}") as WorkerOrders;
const sdk = await openSdk(orders);
const declared = declareWorkload(sdk, orders.name, openJournal(orders.journal));
// A task that waits for runs may wait for ever in a published client whose stream of results was lost.
const workflows = orders.kind === "own" ? declared : declared.filter(({ name }) => name !== "family");
const worker = await sdk.worker(orders.name, { workflows, slots: orders.slots });
await worker.start();
