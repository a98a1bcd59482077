import type { Caller } from "../load/caller.ts";
import type { Cluster } from "../stage/cluster.ts";
import { now } from "../stage/now.ts";
import { until } from "../stage/until.ts";
import { type Journal, readJournals } from "./journal.ts";
import { judge } from "./judge.ts";
import { countUnfinished, readStored, type Stored } from "./stored.ts";

/** Longer than all that somebody waits for in turn (a half-open link 30 s, orphans 30 s, sweeps, tasks), on a busy machine. */
const DRAIN_LIMIT_MS = 300_000;

export interface Conclusion {
  stored: Stored;
  journals: Journal[];
  /** Until the last run had ended and everybody had been told, in ms. */
  drainMs: number;
  /** What is not as it must be, in sentences. */
  wrong: string[];
}

/** When nothing is harmed and offered any more: waits until all has ended, and judges. */
export async function conclude({ postgres, workers }: Cluster, caller: Caller): Promise<Conclusion> {
  const beganAt = now();
  const query = <Row extends object>(text: string): Promise<Row[]> => postgres.query<Row>(text);
  await caller.settled();
  await until(DRAIN_LIMIT_MS, async () => caller.untold().length === 0 && (await countUnfinished(query)) === 0, 500);
  const drainMs = now() - beganAt;
  const stored = await readStored(query);
  const journals = await readJournals(workers);
  const wrong = judge({ acknowledged: caller.acknowledged, stored, journals });
  for (const { rule, id, detail } of await postgres.violations()) wrong.push(`not so: ${rule} (${id}: ${detail})`);
  return { stored, journals, drainMs, wrong };
}
