-- Task runs that a client has asked for again, because its stream broke before the answer. The first request for one of them
-- may be written by another replica later than that, even when the run has ended, and must not store it anew.
--
-- Locks: nothing that exists.
-- Beside: engines from 0005 on, which store such a run anew.
-- Back: nobody remembers what was asked for again.
create table asked_again (
  task_id uuid primary key,
  asked_at timestamptz not null
);
