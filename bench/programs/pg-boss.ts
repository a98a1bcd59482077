import { PgBoss } from "pg-boss";
import { offer } from "../lab/offer.ts";
import { type Countdown, countdown } from "./countdown.ts";
import type { Fill, Filled, Work } from "./rival.ts";
import { now, starts } from "./starts.ts";

const QUEUE = "noop";
const BATCH = 1000;

let boss: PgBoss | undefined;
let remaining: Countdown | undefined;
const log = starts();

async function connect(url: string): Promise<PgBoss> {
  if (boss) return boss;
  // Maintenance and schedules are off: nothing but the jobs is measured.
  boss = new PgBoss({ connectionString: url, supervise: false, schedule: false, useListenNotify: true });
  boss.on("error", (error) => console.error("pg-boss:", error));
  await boss.start();
  return boss;
}

/** pg-boss with the largest sensible batches and its continuous mode, so that its polling interval does not count. */
offer(
  {
    async prepare({ url }: { url: string }) {
      await (await connect(url)).createQueue(QUEUE, { notify: true });
    },
    async fill({ url, count }: Fill): Promise<Filled> {
      const to = await connect(url);
      const sentAt = now();
      for (let done = 0; done < count; done += BATCH) {
        const size = Math.min(BATCH, count - done);
        await to.insert(
          QUEUE,
          Array.from({ length: size }, (_, i) => ({ data: { n: done + i } })),
        );
      }
      return { sentAt, ms: now() - sentAt };
    },
    async work({ url, count, isForLatency }: Work) {
      const from = await connect(url);
      remaining = countdown(count);
      const startedAt = performance.now();
      await from.work(
        QUEUE,
        isForLatency
          ? { pollingIntervalSeconds: 0.5 }
          : { batchSize: 500, localConcurrency: 2, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 },
        async (jobs) => {
          log.note();
          for (const _ of jobs) remaining?.tick();
        },
      );
      if (isForLatency) return 0;
      await remaining.done;
      await from.offWork(QUEUE, { wait: true });
      return performance.now() - startedAt;
    },
    start: (number: number) => log.nth(number),
  },
  async () => boss?.stop({ graceful: false }),
);
