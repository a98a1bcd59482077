import type { Uuid } from "@helve/core";
import { plainArray } from "../array-parameters.ts";
import type { Db, Statement } from "../db.ts";

const LIST_WORKER_NAMES: Statement = {
  name: "list_worker_names",
  text: /* sql */ `
  select name from worker where tenant_id = $1 and id = any($2::uuid[])
  union
  select w.name
    from unnest($3::uuid[], $4::int[]) as a (id, attempt)
    join task_run t on t.id = a.id and t.tenant_id = $1 and (a.attempt is null or a.attempt = t.attempt)
    join worker w on w.id = t.worker_id`,
};

/**
 * The names of workers: those with these ids, and those that have these attempts in hand.
 *
 * @param attempts null: whichever is the present one
 * @returns each name once; nothing for workers that there are not and attempts that are over
 */
export async function listWorkerNames(
  db: Db,
  tenantId: Uuid,
  workerIds: readonly Uuid[],
  attempts: readonly { taskId: Uuid; attempt: number | null }[],
): Promise<string[]> {
  const rows = await db.query<{ name: string }>(LIST_WORKER_NAMES, [
    tenantId,
    plainArray(workerIds),
    plainArray(attempts.map(({ taskId }) => taskId)),
    plainArray(attempts.map(({ attempt }) => attempt)),
  ]);
  return rows.map(({ name }) => name);
}
