import type { Statement } from "@helve/store";

/**
 * Statements of designs that were decided against, kept so that the measurement of docs/adr/0001 can be repeated. Nothing
 * but the bench runs them.
 */

/**
 * A wide row for each task, the line it stands in beside it with the same two indexes for who waits, and records of blocks
 * that were handed out.
 */
export const CREATE_REJECTED = /* sql */ `
  create table if not exists bench_line (
    task_id uuid primary key, route_id integer not null, age bigint not null default nextval('task_run_age'),
    deadline_at timestamptz not null default helve_now() + interval '1 day',
    worker_id uuid, attempt integer not null default 0
  ) with (fillfactor = 70);
  create index if not exists bench_line_order on bench_line (route_id, age) where worker_id is null;
  create index if not exists bench_line_deadline on bench_line (deadline_at) where worker_id is null;
  create table if not exists bench_wide (
    like task_run including defaults, output text, finished_at timestamptz, primary key (id)
  ) with (fillfactor = 80);
  create table if not exists bench_hand_out (
    id bigint generated always as identity primary key, worker_id uuid not null, task_ids uuid[] not null
  )`;

export const INSERT_LINES: Statement = {
  name: "bench_insert_lines",
  text: /* sql */ `
  with wide as (
    insert into bench_wide (
      id, tenant_id, version_id, route_id, status, priority, rank, schedule_timeout_ms, execution_timeout_ms, created_at,
      queued_at, deadline_at, input, metadata)
    select id, $3, $3, $2, 'queued', 1, 3, 86400000, 86400000, helve_now(), helve_now(), helve_now() + interval '1 day',
           '{"n":1}', metadata
      from unnest($1::uuid[], $4::text[]) as n (id, metadata)
  )
  insert into bench_line (task_id, route_id) select unnest($1::uuid[]), $2`,
};

/**
 * The one table again, as bare as the statements of the line table are: no fence, no columns that vary but the same two.
 * Two designs are compared by these and not by what the store's own statements carry besides.
 */
export const INSERT_BARE: Statement = {
  name: "bench_insert_bare",
  text: /* sql */ `
  insert into task_run (
    id, tenant_id, version_id, route_id, status, priority, rank, schedule_timeout_ms, execution_timeout_ms, created_at,
    queued_at, deadline_at, input, metadata)
  select id, $3, $3, $2, 'queued', 1, 3, 86400000, 86400000, helve_now(), helve_now(), helve_now() + interval '1 day',
         '{"n":1}', metadata
    from unnest($1::uuid[], $4::text[]) as n (id, metadata)`,
};

export const FINISH_BARE: Statement = {
  name: "bench_finish_bare",
  text: /* sql */ `
  with gone as (
    delete from task_run t using unnest($1::uuid[], $2::text[]) as r (id, output)
     where t.id = r.id returning t.*, r.output
  )
  insert into task_run_history (
    id, tenant_id, version_id, status, priority, attempt, failures, requeues, worker_id, created_at, queued_at,
    assigned_at, input, metadata, output, finished_at)
  select id, tenant_id, version_id, 'succeeded', priority, attempt, failures, requeues, worker_id, created_at, queued_at,
         assigned_at, input, metadata, output, helve_now() from gone`,
};

export const CLAIM_NAMED_LINES: Statement = {
  name: "bench_claim_lines",
  text: /* sql */ `
  update bench_line l set worker_id = $2, attempt = attempt + 1
    from unnest($1::uuid[]) as wanted (id) where l.task_id = wanted.id and coalesce(l.worker_id, l.task_id) = l.task_id
  returning l.task_id, l.attempt`,
};

export const FINISH_FROM_LINE: Statement = {
  name: "bench_finish_from_line",
  text: /* sql */ `
  with gone as (
    delete from bench_line l using unnest($1::uuid[], $2::text[]) as r (id, output)
     where l.task_id = r.id returning l.task_id, r.output
  )
  update bench_wide w set status = 'succeeded', output = gone.output, finished_at = helve_now()
    from gone where w.id = gone.task_id`,
};

export const INSERT_HAND_OUT: Statement = {
  name: "bench_insert_hand_out",
  text: "insert into bench_hand_out (worker_id, task_ids) values ($1, $2)",
};

// The guard is written so that it does not match the line's partial index: else the planner reads the whole line once for
// each id (360 µs a task).
export const CLAIM_NAMED_RUNS: Statement = {
  name: "bench_claim_named",
  text: /* sql */ `
  update task_run t
     set status = 'assigned', attempt = t.attempt + 1, worker_id = $2, assigned_at = helve_now(),
         deadline_at = helve_now() + t.execution_timeout_ms * interval '1 ms'
    from unnest($1::uuid[]) as wanted (id)
   where t.id = wanted.id and coalesce(t.status, 'waiting') = 'queued'
  returning t.id, t.attempt`,
};

/** A worker that asks for itself: one row, one transaction. */
export const CLAIM_ONE: Statement = {
  name: "bench_claim_one",
  text: /* sql */ `
  update task_run t
     set status = 'assigned', attempt = t.attempt + 1, worker_id = $2, assigned_at = helve_now()
   where t.id = (
     select id from task_run where route_id = $1 and status = 'queued'
      order by rank, age limit 1 for update skip locked)
  returning t.id, t.attempt`,
};

/** The report joined once more to what the delete returned: a nested loop over two lists that know no order. */
export const FINISH_SECOND_JOIN: Statement = {
  name: "bench_finish_second_join",
  text: /* sql */ `
  with owner as (select id from replica where id = $1 and fenced_at is null for share),
  finished as (
    delete from task_run t using owner, unnest($2::uuid[], $3::int[]) as r (id, attempt)
     where t.id = r.id and t.attempt = r.attempt and t.status = 'assigned'
    returning t.*
  )
  insert into task_run_history (
    id, tenant_id, version_id, status, priority, attempt, failures, requeues, worker_id, created_at, queued_at,
    assigned_at, input, metadata, output, finished_at)
  select f.id, tenant_id, version_id, 'succeeded', priority, attempt, failures, requeues, worker_id, created_at,
         queued_at, assigned_at, input, metadata, r.output, helve_now()
    from finished f join unnest($2::uuid[], $4::text[]) as r (id, output) on r.id = f.id
  returning id`,
};
