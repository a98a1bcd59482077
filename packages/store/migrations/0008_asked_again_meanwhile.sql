-- A request that Postgres was already carrying out when its client asked another replica does not see what that one has
-- remembered: a statement sees what was committed before it began. This function, called at its end, sees what is there then.
--
-- Locks: nothing that exists.
-- Beside: engines from 0007 on, which store such a run anew when it has ended meanwhile.
-- Back: a run that ends while its first request is being carried out may be stored anew again.
create function count_unless_asked_again(stored uuid[]) returns integer
  -- Volatile: so that its query sees this moment, and not that of the statement around it.
  language plpgsql volatile as $$
begin
  if exists (select from asked_again) and exists (select from asked_again where task_id = any (stored)) then
    raise exception 'asked for again meanwhile' using errcode = 'serialization_failure';
  end if;
  return cardinality(stored);
end
$$;
