import { findViolations } from "@helve/store";
import type pg from "pg";

/** What must be in the database after a run. */
export interface Expected {
  /** Ids that the engine answered triggers with: every one of them must have ended, well, and once. */
  runIds: readonly string[];
  /** Tasks of each run. */
  tasksPerRun?: number;
  /** Runs that tasks have started themselves, whose ids nobody has kept. */
  children?: number;
}

export const AS_IT_MUST_BE = "as it must be";

/**
 * Looks whether all that was acknowledged has ended exactly once, nothing is left behind, and hand-outs are numbered
 * without a gap; then whether anything in the database breaks a promise.
 *
 * @param since what {@link countFinished} said before the run
 * @returns "as it must be", or what is wrong
 */
export async function checkInvariants(db: pg.Client, since: number, expected: Expected): Promise<string> {
  const { runIds, tasksPerRun = 1, children = 0 } = expected;
  const wrong: string[] = [];
  const { rows: left } = await db.query<{ tasks: number; runs: number }>(LEFT);
  if (left[0]?.tasks) wrong.push(`${left[0].tasks} task runs left`);
  if (left[0]?.runs) wrong.push(`${left[0].runs} workflow runs left`);
  const finished = (await countFinished(db)) - since;
  const wanted = runIds.length * tasksPerRun + children;
  if (finished !== wanted) wrong.push(`${finished} task runs ended, ${wanted} were acknowledged`);
  const { rows: missing } = await db.query<{ count: number }>(MISSING, [runIds]);
  if (missing[0]?.count) wrong.push(`${missing[0].count} acknowledged runs have no history`);
  const { rows: odd } = await db.query<{ twice: number; gaps: number; bad: number }>(ODD);
  if (odd[0]?.twice) wrong.push(`${odd[0].twice} ids twice`);
  if (odd[0]?.gaps) wrong.push(`${odd[0].gaps} task runs with a gap in their attempts`);
  if (odd[0]?.bad) wrong.push(`${odd[0].bad} task runs that did not succeed`);
  const asStatements = {
    query: async <Row extends object>({ text }: { text: string }, values: readonly unknown[] = []) =>
      (await db.query<Row>(text, [...values])).rows,
  };
  for (const { rule, id, detail } of (await findViolations(asStatements)).slice(0, 3)) {
    wrong.push(`not so: ${rule} (${id}: ${detail})`);
  }
  return wrong.length === 0 ? AS_IT_MUST_BE : wrong.join("; ");
}

/** Task runs in history. Rows that a section put there itself have no worker and do not count. */
export async function countFinished(db: pg.Client): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    "select count(*)::float8 as count from task_run_history where worker_id is not null",
  );
  return rows[0]?.count ?? 0;
}

/** Task runs that nobody serves have no part in a run: a section puts them there itself. */
const LEFT = /* sql */ `
  select (select count(*)::float8 from task_run t join route r on r.id = t.route_id where r.action not like 'unserved:%') as tasks,
         (select count(*)::float8 from workflow_run) as runs`;

const MISSING = /* sql */ `
  select count(*)::float8 as count from unnest($1::uuid[]) as wanted (id)
   where not exists (
     select from task_run_history h where h.id >= wanted.id and h.id <= helve_last_id_of_run(wanted.id)
        and h.tenant_id = (select id from tenant))`;

/** A hand-out is either the last one, or was paid for by a failure, or was lost, or did not reach its worker. */
const ODD = /* sql */ `
  select count(*)::float8 - count(distinct id)::float8 as twice,
         count(*) filter (where attempt <> 1 + failures + requeues and attempt <> 1 + failures + (
           select count(*) from task_event e where e.task_id = h.id and e.kind = 'reassigned'))::float8 as gaps,
         count(*) filter (where status <> 'succeeded')::float8 as bad
    from task_run_history h where worker_id is not null`;
