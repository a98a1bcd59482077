import { HatchetClient, type Worker } from "@helve/sdk";
import { offer } from "../lab/offer.ts";
import { type Declared, runIds } from "./sdk.ts";

interface StartFleet {
  token: string;
  workers: number;
  slots: number;
  /** Numbers its workers from there. */
  first: number;
}

/** What this process has seen of its tasks. */
export interface FleetSeen {
  /** Tasks whose code waits to be let go. */
  held: number;
  /** How often code began, and for how many of these the code of the same task had begun here before. */
  began: number;
  startedTwice: number;
  /** The most tasks that one worker has had at a time. */
  mostOnOne: number;
}

/** Runs of one trigger call. */
const PER_CALL = 1000;

let hold: Declared | undefined;
const workers: Worker[] = [];
const waiting: (() => void)[] = [];
const begun = new Set<string>();
let isHolding = true;
const inHand = new Map<string, number>();
let began = 0;
let startedTwice = 0;
let mostOnOne = 0;

/** A process with many workers, whose tasks wait until they are let go. */
offer(
  {
    async start({ token, workers: count, slots, first }: StartFleet) {
      const client = HatchetClient.init({ token, tls_config: { tls_strategy: "none" }, log_level: "OFF" });
      const task = client.task({
        name: "fleet-hold",
        executionTimeout: "30m",
        scheduleTimeout: "30m",
        fn: async (_input: object, context): Promise<void> => {
          const worker = context.worker.id() as string;
          began++;
          if (begun.has(context.taskRunExternalId())) startedTwice++;
          begun.add(context.taskRunExternalId());
          inHand.set(worker, (inHand.get(worker) ?? 0) + 1);
          mostOnOne = Math.max(mostOnOne, inHand.get(worker) as number);
          if (isHolding) await new Promise<void>((resolve) => waiting.push(resolve));
          inHand.set(worker, (inHand.get(worker) as number) - 1);
        },
      });
      hold = task;
      const started = [];
      for (let n = first; n < first + count; n++) {
        const worker = await client.worker(`fleet-${n}`, { workflows: [task], slots, handleKill: false });
        worker.start().catch((error) => console.error("fleet:", error));
        workers.push(worker);
        started.push(worker.waitUntilReady(60_000));
      }
      await Promise.all(started);
    },
    /** Starts so many runs, a thousand a call. @returns their ids */
    async trigger(count: number): Promise<string[]> {
      const ids: string[] = [];
      for (let left = count; left > 0; left -= PER_CALL) {
        const inputs = Array.from({ length: Math.min(left, PER_CALL) }, () => ({}));
        ids.push(...(await runIds((await hold?.runNoWait(inputs)) ?? [])));
      }
      return ids;
    },
    seen: (): FleetSeen => ({ held: waiting.length, began, startedTwice, mostOnOne }),
    /** Lets all go, and what comes later at once. */
    letGo() {
      isHolding = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
  },
  async () => {
    await Promise.race([
      Promise.allSettled(workers.map((worker) => worker.stop())),
      new Promise((resolve) => setTimeout(resolve, 3000)),
    ]);
  },
);
