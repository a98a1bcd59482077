import { checkInvariants, countFinished } from "../lab/invariants.ts";
import { type Lab, perTask, type Stage } from "../lab/lab.ts";
import type { Bulked } from "../programs/client.ts";

/** A number of runs triggered as fast as the client can, until the last result is stored. */
export interface BulkLoad {
  name: "noop" | "echo" | "diamond" | "wide";
  count: number;
  /** @default 1 */
  tasksPerRun?: number;
  /** Runs of one trigger call; @default all in one, which the client splits as it sees fit */
  perCall?: number;
  /** Calls at a time; @default 1 */
  lanes?: number;
  /** Characters of the input; @default a small one */
  padding?: number;
}

export interface BulkMeasured {
  /** From the first trigger sent to the last result stored. */
  perSecond: number;
  /** Triggers acknowledged as stored. */
  storedPerSecond: number;
  details: Record<string, number | string>;
  check: string;
}

/** Runs a load on a stage and looks into the database afterwards. */
export async function bulk(lab: Lab, stage: Stage, load: BulkLoad): Promise<BulkMeasured> {
  const { name, count, tasksPerRun = 1, perCall = count, lanes = 1, padding = 0 } = load;
  const since = await countFinished(stage.db);
  await stage.worker.call("reset", 0);
  await lab.postgres.settle();
  const before = lab.processorTimes(stage);
  const bulked = await stage.client.call<Bulked>("bulk", { name, count, perCall, lanes, padding });
  const storedEndAt = await untilAllStored(stage);
  const after = lab.processorTimes(stage);
  const seconds = (storedEndAt - bulked.sentAt) / 1000;
  return {
    perSecond: count / seconds,
    storedPerSecond: (count / (bulked.storedAt - bulked.sentAt)) * 1000,
    details: perTask(before, after, count * tasksPerRun),
    check: await checkInvariants(stage.db, since, { runIds: bulked.ids, tasksPerRun }),
  };
}

/**
 * Waits until nothing is unfinished any more. The database is asked seldom while much is left, and often at the end, so
 * that asking takes no part in what is measured.
 *
 * @returns when that was, by the client's clock
 */
export async function untilAllStored({ db, client }: Pick<Stage, "db" | "client">): Promise<number> {
  const limit = performance.now() + LIMIT_MS;
  for (;;) {
    if (performance.now() > limit) throw new Error(`task runs are still unfinished after ${LIMIT_MS} ms`);
    const { rows } = await db.query<{ left: number }>(COUNT_SOME_LEFT);
    const left = rows[0]?.left ?? 0;
    if (left === 0) return client.call<number>("now");
    await new Promise((resolve) => setTimeout(resolve, left >= SOME ? 100 : 5));
  }
}

/** Far longer than any load takes. */
const LIMIT_MS = 300_000;
const SOME = 2000;
const COUNT_SOME_LEFT = /* sql */ `
  select count(*)::int as left from (
    select from task_run t where t.route_id not in (select id from route where action like 'unserved:%') limit ${SOME}
  ) as rest`;
