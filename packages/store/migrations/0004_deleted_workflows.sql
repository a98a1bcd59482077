-- A workflow that was deleted stays, for the runs that it has had, under a name that frees its own.
--
-- Locks workflow for an instant: a column without a default is not written into the rows. An engine of the version before
-- sees such a workflow by its new name. Back: drop the column; deleted workflows are listed again, by that name.
alter table workflow add column deleted_at timestamptz;
