drop index workflow_paused;
alter table workflow
  drop column paused_at,
  drop column resumed_at,
  drop column pause_ttl_ms,
  drop column paused_cron_runs,
  drop column paused_scheduled_runs;
