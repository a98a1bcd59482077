-- Tasks in back-off by their route: how many a tenant has is asked by autoscalers, and must cost nothing beside what others
-- have waiting.
--
-- Locks: task_run against writers while the index is built; the table is read once, a second for some million rows.
-- Beside: engines from 0001 on, which run with it as without.
-- Back: figures for autoscalers cost more again.
create index task_run_back_off on task_run (route_id) where status = 'backing_off';
