-- A workflow that was deleted stays, for the runs that it has had, under a name that frees its own.
--
-- Locks: workflow for an instant; a column without a default is not written into the rows.
-- Beside: engines from 0001 on, which see a deleted workflow by its new name.
-- Back: deleted workflows are listed again, by that name.
alter table workflow add column deleted_at timestamptz;
