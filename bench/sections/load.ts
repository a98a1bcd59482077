import { checkInvariants, countFinished } from "../lab/invariants.ts";
import { type Lab, perTask, type Stage } from "../lab/lab.ts";
import type { Program } from "../lab/program.ts";
import { withinLimit } from "../lab/within-limit.ts";
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
  const workers = [stage.worker, ...stage.otherWorkers];
  for (const worker of workers) await worker.call("reset", 0);
  await lab.postgres.settle();
  const before = lab.processorTimes(stage);
  const bulked = await stage.client.call<Bulked>("bulk", { name, count, perCall, lanes, padding });
  await withinLimit("the end of all tasks", counted(workers, count * tasksPerRun));
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

/** Resolves when the code of so many tasks has run in all of these processes together. */
async function counted(workers: readonly Program[], count: number): Promise<void> {
  const [first] = workers;
  if (workers.length === 1) return first?.call("counted", count);
  for (;;) {
    const finished = await Promise.all(workers.map((worker) => worker.call<number>("finished")));
    if (finished.reduce((sum, one) => sum + one, 0) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * Waits until nothing is unfinished any more. Asked only when the code of all tasks has run, since the question reads the
 * hot table and what has died in it.
 *
 * @returns when that was, by the client's clock
 */
export async function untilAllStored({ db, client }: Pick<Stage, "db" | "client">): Promise<number> {
  const limit = performance.now() + LIMIT_MS;
  for (;;) {
    const { rows } = await db.query<{ isOver: boolean }>(IS_OVER);
    if (rows[0]?.isOver) return client.call<number>("now");
    if (performance.now() > limit) throw new Error(`task runs are still unfinished after ${LIMIT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Far longer than it takes to store what has run. */
const LIMIT_MS = 60_000;
const IS_OVER = /* sql */ `
  select not exists (
    select from task_run where route_id <> all (array(select id from route where action like 'unserved:%'))
  ) as "isOver"`;
