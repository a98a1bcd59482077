/** A task run that has ended, as the database has it. */
export interface StoredTask {
  id: string;
  workflow: string;
  status: "succeeded" | "failed" | "cancelled" | "skipped";
  attempt: number;
  requeues: number;
  output: string | null;
  error: string | null;
  parentTaskId: string | null;
}

/** A run of a workflow with several tasks that has ended. */
export interface StoredRun {
  id: string;
  status: StoredTask["status"];
}

export interface Stored {
  tasks: StoredTask[];
  runs: StoredRun[];
  /** Tasks and runs that have not ended. */
  unfinished: string[];
}

type Query = <Row extends object>(text: string) => Promise<Row[]>;

/** All there is in the database about runs. */
export async function readStored(query: Query): Promise<Stored> {
  return {
    tasks: await query<StoredTask>(/* sql */ `
      select h.id, w.name as workflow, h.status, h.attempt, h.requeues, h.output, h.error,
             h.parent_task_id as "parentTaskId"
        from task_run_history h join workflow_version v on v.id = h.version_id join workflow w on w.id = v.workflow_id
       order by h.id`),
    runs: await query<StoredRun>("select id, status from workflow_run_history"),
    unfinished: (await query<{ line: string }>(UNFINISHED)).map(({ line }) => line),
  };
}

/** Lines for people about what has not ended, oldest first. */
const UNFINISHED = /* sql */ `
  select concat_ws(' ', 'task', t.id, t.status, 'attempt', t.attempt, 'of', w.name, 'worker', t.worker_id, 'deadline',
                   t.deadline_at, 'parents', t.pending_parents) as line
    from task_run t join workflow_version v on v.id = t.version_id join workflow w on w.id = v.workflow_id
  union all
  select concat_ws(' ', 'run', id, 'with', remaining, 'tasks left') from workflow_run
   order by line`;

/** How many tasks and runs have not ended. */
export async function countUnfinished(query: Query): Promise<number> {
  const [row] = await query<{ count: number }>(
    "select ((select count(*) from task_run) + (select count(*) from workflow_run))::int as count",
  );
  return row?.count ?? 0;
}

/** Tasks of a run differ from it in the last 16 bits. */
export function runIdOf(taskId: string): string {
  return `${taskId.slice(0, -4)}0000`;
}
