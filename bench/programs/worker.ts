import { offer } from "../lab/offer.ts";
import { connect, type EngineAccess, type WorkerHandle } from "./sdk.ts";
import { now } from "./starts.ts";
import { declareWorkload } from "./workload.ts";

/** How many workers, each with so many slots. */
interface StartWorkers extends EngineAccess {
  workers: number;
  slots: number;
}

const running: WorkerHandle[] = [];
let finished = 0;
let waiting: { count: number; resolve: () => void } | undefined;
/** Start times by the number in a task's input. */
let startTimes = new Float64Array(0);
let started = 0;

const listener = {
  started(input: { n?: number }) {
    if (input.n !== undefined && input.n < startTimes.length) startTimes[input.n] = now();
    started++;
    wake();
  },
  finished() {
    finished++;
    wake();
  },
};

function wake(): void {
  if (waiting && finished + started >= waiting.count) {
    waiting.resolve();
    waiting = undefined;
  }
}

/** A process with one worker or several, running the workload. */
offer(
  {
    async start({ workers, slots, ...access }: StartWorkers) {
      for (let n = 0; n < workers; n++) {
        const sdk = await connect(access);
        const workflows = Object.values(declareWorkload(sdk, listener));
        const worker = await sdk.worker(`bench-${process.pid}-${n}`, { workflows, slots });
        worker.start().catch((error) => console.error("worker:", error));
        running.push(worker);
      }
    },
    /** Forgets what was counted, and makes room for start times of so many tasks. */
    reset(count: number) {
      finished = 0;
      started = 0;
      startTimes = new Float64Array(count);
    },
    /** Resolves when the code of so many tasks has run or begun since the last reset. */
    counted: (count: number) =>
      new Promise<void>((resolve) => {
        waiting = { count, resolve };
        wake();
      }),
    finished: () => finished,
    startTimes: () => startTimes,
    cpuMs: () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000,
  },
  async () => {
    await Promise.race([
      Promise.allSettled(running.map((worker) => worker.stop())),
      new Promise((resolve) => setTimeout(resolve, 3000)),
    ]);
  },
);
