-- A workflow can be paused: its tasks that no worker has wait in their lines until it is resumed.
--
-- Locks: workflow for an instant; columns without a default are not written into the rows, of which there are few.
-- Beside: engines from 0004 on, which give out tasks of a paused workflow, and let them time out.
-- Back: nothing is paused any more.
alter table workflow
  add column paused_at timestamptz,
  -- Of the last pause. Schedule timeouts begin anew then.
  add column resumed_at timestamptz,
  -- How long a task waits during a pause before it is cancelled; null: as long as the pause lasts.
  add column pause_ttl_ms bigint,
  -- What becomes of the runs that crons and schedules would start meanwhile.
  add column paused_cron_runs text constraint paused_cron_runs_is_known check (paused_cron_runs in ('queue', 'drop')),
  add column paused_scheduled_runs text
    constraint paused_scheduled_runs_is_known check (paused_scheduled_runs in ('queue', 'drop'));
create index workflow_paused on workflow (tenant_id) where paused_at is not null;
