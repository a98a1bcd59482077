-- The first schema.
--
-- Locks: nothing that exists.
--
-- What a task costs decided its shape (docs/adr/0001): a task run is stored once, in one narrow hot table with one index,
-- and finished once, by moving the row to history in the same statement. Only a task that has to wait enters the two
-- partial indexes below, and handing it out is one update in place.

create type task_status as enum (
  'waiting', 'queued', 'assigned', 'backing_off', 'succeeded', 'failed', 'cancelled', 'skipped'
);

-- The one clock of every statement that decides. Test mode moves it: alter database … set helve.clock_offset = '1 hour'.
create function helve_now() returns timestamptz
  language sql stable parallel safe
  return now() + coalesce(nullif(current_setting('helve.clock_offset', true), '')::interval, interval '0');

create table tenant (
  id uuid primary key,
  name text not null,
  slug text not null constraint tenant_slug_is_taken unique,
  created_at timestamptz not null default helve_now()
);

-- Signs API tokens. Lives here so that every replica accepts what another one issued.
create table signing_key (
  id text primary key,
  private_jwk jsonb not null,
  created_at timestamptz not null default helve_now()
);

create table api_token (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  name text not null,
  created_at timestamptz not null default helve_now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);

-- One row per engine process start; the id is never used again and so is the epoch of its owner. Every write that gives
-- out or ends work locks this row for share, so that fencing a replica waits for its writes under way and stops the later
-- ones. The lease stands apart because renewing it must not wait for those locks.
create table replica (
  id bigint generated always as identity primary key,
  name text not null,
  started_at timestamptz not null default helve_now(),
  fenced_at timestamptz
);

create table replica_lease (
  replica_id bigint primary key references replica,
  expires_at timestamptz not null
) with (fillfactor = 50);

create table workflow (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  name text not null,
  created_at timestamptz not null default helve_now(),
  constraint workflow_name_is_taken unique (tenant_id, name)
);

-- A version's last 16 bits are zero: its task n is known on the wire as the version's id with n there, as in a run.
create table workflow_version (
  id uuid primary key,
  tenant_id uuid not null,
  workflow_id uuid not null references workflow,
  ordinal integer not null,
  checksum text not null,
  definition json not null,
  created_at timestamptz not null default helve_now(),
  constraint workflow_version_ordinal_is_taken unique (workflow_id, ordinal)
);

-- A line that tasks stand in: what a worker must offer to serve it, and which workers are served first.
create table route (
  id integer generated always as identity primary key,
  tenant_id uuid not null,
  action text not null,
  slots text not null,
  -- Desired labels, or the worker that its tasks stick to (core/placement.ts); empty: any worker.
  placement text not null default '',
  -- Null: a definition needs it. Else made for a run's own wishes, and deleted then unless a task still stands there.
  expires_at timestamptz
);
-- By its digest, since a list of labels may be longer than an index entry.
create unique index route_is_known on route (tenant_id, action, slots, md5(placement));
create index route_expiry on route (expires_at) where expires_at is not null;

create table worker (
  id uuid primary key,
  tenant_id uuid not null,
  name text not null,
  actions text[] not null,
  slots jsonb not null,
  labels jsonb not null default '{}',
  runtime jsonb not null default '{}',
  created_at timestamptz not null default helve_now(),
  last_heartbeat_at timestamptz,
  listening_since timestamptz,
  is_listening boolean not null default false,
  is_paused boolean not null default false,
  quarantine_reason text,
  -- Where its session lives, and how many it has had; both change together when it connects.
  replica_id bigint,
  session integer not null default 0
) with (fillfactor = 70);
create index worker_by_tenant on worker (tenant_id, id desc);
create index worker_listening on worker (tenant_id) where is_listening;

create sequence task_run_age cache 1;

-- Unfinished task runs.
create table task_run (
  id uuid primary key,
  tenant_id uuid not null,
  version_id uuid not null,
  route_id integer not null,
  status task_status not null,
  priority smallint not null,
  -- Place in the line: 1 (priority 3) to 3 (priority 1); 0 for whoever was given out before.
  rank smallint not null,
  age bigint not null default nextval('task_run_age'),
  attempt integer not null default 0,
  failures smallint not null default 0,
  requeues smallint not null default 0,
  pending_parents smallint not null default 0,
  schedule_timeout_ms bigint not null,
  execution_timeout_ms bigint not null,
  slot_released boolean not null default false,
  worker_id uuid,
  created_at timestamptz not null,
  queued_at timestamptz,
  assigned_at timestamptz,
  started_at timestamptz,
  -- queued: given up then; backing_off: back in line then; assigned: execution timeout.
  deadline_at timestamptz,
  parent_task_id uuid,
  child_index integer,
  child_key text,
  -- Of a standalone task; a task of a DAG has them on its run.
  input text,
  metadata text,
  constraint assigned_has_a_worker check ((status = 'assigned') = (worker_id is not null)),
  constraint waits_with_a_deadline check (status = 'waiting' or deadline_at is not null),
  constraint unfinished check (status in ('waiting', 'queued', 'assigned', 'backing_off'))
) with (
  -- Room for the hand-out in the same page.
  fillfactor = 80,
  -- Every row is deleted soon: vacuum early and without pauses, or the line's index fills with the dead.
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0.5, autovacuum_analyze_scale_factor = 0.5
);
create index task_run_line on task_run (route_id, rank, age) where status = 'queued';
create index task_run_deadline on task_run (deadline_at) where status in ('queued', 'backing_off');

-- Finished task runs. Partitioned by time through the id, so that a lookup reads one partition and retention drops one.
create table task_run_history (
  id uuid not null,
  tenant_id uuid not null,
  version_id uuid not null,
  -- Where it stood last: a replay goes there again, if the route is still there.
  route_id integer,
  status task_status not null,
  priority smallint not null,
  attempt integer not null,
  failures smallint not null,
  requeues smallint not null,
  worker_id uuid,
  created_at timestamptz not null,
  queued_at timestamptz,
  assigned_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz not null,
  parent_task_id uuid,
  child_index integer,
  child_key text,
  input text,
  metadata text,
  output text,
  error text,
  primary key (tenant_id, id)
) partition by range (id);
-- What people look for among millions that went well; a success does not enter it.
create index task_run_history_unsuccessful on task_run_history (tenant_id, id) where status in ('failed', 'cancelled');

-- Unfinished runs of workflows with more than one task. The row's lock orders everything that happens to the run.
create table workflow_run (
  id uuid primary key,
  tenant_id uuid not null,
  version_id uuid not null,
  priority smallint not null,
  -- Tasks that have not ended, and how many of those that have did so badly.
  remaining integer not null,
  failed integer not null default 0,
  cancelled integer not null default 0,
  created_at timestamptz not null,
  parent_task_id uuid,
  child_index integer,
  child_key text,
  input text not null,
  metadata text not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

create table workflow_run_history (
  id uuid not null,
  tenant_id uuid not null,
  version_id uuid not null,
  priority smallint not null,
  status task_status not null,
  created_at timestamptz not null,
  finished_at timestamptz not null,
  parent_task_id uuid,
  child_index integer,
  child_key text,
  input text not null,
  metadata text not null,
  primary key (tenant_id, id)
) partition by range (id);

-- Which child a task spawned under which key: asking again, also in a later attempt, gives the same run.
create table child_run (
  parent_id uuid not null,
  key text not null,
  run_id uuid not null,
  primary key (parent_id, key)
);

-- What is out of the ordinary in a task's life. The ordinary events (queued, assigned, started, finished of the latest
-- attempt) are the timestamps of its row; the list that people see joins the two on reading.
create table task_event (
  id bigint generated always as identity,
  tenant_id uuid not null,
  task_id uuid not null,
  attempt integer not null,
  at timestamptz not null default helve_now(),
  kind text not null,
  message text not null default '',
  worker_id uuid,
  primary key (task_id, id)
);

create table log_line (
  id bigint generated always as identity,
  tenant_id uuid not null,
  task_id uuid not null,
  attempt integer not null,
  at timestamptz not null default helve_now(),
  level text not null,
  message text not null,
  metadata text not null default '{}',
  primary key (task_id, id)
);

-- Weekly partitions; the engine keeps some weeks ahead. A UUIDv7 begins with its time in ms, so a week is a range of ids.
create function helve_id_at(at timestamptz) returns uuid
  language sql immutable parallel safe
  return (rpad(lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0'), 32, '0'))::uuid;

-- The highest id that a task of a run can have: they differ in the last 16 bits.
create function helve_last_id_of_run(run uuid) returns uuid
  language sql immutable parallel safe
  return (left(run::text, 32) || 'ffff')::uuid;

create procedure helve_create_partitions(through timestamptz)
  language plpgsql as $$
declare
  week timestamptz := date_trunc('week', now() at time zone 'utc') at time zone 'utc';
  parent text;
begin
  -- Replicas that do this at the same moment come one after the other.
  perform pg_advisory_xact_lock(hashtext('helve_create_partitions'));
  while week <= through loop
    foreach parent in array array['task_run_history', 'workflow_run_history'] loop
      execute format(
        'create table if not exists %I partition of %I for values from (%L) to (%L)',
        parent || to_char(week at time zone 'utc', '_YYYY_MM_DD'), parent,
        helve_id_at(week), helve_id_at(week + interval '7 days'));
    end loop;
    week := week + interval '7 days';
  end loop;
end $$;

-- Rows older than the first week, or made while nobody had created a partition, have a place too.
create table task_run_history_other partition of task_run_history default;
create table workflow_run_history_other partition of workflow_run_history default;
