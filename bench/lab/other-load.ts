import { setTimeout } from "node:timers/promises";
import { machineMs, processorMsOfFamily } from "./processor-time.ts";

/** What others did on the machine while something was measured: a figure without it is worth little. */
export interface OtherLoad {
  /** Part of the machine's processor time since the start that others have used, in percent. NaN where there is no /proc. */
  percent(): number;
}

/** @param postgresPid a Postgres of ours that is no child of this process */
export function watchOtherLoad(postgresPid: number): OtherLoad {
  const ownMs = () => processorMsOfFamily(process.pid) + processorMsOfFamily(postgresPid);
  const machine = machineMs();
  const own = ownMs();
  return {
    percent() {
      const { busy, all } = machineMs();
      const others = busy - machine.busy - (ownMs() - own);
      return Math.max(0, Math.round((others / (all - machine.all)) * 100));
    },
  };
}

const QUIET_PERCENT = 10;
const WINDOW_MS = 3000;

/** Waits for a moment in which the machine has little else to do. @returns whether it came */
export async function untilQuiet(limitMs: number): Promise<boolean> {
  for (const deadline = performance.now() + limitMs; performance.now() < deadline; ) {
    const before = machineMs();
    await setTimeout(WINDOW_MS);
    const after = machineMs();
    const percent = ((after.busy - before.busy) / (after.all - before.all)) * 100;
    if (!(percent > QUIET_PERCENT)) return true;
  }
  return false;
}
