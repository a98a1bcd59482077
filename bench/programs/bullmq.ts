import { Queue, Worker } from "bullmq";
import { offer } from "../lab/offer.ts";
import { type Countdown, countdown } from "./countdown.ts";
import type { Fill, Filled, Work } from "./rival.ts";
import { now, starts } from "./starts.ts";

const QUEUE = "noop";
const BATCH = 1000;

let queue: Queue | undefined;
let worker: Worker | undefined;
let remaining: Countdown | undefined;
const log = starts();

function connection(url: string): { host: string; port: number; maxRetriesPerRequest: null } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null };
}

/** BullMQ. Finished jobs are removed, as graphile-worker does. */
offer(
  {
    prepare: () => {},
    async fill({ url, count }: Fill): Promise<Filled> {
      queue ??= new Queue(QUEUE, { connection: connection(url) });
      const sentAt = now();
      for (let done = 0; done < count; done += BATCH) {
        const size = Math.min(BATCH, count - done);
        const jobs = Array.from({ length: size }, (_, i) => ({
          name: "noop",
          data: { n: done + i },
          opts: { removeOnComplete: true },
        }));
        await queue.addBulk(jobs);
      }
      return { sentAt, ms: now() - sentAt };
    },
    async work({ url, count, isForLatency }: Work) {
      remaining = countdown(count);
      const startedAt = performance.now();
      worker = new Worker(
        QUEUE,
        async () => {
          log.note();
        },
        { connection: connection(url), concurrency: isForLatency ? 24 : 200 },
      );
      worker.on("error", (error) => console.error("BullMQ:", error));
      worker.on("completed", () => remaining?.tick());
      if (isForLatency) return 0;
      await remaining.done;
      const elapsed = performance.now() - startedAt;
      await worker.close();
      worker = undefined;
      return elapsed;
    },
    start: (number: number) => log.nth(number),
  },
  async () => {
    await worker?.close(true);
    await queue?.close();
  },
);
