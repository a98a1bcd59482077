import { offer } from "../lab/offer.ts";
import { offeredLoad } from "./offered-load.ts";
import { connect, type EngineAccess, runIds } from "./sdk.ts";
import { now } from "./starts.ts";
import { declareWorkload, type Workload } from "./workload.ts";

type Name = keyof Workload;

let workload: Workload | undefined;

function declared(name: Name) {
  if (!workload) throw new Error("not connected");
  return workload[name];
}

/** A process that triggers and awaits. */
offer({
  async connect(access: EngineAccess) {
    workload = declareWorkload(await connect(access), { started() {}, finished() {} });
  },
  /** Starts runs in calls of `perCall`, so many calls at a time. Answers when it began, when all were stored, and their ids. */
  async bulk({ name, count, perCall, lanes, padding = 0 }: Bulk): Promise<Bulked> {
    const text = "x".repeat(padding);
    const ids: string[] = [];
    let next = 0;
    const sentAt = now();
    const lane = async (): Promise<void> => {
      while (next < count) {
        const first = next;
        next = Math.min(count, next + perCall);
        const inputs = Array.from({ length: next - first }, (_, i) => (padding ? { text } : { n: first + i }));
        ids.push(...(await runIds(await declared(name).runNoWait(inputs))));
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return { sentAt, storedAt: now(), ids };
  },
  offeredLoad: (load: { perSecond: number; count: number; lanes?: number }) =>
    offeredLoad(load, (n) => declared("stamp").runNoWait({ n })),
  /** The same in calls of `perCall` runs. */
  offeredCalls: ({ perCall, ...load }: { perSecond: number; count: number; perCall: number }) =>
    offeredLoad(load, () => declared("noop").runNoWait(new Array(perCall).fill({}))),
  /** As many calls of `perCall` runs as their results allow, so many calls at a time. @returns how many runs */
  async flood({ perCall, lanes, ms }: { perCall: number; lanes: number; ms: number }): Promise<number> {
    const endsAt = now() + ms;
    let runs = 0;
    const lane = async (): Promise<void> => {
      for (; now() < endsAt; runs += perCall) await declared("noop").run(new Array(perCall).fill({}));
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return runs;
  },
  /** Runs one after the other, each awaited. Answers what each took, in ms. */
  async oneByOne({ name, count, input = {} }: { name: Name; count: number; input?: object }): Promise<number[]> {
    const times: number[] = [];
    for (let n = 0; n < count; n++) {
      const sentAt = now();
      await declared(name).run({ ...input });
      times.push(now() - sentAt);
    }
    return times;
  },
  /** Starts one run of `stamp`, which tells its worker when it starts. */
  async one({ name, input }: { name: Name; input: object }): Promise<{ sentAt: number; ids: string[] }> {
    const sentAt = now();
    return { sentAt, ids: await runIds([await declared(name).runNoWait(input)]) };
  },
  now,
});

interface Bulk {
  name: Name;
  count: number;
  perCall: number;
  lanes: number;
  /** Characters of the input. */
  padding?: number;
}

/** Times by `now`. */
export interface Bulked {
  sentAt: number;
  storedAt: number;
  ids: string[];
}
