-- How much a task of a DAG is sent of its parents' outputs, so that claims can be bounded by it.
--
-- Locks: task_run for an instant; a column without a default is not written into the rows.
-- Beside: engines from 0006 on, which do not count the outputs of parents.
-- Back: claims are bounded by inputs alone again.
alter table task_run add column parents_bytes integer;
