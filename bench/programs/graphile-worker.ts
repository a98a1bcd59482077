import { makeWorkerUtils, type Runner, run, runMigrations, type WorkerUtils } from "graphile-worker";
import { offer } from "../lab/offer.ts";
import { type Countdown, countdown } from "./countdown.ts";
import type { Fill, Filled, Work } from "./rival.ts";
import { now, starts } from "./starts.ts";

const TASK = "noop";
/** Jobs of one call. */
const BATCH = 1000;

let utils: WorkerUtils | undefined;
let runner: Runner | undefined;
let remaining: Countdown | undefined;
const log = starts();

/** graphile-worker, set as its page on performance sets it for the figures there. */
offer(
  {
    async fill({ url, count }: Fill): Promise<Filled> {
      utils ??= await makeWorkerUtils({ connectionString: url });
      const sentAt = now();
      for (let done = 0; done < count; done += BATCH) {
        const size = Math.min(BATCH, count - done);
        const jobs = Array.from({ length: size }, (_, i) => ({ identifier: TASK, payload: { n: done + i } }));
        await utils.addJobs(jobs);
      }
      return { sentAt, ms: now() - sentAt };
    },
    async prepare({ url }: { url: string }) {
      await runMigrations({ connectionString: url });
    },
    async work({ url, count, isForLatency }: Work) {
      remaining = countdown(count);
      const startedAt = performance.now();
      runner = await run({
        preset: {
          worker: {
            connectionString: url,
            concurrentJobs: 24,
            maxPoolSize: 25,
            // A local queue is for many jobs at once; a single one starts sooner without.
            ...(!isForLatency && { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }),
          },
        },
        noHandleSignals: true,
        taskList: {
          [TASK]: () => {
            log.note();
            remaining?.tick();
          },
        },
      });
      if (isForLatency) return 0;
      await remaining.done;
      // What it has done is written when it stops.
      await runner.stop();
      runner = undefined;
      return performance.now() - startedAt;
    },
    start: (number: number) => log.nth(number),
  },
  async () => {
    await runner?.stop();
    await utils?.release();
  },
);
