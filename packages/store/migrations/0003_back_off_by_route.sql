-- Tasks in back-off by their route: how many a tenant has is asked by autoscalers, and must cost nothing beside what others
-- have waiting.
--
-- Keeps writers of task_run waiting while it is built: the table is read once, a second for some million rows. An engine of
-- the version before runs with it as without. Back: drop the index.
create index task_run_back_off on task_run (route_id) where status = 'backing_off';
