import type { Db, Statement } from "../db.ts";

/** Something in the database that must never be so. */
export interface Violation {
  rule: string;
  /** The row concerned: a task run, a workflow run or a worker. */
  id: string;
  detail: string;
}

/** How long something may be overdue before nobody can be taken to be about to act on it. */
const OVERDUE = "interval '1 minute'";

/**
 * The promises as queries over what is stored; each row that they find is a violation. They look at unfinished rows alone,
 * so they cost what the hot tables cost, and may run while work goes on.
 */
const RULES: Readonly<Record<string, string>> = {
  "every unfinished task run is acted on by its deadline": /* sql */ `
    select id, status || ' since ' || deadline_at || ' is overdue' from task_run
     where status <> 'waiting' and deadline_at < helve_now() - ${OVERDUE}`,

  "a task run is either unfinished or finished": /* sql */ `
    select t.id, t.status || ' with attempt ' || t.attempt || ', and finished as ' || h.status
      from task_run t join task_run_history h on h.tenant_id = t.tenant_id and h.id = t.id
     where t.attempt > 0`,

  "a worker has no more tasks than slots": /* sql */ `
    select used.worker_id, used.kind || ': ' || used.units || ' of ' || coalesce(w.slots ->> used.kind, '0')
      from (select t.worker_id, s.key as kind, sum(s.value::int) as units
              from task_run t join route r on r.id = t.route_id, jsonb_each_text(r.slots::jsonb) s
             where t.status = 'assigned' and not t.slot_released
             group by t.worker_id, s.key) used
      left join worker w on w.id = used.worker_id
     where used.units > coalesce((w.slots ->> used.kind)::int, 0)`,

  "a workflow run counts its unfinished tasks": /* sql */ `
    select w.id, w.remaining || ' counted, ' || found.unfinished || ' unfinished'
      from workflow_run w
     cross join lateral (
       select count(*) as unfinished from task_run t where t.id between w.id and helve_last_id_of_run(w.id)
     ) found
     where w.remaining <> found.unfinished`,

  "a workflow run has a task that moves it on": /* sql */ `
    select w.id, 'all of its tasks are waiting' from workflow_run w
     where not exists (
       select from task_run t where t.id between w.id and helve_last_id_of_run(w.id) and t.status <> 'waiting')`,

  "a task of a DAG has its run": /* sql */ `
    select t.id, t.status || ' without a workflow run' from task_run t
     where t.input is null and right(t.id::text, 4) <> '0000'
       and not exists (select from workflow_run w where w.id = (left(t.id::text, 32) || '0000')::uuid)`,
};

const FIND_VIOLATIONS: Statement = {
  name: "find_violations",
  text: Object.entries(RULES)
    .map(
      ([rule, query]) => `select '${rule}' as rule, id::text, detail from (${query} limit 100) as found (id, detail)`,
    )
    .join("\nunion all\n"),
  // It reads the hot tables whole.
  timeoutMs: 60_000,
};

/** What breaks the promises now; at most 100 rows of each kind. Empty when all is well. */
export async function findViolations(db: Db): Promise<Violation[]> {
  return db.query<Violation>(FIND_VIOLATIONS);
}
